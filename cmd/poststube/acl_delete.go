package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) aclDelete() *cobra.Command {
	var as string
	c := a.command(spec{
		use:   "delete MAILBOX WHO",
		short: text{"remove somebody's entry at a mailbox", "den Eintrag von jemandem bei einem Postfach entfernen"},
		long: text{
			"Remove somebody's entry at a mailbox. What a mailbox above says about them then holds here again. It takes effect at once, in sessions that are open too.",
			"Entfernt den Eintrag von jemandem bei einem Postfach. Was ein Postfach darüber über ihn sagt, gilt dann auch hier wieder. Es wirkt sofort, auch in offenen Sitzungen.",
		},
		example:  "acl delete anna:Projects ben\n",
		args:     cobra.ExactArgs(2),
		complete: granting,
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[0], as, func(s admin.Service, at admin.Place) error {
				change := admin.ACLChange{Place: at, Identifier: args[1]}
				if err := s.DeleteACL(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"%s: no entry for %s", "%s: kein Eintrag für %s"}, args[0], args[1])
			})
		},
	})
	a.actingFlag(c, &as)
	a.takeDashes(c)
	return c
}
