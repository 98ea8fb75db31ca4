package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) verify() *cobra.Command {
	var options admin.CheckOptions
	c := a.command(spec{
		use:   "verify",
		short: text{"let the store check itself", "den Speicher sich selbst prüfen lassen"},
		long: text{
			`Read everything that is stored and report what does not fit together: checksums, records, counts, indexes,
messages without octets. Nothing is changed, and a running server goes on meanwhile. The exit code is 1 if something is wrong.`,
			`Liest alles, was gespeichert ist, und meldet, was nicht zusammenpasst: Prüfsummen, Einträge, Zähler, Verzeichnisse, Nachrichten
ohne Inhalt. Nichts wird geändert, ein laufender Server läuft weiter. Stimmt etwas nicht, ist der Rückgabewert 1.`,
		},
		example: "verify\nverify --bodies -f json\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			problems := []admin.Problem{}
			var checked admin.Checked
			err := a.withService(cmd.Context(), false, func(s admin.Service) (err error) {
				checked, err = s.Check(cmd.Context(), options, func(p admin.Problem) error {
					problems = append(problems, p)
					return nil
				})
				return err
			})
			if err != nil {
				return err
			}
			if err := a.output(map[string]any{"problems": problems, "checked": checked}, func(w io.Writer) { a.showProblems(w, problems, checked) }); err != nil {
				return err
			}
			if len(problems) > 0 {
				return errors.New(a.t(text{"the store is damaged", "der Speicher ist beschädigt"}))
			}
			return nil
		},
	})
	c.Flags().BoolVar(&options.Bodies, "bodies", false, a.t(text{"also read and parse every message", "auch jede Nachricht lesen und zerlegen"}))
	return c
}

func (a *app) showProblems(w io.Writer, problems []admin.Problem, n admin.Checked) {
	fmt.Fprintf(w, a.t(text{"%d people and groups, %d mailboxes, %d messages, %s\n", "%d Personen und Gruppen, %d Postfächer, %d Nachrichten, %s\n"}),
		n.Owners, n.Mailboxes, n.Messages, octets(n.Octets))
	if len(problems) == 0 {
		fmt.Fprintln(w, a.t(text{"nothing is wrong", "alles in Ordnung"}))
		return
	}
	for _, p := range problems {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", p.Owner, p.Mailbox, p.UID, p.Text)
	}
}
