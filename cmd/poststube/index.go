package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) indexStatus() *cobra.Command {
	var owner string
	c := a.command(spec{
		use:   "status [-u NAME]",
		short: text{"how far the search index is", "wie weit der Suchindex ist"},
		long: text{
			"Show the search index of a person or group, or of all: how many messages are in it, how many wait at most, how large it is. What waits is found too, only slower.",
			"Zeigt den Suchindex einer Person oder Gruppe, oder aller: wie viele Nachrichten darin sind, wie viele höchstens warten, wie groß er ist. Was wartet, wird auch gefunden, nur langsamer.",
		},
		example: "index status\nindex status -u anna -f json\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				list, err := s.IndexStates(cmd.Context(), owner)
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) { a.showIndex(w, list) })
			})
		},
	})
	a.ownerFlag(c, &owner)
	return c
}

func (a *app) showIndex(w io.Writer, list []admin.IndexState) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.t(text{"OWNER\tMESSAGES\tWAITING\tSIZE\tSTATE", "EIGNER\tNACHRICHTEN\tWARTEN\tGRÖSSE\tZUSTAND"}))
	for _, i := range list {
		state := a.t(text{"complete", "vollständig"})
		switch {
		case i.Damaged:
			state = a.t(text{"damaged: run index rebuild", "beschädigt: index rebuild ausführen"})
		case i.Waiting > 0:
			state = a.t(text{"behind", "im Rückstand"})
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", i.Owner, i.Emails, i.Waiting, octets(int64(i.Octets)), state)
	}
	t.Flush()
}

func (a *app) indexRebuild() *cobra.Command {
	var owner string
	c := a.command(spec{
		use:   "rebuild [-u NAME]",
		short: text{"make the search index anew", "den Suchindex neu anlegen"},
		long: text{
			"Throw the search index of a person or group, or of all, away and make it anew. Searches go on meanwhile and find everything; they read messages where the index is not ready.",
			"Verwirft den Suchindex einer Person oder Gruppe, oder aller, und legt ihn neu an. Gesucht werden kann währenddessen, und alles wird gefunden; wo der Index fehlt, werden Nachrichten gelesen.",
		},
		example: "index rebuild -u anna\nindex rebuild\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				show := a.progress()
				defer show.end()
				done, err := s.RebuildIndex(cmd.Context(), owner, func(p admin.IndexProgress) {
					show.say(text{"%d of %d indexes, %.1f/s, %s left", "%d von %d Indexen, %.1f/s, noch %s"}, p.Done, p.Of, show.rate(p.Done), show.left(int64(p.Done), int64(p.Of)))
				})
				show.end()
				if err != nil {
					return err
				}
				return a.done(done, text{"search indexes made anew: %d", "neu angelegte Suchindexe: %d"}, done.Done)
			})
		},
	})
	a.ownerFlag(c, &owner)
	return c
}

func (a *app) indexDrop() *cobra.Command {
	var owner string
	c := a.command(spec{
		use:   "drop -u NAME",
		short: text{"remove a search index", "einen Suchindex entfernen"},
		long: text{
			"Remove the search index of a person or group, for instance to get its room back at once. Searches then read messages. It is made anew with the next message that arrives, by index rebuild, or when the server starts.",
			"Entfernt den Suchindex einer Person oder Gruppe, etwa um sofort Platz zu gewinnen. Die Suche liest dann Nachrichten. Er entsteht neu mit der nächsten Nachricht, durch index rebuild, oder wenn der Server startet.",
		},
		example: "index drop -u anna\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			if err := a.needOwner(cmd, owner); err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.DropIndex(cmd.Context(), owner); err != nil {
					return err
				}
				return a.done(map[string]string{"owner": owner}, text{"the search index of %s is removed", "der Suchindex von %s ist entfernt"}, owner)
			})
		},
	})
	a.ownerFlag(c, &owner)
	return c
}
