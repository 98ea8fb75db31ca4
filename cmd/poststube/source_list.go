package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) sourceList() *cobra.Command {
	return a.command(spec{
		use:   "list",
		short: text{"list who came from LDAP", "auflisten, wer aus LDAP kam"},
		long: text{
			"List the people and groups that came from a source such as an LDAP server, and whether it still knows them.",
			"Listet die Personen und Gruppen auf, die aus einer Quelle wie einem LDAP-Server kamen, und ob sie dort noch bekannt sind.",
		},
		example: "source list\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				list, err := s.External(cmd.Context())
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) {
					kinds := map[string]text{"person": {"person", "Person"}, "group": {"group", "Gruppe"}}
					t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
					fmt.Fprintln(t, a.t(text{"NAME\tKIND\tSOURCE\tSTATE", "NAME\tART\tQUELLE\tSTAND"}))
					for _, x := range list {
						state := text{"known", "bekannt"}
						if x.Gone {
							state = text{"gone", "fort"}
						}
						fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", x.Name, a.t(kinds[x.Kind]), x.Source, a.t(state))
					}
					t.Flush()
				})
			})
		},
	})
}
