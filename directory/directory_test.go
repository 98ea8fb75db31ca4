package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"poststube/kv"
	"poststube/storetest"
)

// cheap are options under which a password costs next to nothing.
func cheap() Options {
	return Options{
		Domains:         []string{"example.org", "Bücher.example"},
		Argon:           ArgonParams{Time: 1, Memory: 8, Threads: 1},
		SCRAMIterations: 2,
		Log:             slog.New(slog.DiscardHandler),
	}
}

func open(t testing.TB, db kv.DB, o Options) *Directory {
	t.Helper()
	d, err := Open(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func openCheap(t testing.TB) *Directory { return open(t, storetest.NewKV(t), cheap()) }

func addPerson(t testing.TB, d *Directory, name, password string) Principal {
	t.Helper()
	p, err := d.AddPerson(t.Context(), name, password)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func addGroup(t testing.TB, d *Directory, name string, members ...ID) Principal {
	t.Helper()
	g, err := d.AddGroup(t.Context(), name)
	if err == nil {
		err = d.AddMembers(t.Context(), g.ID, members...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("got error %v, want %v", err, kind)
	}
}

// home is an Origin for tests.
var home = Origin{Remote: netip.MustParseAddr("192.0.2.7"), Proto: "imap", Mech: "LOGIN"}

// A recorder keeps log records.
type recorder struct {
	mu      sync.Mutex
	records []map[string]string
	lines   strings.Builder
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }
func (r *recorder) Handle(ctx context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := map[string]string{"msg": rec.Message}
	rec.Attrs(func(a slog.Attr) bool {
		m[a.Key] = a.Value.String()
		return true
	})
	r.records = append(r.records, m)
	return slog.NewTextHandler(&r.lines, nil).Handle(ctx, rec)
}

// take returns the records since the last call.
func (r *recorder) take() []map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	records := r.records
	r.records = nil
	return records
}

func TestPeople(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	anna := addPerson(t, d, "Anna", "secret")
	if anna.Name != "anna" || anna.Kind != Person || anna.ID == 0 {
		t.Errorf("got %+v", anna)
	}
	for _, name := range []string{"anna", "ANNA", "anna@example.org", "Anna@EXAMPLE.org."} {
		p, err := d.ByName(ctx, name)
		if err != nil || p != anna {
			t.Errorf("ByName(%q) = %+v, %v", name, p, err)
		}
	}
	for _, name := range []string{"ben", "anna@elsewhere.example"} {
		_, err := d.ByName(ctx, name)
		want(t, err, ErrNotFound)
	}
	_, err := d.AddPerson(ctx, "ANNA", "x")
	want(t, err, ErrExists)
	_, err = d.AddGroup(ctx, "anna")
	want(t, err, ErrExists)

	renamed, err := d.Rename(ctx, anna.ID, "anna.b")
	if err != nil || renamed.ID != anna.ID || renamed.Name != "anna.b" {
		t.Errorf("Rename: %+v, %v", renamed, err)
	}
	_, err = d.ByName(ctx, "anna")
	want(t, err, ErrNotFound)
	if p, err := d.ByID(ctx, anna.ID); err != nil || p != renamed {
		t.Errorf("ByID after Rename: %+v, %v", p, err)
	}

	ok(t, d.Remove(ctx, anna.ID))
	_, err = d.ByID(ctx, anna.ID)
	want(t, err, ErrNotFound)
	_, err = d.ByName(ctx, "anna.b")
	want(t, err, ErrNotFound)
	want(t, d.Remove(ctx, anna.ID), ErrNotFound)
	if again := addPerson(t, d, "anna.b", "secret"); again.ID <= anna.ID {
		t.Errorf("id %d was given out again", again.ID)
	}
}

func TestAddPeople(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	var people []NewPerson
	for i := range 600 {
		people = append(people, NewPerson{"p" + string(rune('a'+i/26/26)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26)), "secret"})
	}
	var steps []int
	added, err := d.AddPeople(ctx, people, func(done int) { steps = append(steps, done) })
	if err != nil || len(added) != 600 || !slices.Equal(steps, []int{256, 512, 600}) {
		t.Fatalf("added %d, steps %v, %v", len(added), steps, err)
	}
	if p, err := d.Verify(ctx, people[599].Name, "secret", home); err != nil || p != added[599] {
		t.Errorf("Verify: %+v, %v", p, err)
	}

	// One bad line, and nobody is added.
	for _, bad := range []struct {
		person NewPerson
		kind   error
	}{
		{NewPerson{"a:b", "x"}, ErrInvalid},
		{NewPerson{"ok", "\x01"}, ErrInvalid},
		{NewPerson{"NEW1", "x"}, ErrExists},
		{NewPerson{people[3].Name, "x"}, ErrExists},
	} {
		_, err := d.AddPeople(ctx, []NewPerson{{"new1", "x"}, bad.person}, nil)
		want(t, err, bad.kind)
		_, err = d.ByName(ctx, "new1")
		want(t, err, ErrNotFound)
	}
	if _, err := d.AddPeople(ctx, nil, nil); err != nil {
		t.Errorf("nobody: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = d.AddPeople(cancelled, []NewPerson{{"late", "x"}}, nil)
	want(t, err, context.Canceled)
}

func TestList(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	var expected []string
	for i := range 520 { // more than two pages
		expected = append(expected, "u"+string(rune('a'+i/26/26))+string(rune('a'+i/26%26))+string(rune('a'+i%26)))
	}
	var people []NewPerson
	for _, name := range expected {
		people = append(people, NewPerson{Name: name})
	}
	_, err := d.AddPeople(ctx, people, nil)
	ok(t, err)
	addGroup(t, d, "zebras")
	var got []string
	for p, err := range d.List(ctx) {
		ok(t, err)
		got = append(got, p.Name)
		if (p.Kind == Group) != (p.Name == "zebras") {
			t.Errorf("kind of %+v", p)
		}
	}
	if !slices.Equal(got, append(expected, "zebras")) {
		t.Errorf("got %d names: %v", len(got), got)
	}
	for range d.List(ctx) {
		break // must not go on
	}
}

// TestRemoveLeavesNothing: the store holds after Remove what it held before.
func TestRemoveLeavesNothing(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	others := addGroup(t, d, "others", addPerson(t, d, "ben", "x").ID)
	stored := func() (keys []string) {
		t.Helper()
		ok(t, d.db.View(ctx, func(r kv.Reader) error {
			for pair := range r.Scan(nil, nil) {
				if pair.Key[0] != 'd' {
					t.Errorf("a key outside of the table: %q", pair.Key)
				}
				if pair.Key[1] != tableState {
					keys = append(keys, fmt.Sprintf("%q", pair.Key))
				}
			}
			return r.Err()
		}))
		return keys
	}
	before := stored()
	anna := addPerson(t, d, "anna", "secret")
	inner := addGroup(t, d, "inner", anna.ID)
	sales := addGroup(t, d, "sales", anna.ID, inner.ID)
	ok(t, d.AddMembers(ctx, others.ID, anna.ID, sales.ID))
	ok(t, d.AddAddress(ctx, anna.ID, "a@example.org"))
	ok(t, d.AddAddress(ctx, sales.ID, "sales"))
	for _, id := range []ID{anna.ID, sales.ID, inner.ID} {
		ok(t, d.Remove(ctx, id))
	}
	if after := stored(); !slices.Equal(after, before) {
		t.Errorf("left behind:\n%v\nbefore:\n%v", after, before)
	}
}

// What one Directory wrote another reads, after a restart or on another node.
func TestReopen(t *testing.T) {
	ctx, db := t.Context(), storetest.NewKV(t)
	d := open(t, db, cheap())
	anna := addPerson(t, d, "anna", "secret")
	sales := addGroup(t, d, "sales", anna.ID)
	ok(t, d.Remove(ctx, addPerson(t, d, "gone", "").ID))

	d = open(t, db, cheap())
	if p, err := d.Verify(ctx, "anna", "secret", home); err != nil || p != anna {
		t.Errorf("Verify: %+v, %v", p, err)
	}
	if groups, err := d.GroupsOf(ctx, anna.ID); err != nil || !slices.Equal(groups, []ID{sales.ID}) {
		t.Errorf("GroupsOf: %v, %v", groups, err)
	}
	if ben := addPerson(t, d, "ben", ""); ben.ID != sales.ID+2 {
		t.Errorf("ben has id %d after %d and a removed one", ben.ID, sales.ID)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{Argon: ArgonParams{Time: 1, Memory: 7, Threads: 1}},
		{Argon: ArgonParams{Memory: 64, Threads: 1}},
		{Argon: ArgonParams{Time: 1, Memory: 64}},
		{SCRAMIterations: 600_001},
		{Domains: []string{"example.org", "no domain"}},
	} {
		_, err := Open(t.Context(), storetest.NewKV(t), o)
		want(t, err, ErrInvalid)
	}
}
