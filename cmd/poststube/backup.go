package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) backup() *cobra.Command {
	var to admin.BackupTo
	c := a.command(spec{
		use:   "backup DIR",
		short: text{"save everything while the server runs", "alles sichern, während der Server läuft"},
		long: text{
			`Make a backup in a new directory below DIR, named after the time. What was acknowledged to anybody before is in
it. Files that have not changed since the backup before are hard links to it, so that each backup is complete and
a further one costs only what is new. The server writes it, so DIR must be writable for its user. Configuration is not in it.`,
			`Legt unter DIR in einem neuen Verzeichnis, das nach der Zeit heißt, eine Sicherung an. Was irgendwem vorher bestätigt
wurde, ist darin. Dateien, die seit der vorigen gleich geblieben sind, sind Hardlinks darauf; so ist jede Sicherung
vollständig, und eine weitere kostet nur das Neue. Der Server schreibt sie, DIR muss also für ihn beschreibbar sein. Die
Konfiguration ist nicht darin.`,
		},
		example: "backup /var/backups/poststube\nbackup /var/backups/poststube --keep 14\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) (err error) {
			if to.Keep < 0 {
				return misuse(cmd, "%s", a.t(text{"--keep cannot be negative", "--keep kann nicht negativ sein"}))
			}
			if to.Dir, err = filepath.Abs(args[0]); err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				line := a.progress()
				done, err := s.Backup(cmd.Context(), to, a.sayFiles(line))
				line.end()
				if err != nil {
					return err
				}
				return a.done(done, text{"%s: %d files, %s, of which %s are new", "%s: %d Dateien, %s, davon %s neu"},
					done.Dir, done.Files, octets(done.Octets), octets(done.Copied))
			})
		},
	})
	c.Flags().IntVar(&to.Keep, "keep", 0, a.t(text{"keep only the newest `number` of backups; 0 keeps all", "nur so `viele` Sicherungen behalten, die neuesten; 0 behält alle"}))
	return c
}

// sayFiles shows how far a backup or its restoration is.
func (a *app) sayFiles(line *progressLine) func(admin.Backup) {
	return func(b admin.Backup) {
		line.say(text{"%d files, %s of %s, %s/s, %s left", "%d Dateien, %s von %s, %s/s, noch %s"},
			b.Files, octets(b.Octets), octets(b.Total), octets(int64(line.rate(int(b.Octets)))), line.left(b.Octets, b.Total))
	}
}
