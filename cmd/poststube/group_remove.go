package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) groupRemove() *cobra.Command {
	return a.command(spec{
		use:   "remove NAME",
		short: text{"remove a group", "eine Gruppe entfernen"},
		long: text{
			"Remove a group. Its members stay, the rights that they had through it end at once.",
			"Entfernt eine Gruppe. Ihre Mitglieder bleiben, die Rechte, die sie durch sie hatten, enden sofort.",
		},
		example:  "group remove sales\n",
		args:     cobra.ExactArgs(1),
		complete: first(groups),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.RemoveGroup(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(map[string]string{"group": args[0]}, text{"group %s is removed", "die Gruppe %s ist entfernt"}, args[0])
			})
		},
	})
}
