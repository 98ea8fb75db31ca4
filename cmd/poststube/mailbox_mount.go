package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxMount() *cobra.Command {
	var change admin.MountChange
	c := a.command(spec{
		use:   "mount -u PERSON MAILBOX NAME",
		short: text{"show a shared mailbox in somebody's own tree", "ein geteiltes Postfach im eigenen Baum zeigen"},
		long: text{
			"Show a mailbox of somebody else, or of a team, under a name in a person's own tree, for programs that look only there. It gives no rights. A mailbox that is mounted already moves.",
			"Zeigt ein Postfach von jemand anderem oder einem Team unter einem Namen im eigenen Baum einer Person, für Programme, die nur dort nachsehen. Rechte gibt das keine. Was schon eingehängt ist, zieht um.",
		},
		example: "mailbox mount -u anna group:sales/Inbox Sales\nmailbox mount -u anna group:sales Teams/Sales\n",
		args:    cobra.ExactArgs(2),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, change.Person); err != nil {
				return err
			}
			at, err := a.parsePlace(cmd, args[0])
			if err != nil {
				return err
			}
			change.Mailbox, change.Name = at, args[1]
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.SetMount(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"%s is mounted as %s for %s", "%s ist als %s eingehängt für %s"}, args[0], change.Name, change.Person)
			})
		},
	})
	a.personFlag(c, &change.Person)
	return c
}

// personFlag adds -u, which names in whose tree something is mounted.
func (a *app) personFlag(c *cobra.Command, person *string) {
	c.Flags().StringVarP(person, "user", "u", "", a.t(text{"`person` in whose tree it is mounted", "`Person`, in deren Baum es hängt"}))
}
