package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxUnmount() *cobra.Command {
	var change admin.MountChange
	c := a.command(spec{
		use:   "unmount -u PERSON NAME",
		short: text{"show a mounted mailbox at its own place again", "ein eingehängtes Postfach wieder an seinem Platz zeigen"},
		long: text{
			"Remove a mount. The mailbox stays, and is listed under its own name again.",
			"Hängt ein Postfach aus. Es bleibt und steht wieder unter seinem eigenen Namen.",
		},
		example: "mailbox unmount -u anna Sales\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, change.Person); err != nil {
				return err
			}
			change.Name = args[0]
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.SetMount(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"%s of %s is no longer mounted", "%s von %s ist nicht mehr eingehängt"}, change.Name, change.Person)
			})
		},
	})
	a.personFlag(c, &change.Person)
	return c
}
