package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) aclWhy() *cobra.Command {
	var as string
	c := a.command(spec{
		use:   "why PERSON MAILBOX",
		short: text{"why somebody may, or may not, do what in a mailbox", "warum jemand was in einem Postfach darf oder nicht"},
		long: text{
			"Explain what a person may do in a mailbox: a sentence for each entry that means the person, directly or through groups, and what it adds or takes.",
			"Erklärt, was eine Person in einem Postfach darf: ein Satz für jeden Eintrag, der die Person meint, unmittelbar oder durch Gruppen, und was er gibt oder nimmt.",
		},
		example:  "acl why anna group:sales/Inbox/2026\n",
		args:     cobra.ExactArgs(2),
		complete: asking,
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[1], as, func(s admin.Service, at admin.Place) error {
				why, err := s.Why(cmd.Context(), admin.WhyQuestion{Place: at, Person: args[0]})
				if err != nil {
					return err
				}
				return a.output(why, func(w io.Writer) {
					for _, line := range a.whyText(why, args[1]) {
						fmt.Fprintln(w, line)
					}
				})
			})
		},
	})
	a.actingFlag(c, &as)
	return c
}
