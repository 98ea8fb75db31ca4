package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/moving"
)

func (a *app) exportMaildir() *cobra.Command {
	var owner string
	c := a.command(spec{
		use:   "maildir -u NAME DIRECTORY",
		short: text{"export all mailboxes of somebody as Maildir++", "alle Postfächer von jemand als Maildir++ herausgeben"},
		long: text{
			`Write all mailboxes of a person or a group into a new or empty directory, as Maildir++ with the files of Dovecot:
messages with dates, flags, keywords and UIDs, subscriptions and rights. A Dovecot can serve it as it is, and
import maildir reads it back.`,
			`Schreibt alle Postfächer einer Person oder Gruppe in ein neues oder leeres Verzeichnis, als Maildir++ mit den
Dateien von Dovecot: Nachrichten mit Datum, Flags, Schlagwörtern und UIDs, Abonnements und Rechte. Ein Dovecot kann
es so, wie es ist, ausliefern, und import maildir liest es wieder.`,
		},
		example: "export maildir -u anna /backup/anna\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, owner); err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				show := a.progress()
				defer show.end()
				report, err := moving.ExportMaildir(cmd.Context(), s, owner, args[0], func(done, total int) {
					show.say(text{"%d of %d messages, %.0f/s, %s left", "%d von %d Nachrichten, %.0f/s, noch %s"},
						done, total, show.rate(done), show.left(int64(done), int64(total)))
				})
				show.end()
				if err != nil {
					return err
				}
				return a.output(report, func(w io.Writer) {
					fmt.Fprintf(w, a.t(text{"%d messages of %s, in %d folders, in %s\n", "%d Nachrichten von %s, in %d Ordnern, in %s\n"}), report.Messages, owner, report.Folders, args[0])
					for _, p := range report.Problems {
						fmt.Fprintf(w, a.t(text{"not as it was: %s: %s\n", "nicht, wie es war: %s: %s\n"}), p.Folder, p.Text)
					}
				})
			})
		},
	})
	a.ownerFlag(c, &owner)
	return c
}
