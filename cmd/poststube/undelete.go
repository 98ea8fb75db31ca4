package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) undelete() *cobra.Command {
	var as string
	c := a.command(spec{
		use:   "undelete MAILBOX [UIDS]",
		short: text{"list deleted messages, or bring them back", "gelöschte Nachrichten auflisten oder zurückholen"},
		long: text{
			"Without UIDs, list the messages that were expunged from a mailbox, by whom and when. With UIDs, such as 7 or 1:3,9, bring them back; they get new UIDs and keep their flags. Messages stay available for the time that retention.deleted says.",
			"Ohne UIDs: listet die Nachrichten auf, die endgültig gelöscht wurden, von wem und wann. Mit UIDs, etwa 7 oder 1:3,9: holt sie zurück; sie bekommen neue UIDs und behalten ihre Kennzeichen. Nachrichten bleiben so lange verfügbar, wie retention.deleted sagt.",
		},
		example:  "undelete group:sales/Inbox\nundelete group:sales/Inbox 7,9:12\n",
		args:     cobra.RangeArgs(1, 2),
		complete: first(places),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[0], as, func(s admin.Service, at admin.Place) error {
				if len(args) == 1 {
					list, err := s.Expunged(cmd.Context(), at)
					if err != nil {
						return err
					}
					return a.output(list, func(w io.Writer) { a.showExpunged(w, list) })
				}
				done, err := s.Undelete(cmd.Context(), admin.Undelete{Place: at, UIDs: args[1]})
				if err != nil {
					return err
				}
				if done.To == "" {
					return a.done(done, text{"nothing was brought back: none of these is among the deleted", "nichts zurückgeholt: nichts davon ist unter den gelöschten"})
				}
				return a.done(done, text{"%s: %s is back as %s", "%s: %s ist wieder da als %s"}, args[0], done.From, done.To)
			})
		},
	})
	a.actingFlag(c, &as)
	return c
}

func (a *app) showExpunged(w io.Writer, list []admin.Expunged) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.t(text{"UID\tDELETED\tBY\tSIZE\tFROM\tSUBJECT", "UID\tGELÖSCHT\tVON\tGRÖSSE\tABSENDER\tBETREFF"}))
	for _, e := range list {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", e.UID, e.Time.Local().Format(time.DateTime), e.By, octets(e.Size), e.From, e.Subject)
	}
	t.Flush()
}
