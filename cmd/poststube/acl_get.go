package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) aclGet() *cobra.Command {
	var as string
	c := a.command(spec{
		use:   "get MAILBOX",
		short: text{"who may do what in a mailbox", "wer was in einem Postfach darf"},
		long: text{
			"List the entries that hold in a mailbox, those made above it too. A letter is a right of RFC 4314; acl presets shows them in words.",
			"Listet die Einträge auf, die in einem Postfach gelten, auch die von darüber. Ein Buchstabe ist ein Recht nach RFC 4314; acl presets zeigt sie in Worten.",
		},
		example:  "acl get anna:Projects\nacl get group:sales/Inbox -f json\n",
		args:     cobra.ExactArgs(1),
		complete: first(places),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[0], as, func(s admin.Service, at admin.Place) error {
				list, err := s.ACL(cmd.Context(), at)
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) { a.showACL(w, list) })
			})
		},
	})
	a.actingFlag(c, &as)
	return c
}

func (a *app) showACL(w io.Writer, list []admin.ACLEntry) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.t(text{"WHO\tRIGHTS\tPRESET\tFROM", "WER\tRECHTE\tVORLAGE\tVON"}))
	for _, e := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", e.Identifier, e.Rights, e.Preset, e.From)
	}
	t.Flush()
}
