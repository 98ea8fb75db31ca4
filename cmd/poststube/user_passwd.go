package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) userPasswd() *cobra.Command {
	var fromStdin bool
	c := a.command(spec{
		use:   "passwd NAME",
		short: text{"give a person another password", "einer Person ein anderes Passwort geben"},
		long: text{
			"Set a person's password. It is asked for, or read from standard input.",
			"Setzt das Passwort einer Person. Es wird erfragt, oder von der Standardeingabe gelesen.",
		},
		example:  "user passwd anna\n",
		args:     cobra.ExactArgs(1),
		complete: first(people),
		run: func(cmd *cobra.Command, args []string) error {
			password, err := a.readPassword(cmd, fromStdin)
			if err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.SetPassword(cmd.Context(), admin.NewUser{Name: args[0], Password: password}); err != nil {
					return err
				}
				return a.done(map[string]string{"user": args[0]}, text{"%s has a new password", "%s hat ein neues Passwort"}, args[0])
			})
		},
	})
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, a.t(text{"read the password from standard input", "das Passwort von der Standardeingabe lesen"}))
	return c
}
