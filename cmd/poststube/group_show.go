package main

import (
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) groupShow() *cobra.Command {
	return a.command(spec{
		use:   "show NAME",
		short: text{"all about one group", "alles über eine Gruppe"},
		long: text{
			"Show a group: its members, all people who are in it directly or through other groups, addresses, mailboxes, and how much of the quota is used.",
			"Zeigt eine Gruppe: ihre Mitglieder, alle Personen, die unmittelbar oder über andere Gruppen darin sind, Adressen, Postfächer, und wie viel von der Grenze belegt ist.",
		},
		example:  "group show sales\ngroup show sales -f json\n",
		args:     cobra.ExactArgs(1),
		complete: first(groups),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				g, err := s.Group(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				p, err := profileOf(cmd.Context(), s, g.Name)
				if err != nil {
					return err
				}
				p.Members, p.People = g.Members, g.People
				return a.output(p, func(w io.Writer) {
					t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
					a.row(t, text{"name", "Name"}, g.Name)
					a.row(t, text{"members", "Mitglieder"}, strings.Join(g.Members, " "))
					a.row(t, text{"people", "Personen"}, strings.Join(g.People, " "))
					a.showProfile(t, p)
					t.Flush()
				})
			})
		},
	})
}
