package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) groupAdd() *cobra.Command {
	return a.command(spec{
		use:   "add NAME",
		short: text{"add a group", "eine Gruppe anlegen"},
		long: text{
			"Add a group without members. A group may own mailboxes and be given rights, as group:NAME.",
			"Legt eine Gruppe ohne Mitglieder an. Eine Gruppe kann Postfächer haben und, als group:NAME, Rechte bekommen.",
		},
		example: "group add sales\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), true, func(s admin.Service) error {
				if err := s.AddGroup(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(map[string]string{"group": args[0]}, text{"group %s is added", "die Gruppe %s ist angelegt"}, args[0])
			})
		},
	})
}
