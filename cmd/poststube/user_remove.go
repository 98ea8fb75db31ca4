package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) userRemove() *cobra.Command {
	return a.command(spec{
		use:   "remove NAME",
		short: text{"remove a person", "eine Person entfernen"},
		long: text{
			"Remove a person, from all groups too. The name may be given to somebody else, who never sees the mail of the first.",
			"Entfernt eine Person, auch aus allen Gruppen. Der Name darf neu vergeben werden; die alte Mail sieht der Neue nie.",
		},
		example:  "user remove anna\n",
		args:     cobra.ExactArgs(1),
		complete: first(people),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.RemoveUser(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(map[string]string{"user": args[0]}, text{"%s is removed", "%s ist entfernt"}, args[0])
			})
		},
	})
}
