package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/mail"
	"poststube/moving"
	"poststube/server"
)

// restoreOnly are the flags of restore for single mailboxes.
type restoreOnly struct {
	only, into, since, before string
	beneath                   bool
	ids                       []string
}

func (a *app) restoreOnlyFlags(c *cobra.Command, o *restoreOnly) {
	f := c.Flags()
	f.StringVar(&o.only, "only", "", a.t(text{"add only this `mailbox` to what is here, or OWNER: for all of somebody's", "nur dieses `Postfach` dem hinzufügen, was hier ist, oder mit EIGNER: alle von jemand"}))
	f.StringVar(&o.into, "into", "", a.t(text{"`mailbox` that it becomes, instead of the one it was", "`Postfach`, das daraus wird, statt dessen, das es war"}))
	f.BoolVar(&o.beneath, "beneath", false, a.t(text{"with --only: also the mailboxes beneath", "mit --only: auch die Postfächer darunter"}))
	f.StringVar(&o.since, "since", "", a.t(text{"with --only: what arrived on this `date` or later, such as 2026-11-20", "mit --only: was an diesem `Datum` oder später kam, etwa 2026-11-20"}))
	f.StringVar(&o.before, "before", "", a.t(text{"with --only: what arrived before this `date`", "mit --only: was vor diesem `Datum` kam"}))
	f.StringArrayVar(&o.ids, "message-id", nil, a.t(text{"with --only: the message with this `Message-ID`; may be repeated", "mit --only: die Nachricht mit dieser `Message-ID`; mehrmals möglich"}))
}

// options reads the flags.
func (a *app) restoreOptions(cmd *cobra.Command, o *restoreOnly) (r moving.RestoreOptions, err error) {
	from, err := a.parsePlace(cmd, o.only)
	if err != nil {
		return r, err
	}
	r.From = admin.MailboxName{Owner: from.Owner, Name: from.Path}
	r.Into.Owner, r.Beneath, r.MessageIDs = from.Owner, o.beneath, o.ids
	if o.into != "" {
		into, err := a.parsePlace(cmd, o.into)
		if err != nil {
			return r, err
		}
		r.Into = admin.MailboxName{Owner: into.Owner, Name: into.Path}
	}
	if r.Since, err = a.dateFlag(cmd, "since", o.since); err != nil {
		return r, err
	}
	r.Before, err = a.dateFlag(cmd, "before", o.before)
	return r, err
}

// dateFlag reads a day, which begins here and not in Greenwich.
func (a *app) dateFlag(cmd *cobra.Command, name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, value, time.Local)
	if err != nil {
		return day, misuse(cmd, a.t(text{"--%s: %q is no date: write it like 2026-11-20", "--%s: %q ist kein Datum: so schreiben: 2026-11-20"}), name, value)
	}
	return day, nil
}

// restoreMailboxes adds what the flags want to what is here.
func (a *app) restoreMailboxes(cmd *cobra.Command, from string, o *restoreOnly) error {
	options, err := a.restoreOptions(cmd, o)
	if err != nil {
		return err
	}
	config, err := server.Load("", a.environ)
	if err != nil {
		return err
	}
	return a.withService(cmd.Context(), false, func(s admin.Service) error {
		line := a.progress()
		defer line.end()
		aside, err := server.OpenAside(cmd.Context(), from, a.dir, &config, a.logger(slog.LevelWarn), a.sayFiles(line))
		if err != nil {
			return err
		}
		options.Progress = func(n int) { line.say(text{"%d messages are back", "%d Nachrichten sind zurück"}, n) }
		report, err := moving.Restore(cmd.Context(), aside.Admin(), s, options)
		report.Backup = aside.Backup
		err = errors.Join(err, aside.Close())
		line.end()
		if err != nil && report.Messages > 0 {
			sentence := a.t(text{"%s; %d messages are back: give the command once more to go on", "%s; %d Nachrichten sind zurück: den Befehl noch einmal geben, um fortzufahren"})
			return &mail.Error{Kind: mail.KindOf(err), Text: fmt.Sprintf(sentence, a.errorText(err), report.Messages), Err: err}
		}
		if err != nil {
			return err
		}
		return a.output(report, func(w io.Writer) { a.printRestored(w, report) })
	})
}

func (a *app) printRestored(w io.Writer, r *moving.RestoreReport) {
	for _, f := range r.Folders {
		fmt.Fprintf(w, a.t(text{"%s: %d messages are back in %s, %d were there\n", "%s: %d Nachrichten sind zurück in %s, %d waren da\n"}), f.Source, f.Messages, f.Mailbox, f.Known)
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(w, a.t(text{"left out: message %d: %s\n", "ausgelassen: Nachricht %d: %s\n"}), s.Number, a.translate(s.Reason))
	}
	fmt.Fprintf(w, a.t(text{"%d messages, %s, of %s\n", "%d Nachrichten, %s, aus %s\n"}), r.Messages, octets(r.Octets), r.Backup)
}
