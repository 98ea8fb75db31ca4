package directory

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"poststube/notify/localbus"
	"poststube/storetest"
)

func TestMembers(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	anna, ben := addPerson(t, d, "anna", ""), addPerson(t, d, "ben", "")
	sales := addGroup(t, d, "sales", ben.ID, anna.ID, anna.ID)
	all := addGroup(t, d, "all", sales.ID)

	if m, err := d.Members(ctx, sales.ID); err != nil || !slices.Equal(m, []Principal{anna, ben}) {
		t.Errorf("members of sales: %v, %v", m, err)
	}
	if m, err := d.Members(ctx, all.ID); err != nil || !slices.Equal(m, []Principal{sales}) {
		t.Errorf("members of all: %v, %v", m, err)
	}
	groupsOf := func(id ID, expected ...ID) {
		t.Helper()
		if got, err := d.GroupsOf(ctx, id); err != nil || !slices.Equal(got, expected) {
			t.Errorf("GroupsOf(%d) = %v, %v; want %v", id, got, err, expected)
		}
	}
	groupsOf(anna.ID, sales.ID, all.ID)
	groupsOf(sales.ID, all.ID)
	groupsOf(all.ID)
	groupsOf(4711)

	ok(t, d.RemoveMembers(ctx, sales.ID, anna.ID, all.ID, 4711)) // the last two are none
	groupsOf(anna.ID)
	groupsOf(ben.ID, sales.ID, all.ID)
	ok(t, d.RemoveGroup(ctx, sales.ID))
	groupsOf(ben.ID)
	if m, err := d.Members(ctx, all.ID); err != nil || len(m) != 0 {
		t.Errorf("members of all: %v, %v", m, err)
	}

	_, err := d.Members(ctx, sales.ID)
	want(t, err, ErrNotFound)
	_, err = d.Members(ctx, anna.ID)
	want(t, err, ErrKind)
	want(t, d.AddMembers(ctx, anna.ID, ben.ID), ErrKind)
	want(t, d.AddMembers(ctx, sales.ID, ben.ID), ErrNotFound)
	want(t, d.RemoveMembers(ctx, anna.ID, ben.ID), ErrKind)
	want(t, d.RemoveGroup(ctx, anna.ID), ErrKind)
	want(t, d.SetPassword(ctx, all.ID, "x"), ErrKind)
	want(t, d.AddMembers(ctx, all.ID, ben.ID, 4711), ErrNotFound)
	groupsOf(ben.ID) // all or none
}

func TestCycles(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	a, b, c := addGroup(t, d, "a"), addGroup(t, d, "b"), addGroup(t, d, "c")
	want(t, d.AddMembers(ctx, a.ID, a.ID), ErrCycle)
	ok(t, d.AddMembers(ctx, a.ID, b.ID))
	ok(t, d.AddMembers(ctx, b.ID, c.ID))
	want(t, d.AddMembers(ctx, c.ID, a.ID), ErrCycle)
	want(t, d.AddMembers(ctx, b.ID, a.ID), ErrCycle)
	ok(t, d.AddMembers(ctx, a.ID, c.ID)) // two ways up are no cycle
	ok(t, d.RemoveMembers(ctx, a.ID, b.ID, c.ID))
	ok(t, d.AddMembers(ctx, c.ID, a.ID))
}

// TestClosure compares the directory with a naive model under random histories.
func TestClosure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, err := Open(t.Context(), newMapDB(), cheap())
		if err != nil {
			t.Fatal(err)
		}
		m := &model{members: map[ID]map[ID]bool{}}
		m.run(t, d)
	})
}

// A model holds direct members only and recomputes the rest.
type model struct {
	people  []ID
	groups  []ID
	members map[ID]map[ID]bool
}

// contains tells whether g holds id over any number of steps.
func (m *model) contains(g, id ID) bool {
	for member := range m.members[g] {
		if member == id || m.contains(member, id) {
			return true
		}
	}
	return false
}

func (m *model) run(t *rapid.T, d *Directory) {
	ctx, n := t.Context(), 0
	fresh := func() string { n++; return fmt.Sprintf("x%d", n) }
	anyone := func() ID {
		return rapid.SampledFrom(slices.Concat(m.people, m.groups)).Draw(t, "id")
	}
	group := func() ID {
		if len(m.groups) == 0 {
			t.Skip("no group yet")
		}
		return rapid.SampledFrom(m.groups).Draw(t, "group")
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"person": func(t *rapid.T) {
			p, err := d.AddPerson(ctx, fresh(), "")
			check(err)
			m.people = append(m.people, p.ID)
		},
		"group": func(t *rapid.T) {
			g, err := d.AddGroup(ctx, fresh())
			check(err)
			m.groups, m.members[g.ID] = append(m.groups, g.ID), map[ID]bool{}
		},
		"join": func(t *rapid.T) {
			g, id := group(), anyone()
			err := d.AddMembers(ctx, g, id)
			if g == id || m.contains(id, g) {
				if !errors.Is(err, ErrCycle) {
					t.Fatalf("joining %d into %d: %v, want a cycle", id, g, err)
				}
				return
			}
			check(err)
			m.members[g][id] = true
		},
		"leave": func(t *rapid.T) {
			g, id := group(), anyone()
			check(d.RemoveMembers(ctx, g, id))
			delete(m.members[g], id)
		},
		"remove": func(t *rapid.T) {
			g := group()
			id := rapid.SampledFrom(slices.Concat(m.people, []ID{g})).Draw(t, "gone")
			check(d.Remove(ctx, id))
			gone := func(x ID) bool { return x == id }
			m.people, m.groups = slices.DeleteFunc(m.people, gone), slices.DeleteFunc(m.groups, gone)
			delete(m.members, id)
			for _, members := range m.members {
				delete(members, id)
			}
		},
		"": func(t *rapid.T) {
			for _, id := range slices.Concat(m.people, m.groups) {
				var expected []ID
				for _, g := range m.groups {
					if m.contains(g, id) {
						expected = append(expected, g)
					}
				}
				slices.Sort(expected)
				got, err := d.GroupsOf(ctx, id)
				check(err)
				if !slices.Equal(got, expected) {
					t.Fatalf("GroupsOf(%d) = %v, want %v", id, got, expected)
				}
			}
		},
	})
}

