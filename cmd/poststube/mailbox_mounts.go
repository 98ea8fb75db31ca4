package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxMounts() *cobra.Command {
	var person string
	c := a.command(spec{
		use:   "mounts -u PERSON",
		short: text{"list what somebody has mounted", "auflisten, was jemand eingehängt hat"},
		long: text{
			"List the names in a person's own tree that stand for mailboxes of others, and for which. Those that are gone, or may not be seen any more, have a dash.",
			"Listet die Namen im eigenen Baum einer Person auf, die für Postfächer anderer stehen, und für welche. Was es nicht mehr gibt oder nicht mehr zu sehen ist, hat einen Strich.",
		},
		example: "mailbox mounts -u anna\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			if err := a.needOwner(cmd, person); err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				mounts, err := s.Mounts(cmd.Context(), person)
				if err != nil {
					return err
				}
				return a.output(mounts, func(w io.Writer) {
					t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
					fmt.Fprintln(t, a.t(text{"NAME\tMAILBOX", "NAME\tPOSTFACH"}))
					for _, m := range mounts {
						if m.Mailbox == "" {
							m.Mailbox = "-"
						}
						fmt.Fprintf(t, "%s\t%s\n", m.Name, m.Mailbox)
					}
					t.Flush()
				})
			})
		},
	})
	a.personFlag(c, &person)
	return c
}
