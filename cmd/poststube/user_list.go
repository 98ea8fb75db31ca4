package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) userList() *cobra.Command {
	return a.command(spec{
		use:   "list",
		short: text{"list people and their groups", "Personen und ihre Gruppen auflisten"},
		long: text{
			"List all people, a line for each, with the groups that they are in directly or through others.",
			"Listet alle Personen auf, eine je Zeile, mit den Gruppen, in denen sie unmittelbar oder über andere sind.",
		},
		example: "user list\nuser list -f json\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				users, err := s.Users(cmd.Context())
				if err != nil {
					return err
				}
				return a.output(users, func(w io.Writer) {
					for _, u := range users {
						fmt.Fprintln(w, strings.TrimRight(u.Name+"\t"+strings.Join(u.Groups, " "), "\t"))
					}
				})
			})
		},
	})
}
