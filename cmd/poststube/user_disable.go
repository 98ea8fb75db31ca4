package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) userDisable() *cobra.Command {
	return a.command(spec{
		use:   "disable NAME",
		short: text{"let nobody log in as a person", "niemanden mehr als eine Person anmelden lassen"},
		long: text{
			"Take a person's password away and end the open sessions. Mail still arrives, and rights and memberships stay. user passwd lets the person in again.",
			"Nimmt einer Person das Passwort und beendet offene Sitzungen. Mail kommt weiter an, Rechte und Mitgliedschaften bleiben. Mit user passwd kann sie sich wieder anmelden.",
		},
		example:  "user disable anna\n",
		args:     cobra.ExactArgs(1),
		complete: first(people),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.SetPassword(cmd.Context(), admin.NewUser{Name: args[0]}); err != nil {
					return err
				}
				ended, err := s.Kick(cmd.Context(), admin.Kick{User: args[0]})
				if err != nil {
					return err
				}
				return a.done(map[string]any{"user": args[0], "ended": len(ended)},
					text{"nobody can log in as %s any more; sessions ended: %d", "als %s kann sich niemand mehr anmelden; beendete Sitzungen: %d"}, args[0], len(ended))
			})
		},
	})
}