// TestHints: who waits for a change learns of it, and nobody else.
func TestHints(t *testing.T) {
	ctx := t.Context()
	bus := localbus.New()
	o := cheap()
	o.Bus = bus
	d := open(t, storetest.NewKV(t), o)
	anna, ben := addPerson(t, d, "anna", ""), addPerson(t, d, "ben", "")
	sales := addGroup(t, d, "sales")

	sub := bus.Subscribe()
	defer sub.Close()
	sub.Set(Topic(anna.ID))
	hinted := func() bool {
		select {
		case <-sub.C():
			return true
		default:
			return false
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
		hint bool
	}{
		{"another joins", func() error { return d.AddMembers(ctx, sales.ID, ben.ID) }, false},
		{"anna joins", func() error { return d.AddMembers(ctx, sales.ID, anna.ID) }, true},
		{"anna is a member already", func() error { return d.AddMembers(ctx, sales.ID, anna.ID) }, false},
		{"refused", func() error { return d.AddMembers(ctx, sales.ID, anna.ID, 99) }, false},
		{"password", func() error { return d.SetPassword(ctx, anna.ID, "new") }, true},
		{"rename", func() error { _, err := d.Rename(ctx, anna.ID, "ann"); return err }, true},
		{"anna leaves", func() error { return d.RemoveMembers(ctx, sales.ID, anna.ID) }, true},
		{"the group goes without her", func() error { return d.Remove(ctx, sales.ID) }, false},
		{"anna goes", func() error { return d.Remove(ctx, anna.ID) }, true},
	} {
		err := step.do()
		if (err != nil) != (step.name == "refused") {
			t.Errorf("%s: %v", step.name, err)
		}
		if hinted() != step.hint {
			t.Errorf("%s: hint %v, want %v", step.name, !step.hint, step.hint)
		}
	}
}

// TestTwoNodes: a change by one node shows in the caches of another.
func TestTwoNodes(t *testing.T) {
	ctx, db := t.Context(), storetest.NewKV(t)
	o := cheap()
	o.Bus = localbus.New()
	one, two := open(t, db, o), open(t, db, o)
	anna := addPerson(t, one, "anna", "old")
	sales := addGroup(t, one, "sales")
	warm := func() (groups []ID, name string, err error) {
		if groups, err = two.GroupsOf(ctx, anna.ID); err != nil {
			return nil, "", err
		}
		p, err := two.ByID(ctx, anna.ID)
		return groups, p.Name, err
	}
	if groups, name, err := warm(); err != nil || len(groups) != 0 || name != "anna" {
		t.Fatal(groups, name, err)
	}
	ok(t, one.AddMembers(ctx, sales.ID, anna.ID))
	_, err := one.Rename(ctx, anna.ID, "ann")
	ok(t, err)
	if groups, name, err := warm(); err != nil || !slices.Equal(groups, []ID{sales.ID}) || name != "ann" {
		t.Error(groups, name, err)
	}
	if _, err := two.Verify(ctx, "ann", "old", home); err != nil {
		t.Error(err)
	}
	ok(t, one.SetPassword(ctx, anna.ID, "new"))
	if two.logins.entries.len() != 1 {
		t.Error("the old password is not in the cache, this test proves nothing")
	}
	a, err := two.findAccount(ctx, "ann", home)
	ok(t, err)
	if two.logins.match(a, "old") {
		t.Error("the old password is still good on the other node")
	}
}

// TestEffectAtOnce: once a change has returned, no answer shows the time
// before it, however many readers fill the cache meanwhile.
func TestEffectAtOnce(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	anna := addPerson(t, d, "anna", "")
	sales := addGroup(t, d, "sales")
	all := addGroup(t, d, "all")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := d.GroupsOf(ctx, anna.ID); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	expect := func(n int) {
		t.Helper()
		if groups, err := d.GroupsOf(ctx, anna.ID); err != nil || len(groups) != n {
			t.Errorf("GroupsOf = %v, %v; want %d", groups, err, n)
		}
	}
	for range 200 {
		ok(t, d.AddMembers(ctx, sales.ID, anna.ID))
		expect(1)
		ok(t, d.AddMembers(ctx, all.ID, sales.ID))
		expect(2)
		ok(t, d.RemoveMembers(ctx, all.ID, sales.ID))
		expect(1)
		ok(t, d.RemoveMembers(ctx, sales.ID, anna.ID))
		expect(0)
	}
	close(stop)
	wg.Wait()
}
