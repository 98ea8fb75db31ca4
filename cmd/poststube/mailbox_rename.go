package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxRename() *cobra.Command {
	var change admin.Rename
	c := a.command(spec{
		use:   "rename -u NAME FROM TO",
		short: text{"give a mailbox another name", "einem Postfach einen anderen Namen geben"},
		long: text{
			"Rename a mailbox with all below it. Renaming INBOX moves its messages into a new mailbox, as in IMAP.",
			"Benennt ein Postfach mit allen darunter um. Bei INBOX wandern, wie in IMAP, die Nachrichten in ein neues.",
		},
		example:  "mailbox rename -u anna Projects Work/Projects\n",
		args:     cobra.ExactArgs(2),
		complete: first(mailboxes),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, change.Owner); err != nil {
				return err
			}
			change.From, change.To = args[0], args[1]
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.RenameMailbox(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"mailbox %s of %s is now %s", "das Postfach %s von %s heißt jetzt %s"}, change.From, change.Owner, change.To)
			})
		},
	})
	a.ownerFlag(c, &change.Owner)
	return c
}
