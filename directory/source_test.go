package directory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/notify/localbus"
	"poststube/storetest"
)

// A fakeSource is a source in memory. The password of a key is "pw-" and the key.
type fakeSource struct {
	roster  Roster
	down    error
	checked []string // keys
}

func (f *fakeSource) Name() string { return "fake" }

func (f *fakeSource) Roster(context.Context) (Roster, error) { return f.roster, f.down }

func (f *fakeSource) Check(_ context.Context, key, password string) (bool, error) {
	f.checked = append(f.checked, key)
	known := slices.ContainsFunc(f.roster.People, func(p SourcePerson) bool { return p.Key == key })
	// Like a careless LDAP server, it lets in whoever gives no password.
	return known && (password == "pw-"+key || password == ""), f.down
}

func people(list ...string) (people []SourcePerson) {
	for _, s := range list {
		key, name, _ := strings.Cut(s, "=")
		name, address, _ := strings.Cut(name, " ")
		p := SourcePerson{Key: key, Name: name}
		if address != "" {
			p.Addresses = []string{address}
		}
		people = append(people, p)
	}
	return people
}

func groups(list ...string) (groups []SourceGroup) {
	for _, s := range list {
		words := strings.Fields(s)
		key, name, _ := strings.Cut(words[0], "=")
		groups = append(groups, SourceGroup{Key: key, Name: name, Members: words[1:]})
	}
	return groups
}

func openSource(t testing.TB, adopt bool) (*Directory, *fakeSource) {
	t.Helper()
	src := new(fakeSource)
	o := cheap()
	o.Source, o.Adopt, o.Bus = src, adopt, localbus.New()
	return open(t, storetest.NewKV(t), o), src
}

// sync syncs and returns the problems.
func syncNow(t testing.TB, d *Directory, people []SourcePerson, groups []SourceGroup) *Synced {
	t.Helper()
	d.source.(*fakeSource).roster = Roster{people, groups}
	s, err := d.Sync(t.Context())
	ok(t, err)
	return s
}

