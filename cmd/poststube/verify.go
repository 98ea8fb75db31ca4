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
	var quick, mend bool
	c := a.command(spec{
		use:   "verify",
		short: text{"let the store check itself", "den Speicher sich selbst prüfen lassen"},
		long: text{
			`Read everything that is stored and report what does not fit together: checksums of files, records and messages, counts,
indexes, the change log, people and groups, messages without octets, octets without a message. Nothing is changed, and a
running server goes on meanwhile. The exit code is 1 if something is wrong.

With --repair, and only while no server runs, mend it: what follows from other records is made anew, messages that are in no
mailbox come into one called Recovered, and what cannot be read is kept below quarantine in the data directory. The exit
code tells what is left.`,
			`Liest alles, was gespeichert ist, und meldet, was nicht zusammenpasst: Prüfsummen der Dateien, Einträge und Nachrichten,
Zähler, Verzeichnisse, Änderungsprotokoll, Personen und Gruppen, Nachrichten ohne Inhalt, Inhalt ohne Nachricht. Nichts wird
geändert, ein laufender Server läuft weiter. Stimmt etwas nicht, ist der Rückgabewert 1.

Mit --repair, und nur solange kein Server läuft, wird es behoben: was aus anderen Einträgen folgt, entsteht neu, Nachrichten
ohne Postfach kommen in eines namens Recovered, und was nicht lesbar ist, bleibt unter quarantine im Datenverzeichnis
liegen. Der Rückgabewert sagt, was übrig ist.`,
		},
		example: "verify\nverify --quick\nverify -f json\nverify --repair\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			options.Bodies = !quick
			if mend {
				return a.repair(cmd.Context(), options)
			}
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
	c.Flags().BoolVar(&quick, "quick", false, a.t(text{"do not read the messages themselves", "die Nachrichten selbst nicht lesen"}))
	c.Flags().BoolVar(&mend, "repair", false, a.t(text{"mend what is wrong; no server may run", "beheben, was nicht stimmt; es darf kein Server laufen"}))
	// Scripts of before there was --quick ask for what is done anyway.
	c.Flags().Bool("bodies", true, "")
	c.Flags().Lookup("bodies").Hidden = true
	return c
}

func (a *app) showProblems(w io.Writer, problems []admin.Problem, n admin.Checked) {
	fmt.Fprintf(w, a.t(text{"%d people and groups, %d mailboxes, %d messages, %s\n", "%d Personen und Gruppen, %d Postfächer, %d Nachrichten, %s\n"}),
		n.Owners, n.Mailboxes, n.Messages, octets(n.Octets))
	if n.Unused > 0 {
		fmt.Fprintf(w, a.t(text{"%d files belong to no message, as a crash leaves them; --repair sets them aside\n", "%d Dateien gehören zu keiner Nachricht, wie nach einem Absturz; --repair legt sie beiseite\n"}), n.Unused)
	}
	if len(problems) == 0 {
		fmt.Fprintln(w, a.t(text{"nothing is wrong", "alles in Ordnung"}))
		return
	}
	for _, p := range problems {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", p.Owner, p.Mailbox, p.UID, p.Text)
	}
}
