package imap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/mail"
)

// BenchmarkRights measures what rights cost: commands of anna's in a mailbox that
// nobody else may see, beside the same commands in one with 50 entries, by anna
// and by a member of one of its groups through another group, who has his own
// \Seen. They take turns, so that what else the machine does hits all alike. "x"
// is the tenth percentile against that of the unshared mailbox.
func BenchmarkRights(b *testing.B) {
	const messages = 20_000
	srv := newBenchServer(b, messages)
	w := &idlers{b: b, srv: srv}
	ctx := b.Context()
	anna := w.as("anna")
	box, err := anna.Open(ctx, inbox)
	w.must(err)
	state, err := box.State(ctx, false)
	w.must(err)
	for _, name := range []string{"Team", "Same"} {
		_, err := anna.Create(ctx, name, nil)
		w.must(err)
		_, err = box.Copy(ctx, state.UIDs, name)
		w.must(err)
	}
	w.must(anna.SetPolicy(ctx, "Same", "none"))
	inner, names := w.team(1)
	team, err := srv.directory.AddGroup(ctx, "staff")
	w.must(err)
	group, err := srv.directory.ByName(ctx, inner.Name)
	w.must(err)
	w.must(srv.directory.AddMembers(ctx, team.ID, group.ID))
	who := acl.Identifier{Kind: acl.Group, Name: team.Name}
	grant := func(who acl.Identifier, r acl.Rights) {
		for _, name := range []string{"Team", "Same"} {
			w.must(anna.SetACL(ctx, name, who, acl.Modification{Rights: r}))
		}
	}
	grant(who, acl.Full)
	for i := range 49 {
		p, err := srv.directory.AddPerson(ctx, fmt.Sprintf("other%d", i), "secret")
		w.must(err)
		grant(acl.Identifier{Kind: acl.User, Name: p.Name}, acl.Lookup|acl.Read)
	}
	// Everybody has seen what anna has seen.
	member := w.as(names[0])
	shared, err := member.Open(ctx, "Users/anna/Team")
	w.must(err)
	seen, err := box.Search(ctx, state.UIDs, &mail.Query{Op: mail.QFlag, Flag: mail.Seen}, false)
	w.must(err)
	_, err = shared.SetFlags(ctx, seen.UIDs, mail.FlagChange{Op: mail.AddFlags, Flags: mail.Flags{System: mail.Seen}})
	w.must(err)

	places := []struct {
		who  directory.Principal
		name string
		do   func(string) int
	}{{anna.Principal(), inbox, nil}, {anna.Principal(), "Team", nil}, {member.Principal(), "Users/anna/Team", nil}, {member.Principal(), "Users/anna/Same", nil}}
	for i := range places {
		places[i].do = newLoopbackOf(b, srv, places[i].who.Name)
		places[i].do("SELECT " + places[i].name)
	}
	for _, c := range []struct {
		command string
		times   int
	}{
		{"MYRIGHTS %s", 100}, {"STATUS %s (MESSAGES UNSEEN)", 100}, {"SELECT %s", 20}, {"FETCH 7 (FLAGS)", 100}, {"FETCH 1:* (UID FLAGS)", 1},
		{"FETCH 1:1000 (UID FLAGS ENVELOPE BODYSTRUCTURE)", 1}, {"FETCH 1:500 BODY.PEEK[]", 1},
	} {
		b.Run(strings.ReplaceAll(strings.ReplaceAll(c.command, " %s", ""), " ", "_"), func(b *testing.B) {
			var took [4][]time.Duration
			for b.Loop() {
				for i, p := range places {
					command := c.command
					if strings.Contains(command, "%s") {
						command = fmt.Sprintf(command, p.name)
					}
					began := time.Now()
					for range c.times {
						p.do(command)
					}
					took[i] = append(took[i], time.Since(began))
				}
			}
			var quick [4]float64
			for i := range took {
				slices.Sort(took[i])
				quick[i] = float64(took[i][len(took[i])/10])
			}
			b.ReportMetric(quick[0]/float64(c.times)/1000, "us-unshared")
			b.ReportMetric(quick[1]/quick[0], "x-owner")
			b.ReportMetric(quick[2]/quick[0], "x-member")
			b.ReportMetric(quick[3]/quick[0], "x-rights")
		})
	}
}
