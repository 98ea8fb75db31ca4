package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) addressAdd() *cobra.Command {
	return a.command(spec{
		use:   "add NAME ADDRESS",
		short: text{"let a person or group receive at another address", "eine Person oder Gruppe unter einer weiteren Adresse empfangen lassen"},
		long: text{
			"Add a mail address. Without a domain it counts in every domain served here. Subaddresses (name+folder@…) come with it.",
			"Fügt eine Mailadresse hinzu. Ohne Domain gilt sie in jeder, für die dieser Server da ist. Unteradressen (name+ordner@…) gehören dazu.",
		},
		example:  "address add anna anna.smith@example.org\naddress add sales info@example.org\n",
		args:     cobra.ExactArgs(2),
		complete: first(peopleAndGroups),
		run: func(cmd *cobra.Command, args []string) error {
			change := admin.AddressChange{Name: args[0], Address: args[1]}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.AddAddress(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"%s receives at %s", "%s empfängt unter %s"}, args[0], args[1])
			})
		},
	})
}

func (a *app) addressRemove() *cobra.Command {
	return a.command(spec{
		use:   "remove NAME ADDRESS",
		short: text{"take an address away", "eine Adresse wegnehmen"},
		long: text{
			"Remove an address of a person or group. Mail to it is then refused.",
			"Entfernt eine Adresse einer Person oder Gruppe. Mail dorthin wird dann abgelehnt.",
		},
		example:  "address remove sales info@example.org\n",
		args:     cobra.ExactArgs(2),
		complete: first(peopleAndGroups),
		run: func(cmd *cobra.Command, args []string) error {
			change := admin.AddressChange{Name: args[0], Address: args[1]}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.RemoveAddress(cmd.Context(), change); err != nil {
					return err
				}
				return a.done(change, text{"%s no longer receives at %s", "%s empfängt nicht mehr unter %s"}, args[0], args[1])
			})
		},
	})
}

func (a *app) addressList() *cobra.Command {
	return a.command(spec{
		use:   "list NAME",
		short: text{"the addresses of a person or group", "die Adressen einer Person oder Gruppe"},
		long: text{
			"List the addresses that were added; a person also receives under their name.",
			"Listet die hinzugefügten Adressen auf; eine Person empfängt außerdem unter ihrem Namen.",
		},
		example:  "address list sales\n",
		args:     cobra.ExactArgs(1),
		complete: first(peopleAndGroups),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				list, err := s.Addresses(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) {
					for _, address := range list {
						fmt.Fprintln(w, address)
					}
				})
			})
		},
	})
}
