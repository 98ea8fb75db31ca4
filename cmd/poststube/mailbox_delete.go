package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxDelete() *cobra.Command {
	var box admin.MailboxName
	c := a.command(spec{
		use:   "delete -u NAME MAILBOX",
		short: text{"delete a mailbox with its messages", "ein Postfach mit seinen Nachrichten löschen"},
		long: text{
			"Delete a mailbox and all messages in it. Mailboxes below it stay.",
			"Löscht ein Postfach und alle Nachrichten darin. Postfächer darunter bleiben.",
		},
		example:  "mailbox delete -u anna Projects/2026\n",
		args:     cobra.ExactArgs(1),
		complete: first(mailboxes),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, box.Owner); err != nil {
				return err
			}
			box.Name = args[0]
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.DeleteMailbox(cmd.Context(), box); err != nil {
					return err
				}
				return a.done(box, text{"mailbox %s of %s is deleted", "das Postfach %s von %s ist gelöscht"}, box.Name, box.Owner)
			})
		},
	})
	a.ownerFlag(c, &box.Owner)
	return c
}