// groupNames returns all groups of somebody.
func groupNames(t testing.TB, d *Directory, name string) string {
	t.Helper()
	p, err := d.ByName(t.Context(), name)
	ok(t, err)
	ids, err := d.GroupsOf(t.Context(), p.ID)
	ok(t, err)
	var names []string
	for _, id := range ids {
		g, err := d.ByID(t.Context(), id)
		ok(t, err)
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestSync(t *testing.T) {
	d, _ := openSource(t, false)
	s := syncNow(t, d, people("1=anna anna.a@example.org", "2=ben", "3=clara"), groups("g=sales 1 h", "h=interns 2 nobody", "i=all g"))
	if s.People != 3 || s.Groups != 3 || s.Joined != 4 || len(s.Added) != 6 || len(s.Problems) > 0 {
		t.Errorf("first: %+v", s)
	}
	anna, err := d.ByName(t.Context(), "anna")
	ok(t, err)
	if got := groupNames(t, d, "ben"); got != "all interns sales" {
		t.Errorf("ben is in %s", got)
	}
	if s = syncNow(t, d, d.source.(*fakeSource).roster.People, d.source.(*fakeSource).roster.Groups); s.Changed() {
		t.Errorf("nothing has changed, but %+v", s)
	}
	// Another name and address, and memberships that turn round, at once.
	s = syncNow(t, d, people("1=anne anne@example.org", "2=ben", "4=anna"), groups("g=sales 1", "h=interns g 2"))
	slices.Sort(s.Gone)
	if !slices.Equal(s.Renamed, []string{"anna -> anne"}) || !slices.Equal(s.Gone, []string{"all", "clara"}) || !slices.Equal(s.Added, []string{"anna"}) {
		t.Errorf("then: %+v", s)
	}
	if p, err := d.ByName(t.Context(), "anne"); err != nil || p.ID != anna.ID {
		t.Errorf("anne is %+v, %v, not who was anna", p, err)
	}
	if got := groupNames(t, d, "anne"); got != "interns sales" {
		t.Errorf("anne is in %s", got)
	}
	r, err := d.Resolve(t.Context(), "anne@example.org")
	if err != nil || r.ID != anna.ID {
		t.Errorf("her address leads to %+v, %v", r, err)
	}
	_, err = d.Resolve(t.Context(), "anna.a@example.org")
	want(t, err, ErrNotFound)
	// Who comes back is who was there.
	clara, err := d.ByName(t.Context(), "clara")
	ok(t, err)
	s = syncNow(t, d, people("1=anne", "3=claire"), nil)
	if p, err := d.ByName(t.Context(), "claire"); err != nil || p.ID != clara.ID || !slices.Equal(s.Back, []string{"claire"}) {
		t.Errorf("claire is %+v, %v; %+v", p, err, s)
	}
	if got := groupNames(t, d, "anne"); got != "" {
		t.Errorf("without groups anne is in %s", got)
	}
}

// TestSyncProblems: what cannot be taken over hinders nothing else.
func TestSyncProblems(t *testing.T) {
	d, src := openSource(t, false)
	dora := addPerson(t, d, "dora", "here")
	local := addGroup(t, d, "local")
	s := syncNow(t, d,
		people("1=anna", "2=dora", "3=a:b", "4=anna", "5=*)(uid=*", "6=", "=nokey", "7=ben dora@example.org", "8=local"),
		groups("g=sales h 1", "h=interns g 7", "i=anna"))
	if got := len(s.Problems); got != 10 {
		t.Errorf("%d problems: %s", got, strings.Join(s.Problems, "\n"))
	}
	if len(s.Added) != 4 || s.Joined != 3 {
		t.Errorf("taken over: %+v", s)
	}
	if _, err := d.ByName(t.Context(), "ben"); err != nil {
		t.Error(err)
	}
	// Members who did not come from the source stay, and so does the source's
	// member in a group that is not.
	sales, err := d.ByName(t.Context(), "sales")
	ok(t, err)
	anna, err := d.ByName(t.Context(), "anna")
	ok(t, err)
	ok(t, d.AddMembers(t.Context(), sales.ID, dora.ID))
	ok(t, d.AddMembers(t.Context(), local.ID, anna.ID))
	syncNow(t, d, people("1=anna"), groups("g=sales"))
	if a, b := groupNames(t, d, "dora"), groupNames(t, d, "anna"); a != "sales" || b != "local" {
		t.Errorf("dora is in %s, anna in %s", a, b)
	}
	// A source that is broken changes nothing.
	src.roster = Roster{}
	_, err = d.Sync(t.Context())
	want(t, err, ErrInvalid)
	src.down = errors.New("down")
	_, err = d.Sync(t.Context())
	want(t, err, src.down)
	if _, gone, err := d.Source(t.Context(), anna.ID); gone || err != nil {
		t.Errorf("anna is gone: %v, %v", gone, err)
	}
	want(t, d.SetPassword(t.Context(), anna.ID, "mine"), ErrInvalid)
	// Who is removed and still there in the source comes as somebody new.
	src.down = nil
	ok(t, d.Remove(t.Context(), anna.ID))
	syncNow(t, d, people("1=anna"), nil)
	if p, err := d.ByName(t.Context(), "anna"); err != nil || p.ID == anna.ID {
		t.Errorf("anna is %+v, %v", p, err)
	}
}

func TestSyncAdopts(t *testing.T) {
	d, _ := openSource(t, true)
	anna := addPerson(t, d, "anna", "here")
	s := syncNow(t, d, people("1=anna", "2=sales"), groups("g=ben"))
	if p, err := d.ByName(t.Context(), "anna"); err != nil || p.ID != anna.ID || len(s.Problems) > 0 {
		t.Errorf("%+v, %v, %+v", p, err, s)
	}
	_, err := d.Verify(t.Context(), "anna", "pw-1", home)
	ok(t, err)
}

func TestSourceLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, src := openSource(t, false)
		addPerson(t, d, "dora", "here")
		syncNow(t, d, people("1=anna", "2=ben"), nil)
		syncNow(t, d, people("1=anna"), nil)
		for _, c := range []struct {
			name, password string
			down           bool
			kind           error
		}{
			{"anna", "pw-1", false, nil},
			{"anna@example.org", "pw-1", false, nil},
			{"anna", "pw-2", false, ErrAuth},
			{"anna", "", false, ErrAuth}, // RFC 4513 section 5.1.2
			{"ben", "pw-2", false, ErrAuth},
			{"ben", "", false, ErrAuth},
			{"dora", "here", false, nil},
			{"dora", "pw-1", false, ErrAuth},
			{"nobody", "pw-1", false, ErrAuth},
			{"*", "pw-1", false, ErrAuth},
			{"dora", "here", true, nil},
			// Nothing tells these apart while the source cannot be reached.
			{"anna", "pw-1", true, src.down},
			{"dora", "pw-1", true, src.down},
			{"ben", "pw-1", true, src.down},
			{"nobody", "pw-1", true, src.down},
		} {
			if src.down = nil; c.down {
				src.down = errors.New("down")
				if c.kind == nil && c.name != "dora" || c.name == "dora" && c.password != "here" {
					c.kind = src.down
				}
			}
			p, err := d.Verify(t.Context(), c.name, c.password, home)
			if !errors.Is(err, c.kind) || (err == nil) != (p.ID != 0) {
				t.Errorf("%s %q down=%v: %+v, %v, want %v", c.name, c.password, c.down, p, err, c.kind)
			}
		}
		if got := d.Mechanisms(secure); strings.Join(got, " ") != "PLAIN LOGIN" {
			t.Errorf("offers %v", got)
		}
	})
}
