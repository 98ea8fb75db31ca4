package main

import (
	"context"

	"github.com/spf13/cobra"

	"poststube/moving"
)

func (a *app) importMaildir() *cobra.Command {
	var o importOptions
	c := a.command(spec{
		use:   "maildir -u NAME [-m MAILBOX] DIRECTORY",
		short: text{"import a Maildir with all its folders", "ein Maildir mit allen Ordnern übernehmen"},
		long: text{
			`Take over a Maildir, a Maildir++ or nested directories, as Dovecot, Courier and mail programs write them: all
folders with messages, flags, keywords, dates, subscriptions and rights, and with their UIDs where the mailbox is
new, so that mail programs need not download again. Nothing is changed in the directory.
An import that was interrupted is simply started again: what is there is not taken twice. What could not be taken
over is listed, with the reason. With --from, many people are imported: one line "name directory" for each.`,
			`Übernimmt ein Maildir, ein Maildir++ oder verschachtelte Verzeichnisse, wie Dovecot, Courier und Mailprogramme
sie schreiben: alle Ordner mit Nachrichten, Flags, Schlagwörtern, Datum, Abonnements und Rechten, und mit ihren UIDs,
wo das Postfach neu ist, damit Mailprogramme nicht neu laden. Im Verzeichnis wird nichts geändert.
Ein unterbrochener Import wird einfach noch einmal gestartet: was da ist, wird nicht zweimal übernommen. Was nicht
ging, wird mit dem Grund aufgezählt. Mit --from kommen viele Personen: eine Zeile "name verzeichnis" für jede.`,
		},
		example: `import maildir -u anna /home/anna/Maildir
import maildir -u anna -m Old /home/anna/Maildir
import maildir --from list.txt --jobs 4
`,
		args: cobra.MaximumNArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			accounts, err := a.importAccounts(cmd, &o, args, 1)
			if err != nil {
				return err
			}
			return a.importAll(cmd, &o, accounts, func(_ context.Context, acc account) (moving.Source, error) {
				return moving.OpenMaildir(acc.fields[0])
			})
		},
	})
	a.importFlags(c, &o, "user")
	c.Flags().StringVar(&o.from, "from", "", a.t(text{"`file` with a line \"name directory\" for each person", "`Datei` mit einer Zeile \"name verzeichnis\" je Person"}))
	return c
}
