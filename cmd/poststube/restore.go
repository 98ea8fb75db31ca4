package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"poststube/server"
)

func (a *app) restore() *cobra.Command {
	return a.command(spec{
		use:   "restore DIR",
		short: text{"bring a backup back into an empty data directory", "eine Sicherung in ein leeres Datenverzeichnis zurückholen"},
		long: text{
			`Bring a backup back: DIR is one of them, or the directory that holds them, of which the newest is taken. The data
directory must have no mail yet. Every file is compared with its checksum before anything gets its place. All
mailboxes get a new UIDVALIDITY, so that mail programs fetch them anew instead of mixing up what they saw after the backup.`,
			`Holt eine Sicherung zurück: DIR ist eine, oder das Verzeichnis, in dem sie liegen; dann gilt die neueste. Im
Datenverzeichnis darf noch keine Mail liegen. Jede Datei wird mit ihrer Prüfsumme verglichen, bevor etwas an seinen Platz
kommt. Alle Postfächer bekommen eine neue UIDVALIDITY, damit Mailprogramme sie neu holen, statt zu verwechseln, was sie
nach der Sicherung gesehen haben.`,
		},
		example: "restore /var/backups/poststube --data /var/lib/poststube\nrestore /var/backups/poststube/20261125T030000Z\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			config, err := server.Load("", a.environ)
			if err != nil {
				return err
			}
			line := a.progress()
			done, err := server.Restore(cmd.Context(), args[0], a.dir, &config, a.logger(slog.LevelWarn), a.sayFiles(line))
			line.end()
			if err != nil {
				return err
			}
			return a.done(done, text{"%s is restored: %d files, %s", "%s ist zurückgeholt: %d Dateien, %s"}, done.Dir, done.Files, octets(done.Octets))
		},
	})
}
