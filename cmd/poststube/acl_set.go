package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) aclSet() *cobra.Command {
	var as string
	c := a.command(spec{
		use:   "set MAILBOX WHO RIGHTS",
		short: text{"share a mailbox, or change what somebody may", "ein Postfach teilen, oder ändern, was jemand darf"},
		long: text{
			"Give somebody rights in a mailbox and in all beneath it that has no entry of its own for them. WHO is a person, group:NAME, anyone, authenticated or owner, with - before it to take rights away. RIGHTS is a preset (acl presets lists them) or letters, with + or - before them to add or remove. It takes effect at once.",
			"Gibt jemandem Rechte in einem Postfach und in allen darunter, die keinen eigenen Eintrag für ihn haben. WER ist eine Person, group:NAME, anyone, authenticated oder owner, mit - davor, um Rechte zu nehmen. RECHTE ist eine Vorlage (acl presets zeigt sie) oder Buchstaben, mit + oder - davor, um dazuzugeben oder wegzunehmen. Es wirkt sofort.",
		},
		example:  "acl set anna:Projects ben editor\nacl set group:sales/Inbox group:support reader\nacl set anna:Projects group:sales +i\nacl set anna:Projects -clara lrs\n",
		args:     cobra.ExactArgs(3),
		complete: granting,
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[0], as, func(s admin.Service, at admin.Place) error {
				change := admin.ACLChange{Place: at, Identifier: args[1], Rights: args[2]}
				e, err := s.SetACL(cmd.Context(), change)
				if err != nil {
					return err
				}
				return a.done(e, text{"%s: %s may %s", "%s: %s darf %s"}, args[0], e.Identifier, a.words(e.Rights))
			})
		},
	})
	a.actingFlag(c, &as)
	a.takeDashes(c)
	return c
}
