package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/acl"
)

func (a *app) aclPresets() *cobra.Command {
	return a.command(spec{
		use:   "presets",
		short: text{"sets of rights with names, and what they allow", "Vorlagen für Rechte, und was sie erlauben"},
		long: text{
			"List the presets that acl set and team add take, with their letters (RFC 4314) and the permission level of Exchange that allows the same.",
			"Listet die Vorlagen auf, die acl set und team add nehmen, mit ihren Buchstaben (RFC 4314) und der Berechtigungsstufe von Exchange, die dasselbe erlaubt.",
		},
		example: "acl presets\n",
		args:    cobra.NoArgs,
		run: func(*cobra.Command, []string) error {
			type preset struct {
				Name     string `json:"name"`
				Rights   string `json:"rights"`
				Exchange string `json:"exchange,omitempty"`
				Words    string `json:"words"`
			}
			var list []preset
			for _, p := range acl.Presets() {
				list = append(list, preset{p.Name, p.Rights.Letters(), p.Exchange, a.words(p.Rights.Letters())})
			}
			return a.output(list, func(w io.Writer) {
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				fmt.Fprintln(t, a.t(text{"PRESET\tRIGHTS\tEXCHANGE\tMAY", "VORLAGE\tRECHTE\tEXCHANGE\tDARF"}))
				for _, p := range list {
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.Name, p.Rights, p.Exchange, p.Words)
				}
				t.Flush()
			})
		},
	})
}
