package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxList() *cobra.Command {
	var owner string
	c := a.command(spec{
		use:   "list -u NAME",
		short: text{"list mailboxes with their counts", "Postfächer mit ihren Zahlen auflisten"},
		long: text{
			"List the mailboxes of a person or a group: how many messages, how many unseen, how large.",
			"Listet die Postfächer einer Person oder Gruppe auf: wie viele Nachrichten, wie viele ungelesen, wie groß.",
		},
		example: "mailbox list -u anna\nmailbox list -u sales -f json\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			if err := a.needOwner(cmd, owner); err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				boxes, err := s.Mailboxes(cmd.Context(), owner)
				if err != nil {
					return err
				}
				return a.output(boxes, func(w io.Writer) { a.showMailboxes(w, boxes) })
			})
		},
	})
	a.ownerFlag(c, &owner)
	return c
}

func (a *app) showMailboxes(w io.Writer, boxes []admin.Mailbox) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.t(text{"NAME\tMESSAGES\tUNSEEN\tSIZE\tUSE", "NAME\tNACHRICHTEN\tUNGELESEN\tGRÖSSE\tZWECK"}))
	for _, b := range boxes {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", b.Name, b.Messages, b.Unseen, octets(b.Size), strings.Join(b.SpecialUse, " "))
	}
	t.Flush()
}
