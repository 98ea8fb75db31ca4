package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) kick() *cobra.Command {
	var which admin.Kick
	c := a.command(spec{
		use:   "kick [USER]",
		short: text{"end sessions of the running server", "Sitzungen des laufenden Servers beenden"},
		long: text{
			"End the sessions of a user, of an address or network, or one session that who shows; what is given together must all fit. Clients finish the command they are at and are told goodbye. They may come back: change the password to keep somebody out.",
			"Beendet die Sitzungen einer Person, einer Adresse oder eines Netzes, oder eine Sitzung, die who zeigt; was zusammen angegeben ist, muss alles passen. Clients beenden den laufenden Befehl und werden verabschiedet. Sie dürfen wiederkommen: Wer draußen bleiben soll, braucht ein neues Passwort.",
		},
		example:  "kick anna\nkick --address 192.0.2.0/24\nkick --session imap:17\n",
		args:     cobra.MaximumNArgs(1),
		complete: first(people),
		run: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				which.User = args[0]
			}
			if which == (admin.Kick{}) {
				return misuse(cmd, "%s", a.t(text{"kick whom? name a user, --address or --session", "wen? Person, --address oder --session nennen"}))
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				list, err := s.Kick(cmd.Context(), which)
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) {
					fmt.Fprintf(w, a.t(text{"%d sessions ended\n", "%d Sitzungen beendet\n"}), len(list))
				})
			})
		},
	})
	c.Flags().StringVar(&which.Address, "address", "", a.t(text{"sessions from this `address` or network", "Sitzungen von dieser `Adresse` oder aus diesem Netz"}))
	c.Flags().StringVar(&which.Session, "session", "", a.t(text{"this `session`, as who shows it", "diese `Sitzung`, wie who sie zeigt"}))
	return c
}
