package main

import (
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) groupMemberRemove() *cobra.Command {
	return a.command(spec{
		use:   "remove GROUP NAME…",
		short: text{"take people or groups out of a group", "Personen oder Gruppen aus einer Gruppe nehmen"},
		long: text{
			"Take people, or other groups, out of a group. It takes effect at once, in sessions that are open too.",
			"Nimmt Personen, oder andere Gruppen, aus einer Gruppe. Es wirkt sofort, auch in offenen Sitzungen.",
		},
		example:  "group member remove sales ben\n",
		args:     cobra.MinimumNArgs(2),
		complete: members,
		run: func(cmd *cobra.Command, args []string) error {
			change := admin.Membership{Group: args[0], Names: args[1:]}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.RemoveMembers(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"no longer in %s: %s", "nicht mehr in %s: %s"}, change.Group, strings.Join(change.Names, " "))
			})
		},
	})
}
