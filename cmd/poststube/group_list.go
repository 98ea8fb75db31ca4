package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) groupList() *cobra.Command {
	return a.command(spec{
		use:   "list",
		short: text{"list groups and their members", "Gruppen und ihre Mitglieder auflisten"},
		long: text{
			"List all groups, a line for each, with their direct members; members that are groups as group:NAME.",
			"Listet alle Gruppen auf, eine je Zeile, mit ihren unmittelbaren Mitgliedern; Gruppen darunter als group:NAME.",
		},
		example: "group list\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				groups, err := s.Groups(cmd.Context())
				if err != nil {
					return err
				}
				return a.output(groups, func(w io.Writer) {
					for _, g := range groups {
						fmt.Fprintln(w, strings.TrimRight(g.Name+"\t"+strings.Join(g.Members, " "), "\t"))
					}
				})
			})
		},
	})
}
