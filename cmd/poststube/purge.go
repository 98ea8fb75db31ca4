package main

import (
	"time"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) purge() *cobra.Command {
	var what admin.Purge
	var older time.Duration
	c := a.command(spec{
		use:   "purge [NAME | MAILBOX [UIDS]]",
		short: text{"remove deleted messages for good", "gelöschte Nachrichten endgültig entfernen"},
		long: text{
			`Remove what was deleted, so that undelete can no longer bring it back, and give its room back: all that
has passed its time, of everybody, of a person or group, or of one mailbox. The running server does this every day
by itself, after the time that retention.deleted says. --older-than takes another time; 0s is all that is deleted
now. With UIDs, as undelete lists them, just these messages go, whenever they were deleted.`,
			`Entfernt, was gelöscht wurde, so dass undelete es nicht mehr zurückholen kann, und gibt den Platz frei: alles,
dessen Zeit um ist, von allen, von einer Person oder Gruppe, oder aus einem Postfach. Der laufende Server tut das
jeden Tag von selbst, nach der Zeit, die retention.deleted nennt. --older-than nimmt eine andere Zeit; 0s ist alles,
was jetzt gelöscht ist. Mit UIDs, wie undelete sie auflistet, gehen nur diese, wann auch immer sie gelöscht wurden.`,
		},
		example: `purge --dry-run
purge anna --older-than 168h
purge group:sales/Inbox 7,9:12
`,
		args:     cobra.RangeArgs(0, 2),
		complete: first(both(peopleAndGroups, places)),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.purgeArgs(cmd, args, &what); err != nil {
				return err
			}
			if cmd.Flags().Changed("older-than") {
				if older < 0 {
					return misuse(cmd, "%s", a.t(text{"--older-than cannot be negative", "--older-than kann nicht negativ sein"}))
				}
				what.OlderThan = &older
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				done, err := s.Purge(cmd.Context(), what)
				if err != nil {
					return err
				}
				say := text{"removed for good: %d messages, %d deleted mailboxes; %s are free again", "endgültig entfernt: %d Nachrichten, %d gelöschte Postfächer; %s sind wieder frei"}
				if what.Preview {
					say = text{"would be removed for good: %d messages, %d deleted mailboxes; %s would be free again", "endgültig entfernt würden: %d Nachrichten, %d gelöschte Postfächer; %s würden wieder frei"}
				}
				return a.done(done, say, done.Messages, done.Mailboxes, octets(done.Octets))
			})
		},
	})
	c.Flags().BoolVarP(&what.Preview, "dry-run", "n", false, a.t(text{"only say how much would go", "nur sagen, wie viel ginge"}))
	c.Flags().DurationVar(&older, "older-than", 0, a.t(text{"what was deleted longer ago than this `time`, such as 168h, instead of the configured one", "was vor längerer `Zeit` gelöscht wurde, etwa 168h, statt der eingestellten"}))
	return c
}

// purgeArgs reads whose mail goes, and which.
func (a *app) purgeArgs(cmd *cobra.Command, args []string, what *admin.Purge) error {
	if len(args) == 0 {
		return nil
	}
	if at, err := a.parsePlace(cmd, args[0]); err == nil {
		what.Owner, what.Mailbox = at.Owner, at.Path
	} else {
		what.Owner = args[0]
	}
	if len(args) == 2 {
		if what.UIDs = args[1]; what.Mailbox == "" {
			return misuse(cmd, "%s", a.t(text{"UIDs need a mailbox, such as anna:INBOX", "UIDs brauchen ein Postfach, etwa anna:INBOX"}))
		}
	}
	return nil
}
