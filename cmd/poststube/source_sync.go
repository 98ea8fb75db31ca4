package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/directory"
)

func (a *app) sourceSync() *cobra.Command {
	return a.command(spec{
		use:   "sync",
		short: text{"read people and groups from LDAP now", "Personen und Gruppen jetzt aus LDAP lesen"},
		long: text{
			"Read now who there is in the LDAP server of the configuration, as the server does by itself every few minutes. New people are added, people whom it no longer knows cannot log in, and their sessions end; their mail stays.",
			"Liest jetzt, wen es im LDAP-Server der Konfiguration gibt, wie es der Server sonst alle paar Minuten tut. Neue Personen kommen hinzu; wen er nicht mehr kennt, der kann sich nicht mehr anmelden, und offene Sitzungen enden; die Mail bleibt.",
		},
		example: "source sync\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), true, func(s admin.Service) error {
				done, err := s.SyncSource(cmd.Context())
				if err != nil {
					return err
				}
				return a.output(done, func(w io.Writer) { a.showSynced(w, &done) })
			})
		},
	})
}

func (a *app) showSynced(w io.Writer, s *directory.Synced) {
	say := func(t text, args ...any) { fmt.Fprintf(w, a.t(t)+"\n", args...) }
	say(text{"%d people, %d groups", "%d Personen, %d Gruppen"}, s.People, s.Groups)
	for _, line := range []struct {
		text  text
		names []string
	}{
		{text{"new", "neu"}, s.Added},
		{text{"renamed", "umbenannt"}, s.Renamed},
		{text{"gone", "fort"}, s.Gone},
		{text{"back", "zurück"}, s.Back},
	} {
		if len(line.names) > 0 {
			fmt.Fprintf(w, "%s: %s\n", a.t(line.text), strings.Join(line.names, ", "))
		}
	}
	if s.Joined+s.Left > 0 {
		say(text{"memberships: %d more, %d less", "Mitgliedschaften: %d mehr, %d weniger"}, s.Joined, s.Left)
	}
	for _, p := range s.Problems {
		say(text{"not taken over: %s", "nicht übernommen: %s"}, p)
	}
}
