package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxCreate() *cobra.Command {
	var box admin.MailboxName
	c := a.command(spec{
		use:   "create -u NAME MAILBOX",
		short: text{"make a mailbox", "ein Postfach anlegen"},
		long: text{
			"Make a mailbox of a person or a group. Levels are separated by /; missing ones above are made.",
			"Legt ein Postfach einer Person oder Gruppe an. Ebenen trennt ein /; fehlende darüber entstehen mit.",
		},
		example: "mailbox create -u anna Projects/2026\nmailbox create -u anna --use '\\Archive' Old\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, box.Owner); err != nil {
				return err
			}
			box.Name = args[0]
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.CreateMailbox(cmd.Context(), box); err != nil {
					return err
				}
				return a.done(box, text{"mailbox %s of %s is made", "das Postfach %s von %s ist angelegt"}, box.Name, box.Owner)
			})
		},
	})
	a.ownerFlag(c, &box.Owner)
	c.Flags().StringArrayVar(&box.SpecialUse, "use", nil, a.t(text{"special `use` (RFC 6154), such as \\Sent", "`Zweck` (RFC 6154), etwa \\Sent"}))
	return c
}
