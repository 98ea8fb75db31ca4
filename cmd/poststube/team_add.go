package main

import (
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) teamAdd() *cobra.Command {
	t := admin.Team{}
	c := a.command(spec{
		use:   "add NAME",
		short: text{"make a team: members, address and shared mailboxes in one step", "ein Team anlegen: Mitglieder, Adresse und gemeinsame Postfächer in einem Schritt"},
		long: text{
			"Make a group that receives mail at its addresses in a shared Inbox, which its members see under Shared/NAME at once, with the rights of a preset in it and in every mailbox made beneath later.",
			"Legt eine Gruppe an, die unter ihren Adressen Mail in einer gemeinsamen Inbox empfängt. Ihre Mitglieder sehen sie sofort unter Shared/NAME, mit den Rechten einer Vorlage darin und in allen Postfächern, die später dazukommen.",
		},
		example: "team add sales --address sales@example.org --members anna,ben --preset editor\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			t.Name = args[0]
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				made, err := s.AddTeam(cmd.Context(), t)
				if err != nil {
					return err
				}
				return a.done(made, text{
					"team %s is made; its mailboxes are under Shared/%s, its members: %s",
					"das Team %s ist angelegt; seine Postfächer sind unter Shared/%s, seine Mitglieder: %s",
				}, made.Name, made.Name, strings.Join(made.Members, " "))
			})
		},
	})
	f := c.Flags()
	f.StringSliceVar(&t.Addresses, "address", nil, a.t(text{"mail `address` of the team; may be repeated", "Mail`adresse` des Teams; auch mehrfach"}))
	f.StringSliceVar(&t.Members, "members", nil, a.t(text{"`names` of people and groups, with commas", "`Namen` von Personen und Gruppen, mit Kommas"}))
	f.StringVar(&t.Preset, "preset", "editor", a.t(text{"what members may: a `preset` of acl presets", "was Mitglieder dürfen: eine `Vorlage` aus acl presets"}))
	return c
}
