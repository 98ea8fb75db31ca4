package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"poststube/server"
)

func (a *app) restore() *cobra.Command {
	var only restoreOnly
	c := a.command(spec{
		use:   "restore DIR [--only MAILBOX]",
		short: text{"bring a backup back, or single mailboxes of it", "eine Sicherung zurückholen, oder einzelne Postfächer daraus"},
		long: text{
			`Bring a backup back: DIR is one of them, or the directory that holds them, of which the newest is taken. The data
directory must have no mail yet. Every file is compared with its checksum before anything gets its place. All
mailboxes get a new UIDVALIDITY, so that mail programs fetch them anew instead of mixing up what they saw after the backup.
With --only, one mailbox, or all of somebody with OWNER:, is added to what is here, while the server runs: messages with
flags, keywords and dates. What is here stays as it is, and a message that is in the mailbox already is not doubled. The
backup is copied into the data directory for that time, so there must be room for it.`,
			`Holt eine Sicherung zurück: DIR ist eine, oder das Verzeichnis, in dem sie liegen; dann gilt die neueste. Im
Datenverzeichnis darf noch keine Mail liegen. Jede Datei wird mit ihrer Prüfsumme verglichen, bevor etwas an seinen Platz
kommt. Alle Postfächer bekommen eine neue UIDVALIDITY, damit Mailprogramme sie neu holen, statt zu verwechseln, was sie
nach der Sicherung gesehen haben.
Mit --only kommt ein Postfach, oder mit EIGNER: alles von jemand, zu dem hinzu, was hier ist, während der Server läuft:
Nachrichten mit Flags, Schlagwörtern und Datum. Was hier ist, bleibt, wie es ist, und was schon im Postfach liegt, kommt
nicht zweimal. Die Sicherung wird so lange ins Datenverzeichnis kopiert, also muss dort Platz für sie sein.`,
		},
		example: "restore /var/backups/poststube --data /var/lib/poststube\nrestore /var/backups/poststube/20261125T030000Z\n" +
			"restore /var/backups/poststube --only anna:Archive --beneath --into anna:Restored\n" +
			"restore /var/backups/poststube --only group:sales/Inbox --since 2026-11-20\n",
		args: cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("only") {
				return a.restoreMailboxes(cmd, args[0], &only)
			}
			for _, name := range []string{"into", "beneath", "since", "before", "message-id"} {
				if cmd.Flags().Changed(name) {
					return misuse(cmd, a.t(text{"--%s needs --only", "--%s braucht --only"}), name)
				}
			}
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
	a.restoreOnlyFlags(c, &only)
	return c
}
