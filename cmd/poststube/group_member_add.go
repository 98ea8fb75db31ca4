package main

import (
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) groupMemberAdd() *cobra.Command {
	return a.command(spec{
		use:   "add GROUP NAME…",
		short: text{"take people or groups into a group", "Personen oder Gruppen in eine Gruppe aufnehmen"},
		long: text{
			"Take people, or other groups, into a group. It takes effect at once, in sessions that are open too.",
			"Nimmt Personen, oder andere Gruppen, in eine Gruppe auf. Es wirkt sofort, auch in offenen Sitzungen.",
		},
		example:  "group member add sales anna ben\n",
		args:     cobra.MinimumNArgs(2),
		complete: members,
		run: func(cmd *cobra.Command, args []string) error {
			change := admin.Membership{Group: args[0], Names: args[1:]}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.AddMembers(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"now in %s: %s", "jetzt in %s: %s"}, change.Group, strings.Join(change.Names, " "))
			})
		},
	})
}
