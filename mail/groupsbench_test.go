package mail

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"poststube/acl"
	"poststube/directory"
)

// people adds so many people to the directory.
func (w *world) people(n int) []directory.ID {
	list := make([]directory.NewPerson, n)
	for i := range list {
		list[i] = directory.NewPerson{Name: fmt.Sprintf("member%d", i), Password: "x"}
	}
	added, err := w.dir.AddPeople(w.ctx, list, nil)
	w.must(err)
	ids := make([]directory.ID, n)
	for i := range added {
		ids[i] = added[i].ID
	}
	return ids
}

// group adds a group with members.
func (w *world) group(name string, members ...directory.ID) directory.Principal {
	g, err := w.dir.AddGroup(w.ctx, name)
	w.must(err)
	w.must(w.dir.AddMembers(w.ctx, g.ID, members...))
	return g
}

// beside measures two things in turns, so that what else the machine does hits
// both alike, and reports the tenth percentiles: of the second, and what it is
// against the first.
func beside(b *testing.B, small, large func()) {
	var took [2][]time.Duration
	for b.Loop() {
		for i, f := range []func(){small, large} {
			began := time.Now()
			f()
			took[i] = append(took[i], time.Since(began))
		}
	}
	var at [2]float64
	for i := range took {
		slices.Sort(took[i])
		at[i] = float64(took[i][len(took[i])/10])
	}
	b.ReportMetric(at[1]/1e6, "ms")
	b.ReportMetric(at[1]/at[0], "x")
}

// BenchmarkGroups measures what grows with groups, and should not.
func BenchmarkGroups(b *testing.B) {
	b.Run("grant_to_10000_members", benchmarkMembers)
	b.Run("member_of_200_groups", benchmarkManyGroups)
	b.Run("nested_10_deep", benchmarkNested)
	b.Run("10000_folders", benchmarkFolders)
	b.Run("leave_with_10000_grants", benchmarkLeave)
}

// benchmarkMembers grants to a group of 10,000, beside a group of one.
func benchmarkMembers(b *testing.B) {
	w := newDiskWorld(b)
	ids := w.people(10_000)
	w.group("one", ids[0])
	w.group("all", ids...)
	u := w.as("anna")
	set := func(group string) func() {
		id := acl.Identifier{Kind: acl.Group, Name: group}
		on := false
		return func() {
			on = !on
			r := acl.None
			if on {
				r = acl.Lookup | acl.Read
			}
			w.must(u.SetACL(w.ctx, "Archive", id, acl.Modification{Rights: r}))
		}
	}
	beside(b, set("one"), set("all"))
}

// visits opens a mailbox of anna's that is shared with group, as somebody does,
// and looks what he may do in it.
func (w *world) visits(name, user, group string) func() {
	_, err := w.as("anna").Create(w.ctx, name, nil)
	w.must(err)
	w.grant("anna", name, "group:"+group, "lr")
	u := w.as(user)
	return func() {
		for range 50 {
			box, err := u.Open(w.ctx, "Users/anna/"+name)
			w.must(err)
			_, err = box.State(w.ctx, false)
			w.must(err)
			_, err = u.Lookup(w.ctx, "Users/anna/"+name)
			w.must(err)
		}
	}
}

// benchmarkManyGroups lets a member of 200 groups use a mailbox, beside one who is
// in a single group.
func benchmarkManyGroups(b *testing.B) {
	w := newDiskWorld(b)
	ids := w.people(2)
	w.group("single", ids[0])
	for i := range 199 {
		w.group(fmt.Sprintf("g%03d", i), ids[1])
	}
	w.group("last", ids[1])
	beside(b, w.visits("A", "member0", "single"), w.visits("B", "member1", "last"))
}

// benchmarkNested lets somebody use a mailbox by the tenth of groups in groups,
// beside one who is in the group itself.
func benchmarkNested(b *testing.B) {
	w := newDiskWorld(b)
	ids := w.people(2)
	w.group("flat", ids[0])
	inner := w.group("level1", ids[1])
	for i := range 9 {
		inner = w.group(fmt.Sprintf("level%d", i+2), inner.ID)
	}
	beside(b, w.visits("A", "member0", "flat"), w.visits("B", "member1", inner.Name))
}

// folders makes so many mailboxes beneath a group that owns them.
func (w *world) folders(group string, n int) {
	w.config.MaxMailboxes = 20_000
	u := w.As(w.person(group), Origin{Protocol: "test"})
	for i := range n {
		_, err := u.Create(w.ctx, fmt.Sprintf("F/%05d", i), nil)
		w.must(err)
	}
}

// benchmarkFolders grants on one of 10,000 shared mailboxes and opens it as a
// member, beside a group that owns ten.
func benchmarkFolders(b *testing.B) {
	w := newDiskWorld(b)
	ids := w.people(2)
	w.group("few", ids[0])
	w.group("many", ids[1])
	w.folders("few", 10)
	w.folders("many", 10_000)
	use := func(group, member string) func() {
		u, m := w.As(w.person(group), Origin{Protocol: "test"}), w.as(member)
		on := false
		return func() {
			on = !on
			r := acl.Lookup | acl.Read
			if on {
				r |= acl.Seen
			}
			w.must(u.SetACL(w.ctx, "F/00005", acl.Identifier{Kind: acl.User, Name: member}, acl.Modification{Rights: r}))
			_, err := m.Open(w.ctx, "Shared/"+group+"/F/00005")
			w.must(err)
		}
	}
	beside(b, use("few", "member0"), use("many", "member1"))
}

// benchmarkLeave takes somebody out of a group that 10,000 mailboxes are granted
// to, until he sees none of them, beside a group that one is granted to.
func benchmarkLeave(b *testing.B) {
	w := newDiskWorld(b)
	ids := w.people(2)
	few, many := w.group("few", ids[0]), w.group("many", ids[1])
	owners := w.group("owners")
	w.folders("owners", 10_000)
	u := w.As(owners, Origin{Protocol: "test"})
	for i := range 10_000 {
		w.must(u.SetACL(w.ctx, fmt.Sprintf("F/%05d", i), acl.Identifier{Kind: acl.Group, Name: many.Name}, acl.Modification{Rights: acl.Lookup}))
	}
	w.must(u.SetACL(w.ctx, "F/00005", acl.Identifier{Kind: acl.Group, Name: few.Name}, acl.Modification{Rights: acl.Lookup}))
	leave := func(group, member directory.ID, user string) func() {
		m := w.as(user)
		return func() {
			w.must(w.dir.RemoveMembers(w.ctx, group, member))
			list, err := m.Mailboxes(w.ctx)
			w.must(err)
			if last := list[len(list)-1]; last.Namespace != Personal {
				b.Fatalf("%s still sees %s", user, last.Name)
			}
			w.must(w.dir.AddMembers(w.ctx, group, member))
		}
	}
	beside(b, leave(few.ID, ids[0], "member0"), leave(many.ID, ids[1], "member1"))
}
