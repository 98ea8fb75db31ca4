package imap

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/mail"
)

// A picture is what a client makes of LIST lines: the mailboxes that it shows.
type picture map[string]attributes

// apply follows one change as a client does: what is renamed takes along what is
// beneath it.
func (p picture) apply(ch listChange) {
	if ch.gone() {
		delete(p, ch.name)
		return
	}
	moved := picture{}
	for name, attrs := range p {
		rest, ok := strings.CutPrefix(name, ch.oldName)
		if ok && ch.oldName != "" && (rest == "" || rest[0] == '/') {
			delete(p, name)
			moved[ch.name+rest] = attrs
		}
	}
	maps.Copy(p, moved)
	p[ch.name] = told(ch.now).attrs
}

func pictureOf(infos []mail.Info) picture {
	p := picture{}
	for i := range infos {
		if !infos[i].NonExistent {
			p[infos[i].Name] = told(&infos[i]).attrs
		}
	}
	return p
}

// A randomTree is a small hierarchy of which a user sees a part.
type randomTree struct {
	parent map[uint32]uint32
	name   map[uint32]string
	hidden map[uint32]bool
	flags  map[uint32]mail.Info
	next   uint32
}

func (r *randomTree) path(n uint32) string {
	if p := r.parent[n]; p != 0 {
		return r.path(p) + "/" + r.name[n]
	}
	return r.name[n]
}

func (r *randomTree) infos() []mail.Info {
	var list []mail.Info
	shown := map[string]bool{}
	for n := range r.parent {
		if r.hidden[n] {
			continue
		}
		info := r.flags[n]
		info.ID, info.Name = mail.MailboxID{Owner: 1, Num: n}, r.path(n)
		shown[info.Name] = true
		list = append(list, info)
	}
	for _, info := range slices.Clone(list) {
		for i, c := range info.Name {
			if above := info.Name[:i]; c == '/' && !shown[above] {
				shown[above] = true
				list = append(list, mail.Info{Name: above, NonExistent: true})
			}
		}
	}
	slices.SortFunc(list, func(a, b mail.Info) int { return compareNames(a.Name, b.Name) })
	return list
}

// step makes one random change.
func (r *randomTree) step(t *rapid.T) {
	var all []uint32
	for n := range r.parent {
		all = append(all, n)
	}
	slices.Sort(all)
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if len(all) == 0 || kind == 0 {
		r.next++
		r.parent[r.next] = rapid.SampledFrom(append([]uint32{0}, all...)).Draw(t, "parent")
		r.name[r.next] = r.free(t, r.parent[r.next])
		r.hidden[r.next] = rapid.Bool().Draw(t, "hidden")
		return
	}
	n := rapid.SampledFrom(all).Draw(t, "which")
	switch kind {
	case 1: // delete, if nothing is beneath
		if !slices.ContainsFunc(all, func(m uint32) bool { return r.parent[m] == n }) {
			delete(r.parent, n)
		}
	case 2: // rename, or move
		to := rapid.SampledFrom(append([]uint32{0}, all...)).Draw(t, "to")
		for p := to; p != 0; p = r.parent[p] {
			if p == n {
				return
			}
		}
		r.name[n] = r.free(t, to)
		r.parent[n] = to
	case 3:
		r.hidden[n] = !r.hidden[n]
	case 4:
		r.flags[n] = mail.Info{Subscribed: rapid.Bool().Draw(t, "subscribed"), NoSelect: rapid.Bool().Draw(t, "noselect")}
	}
}

func (r *randomTree) free(t *rapid.T, parent uint32) string {
	for {
		name := fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "name"))
		taken := false
		for m, p := range r.parent {
			taken = taken || p == parent && r.name[m] == name
		}
		if !taken {
			return name
		}
	}
}

// TestCompareLists: whatever happens, a client that follows the lines sees what
// is there; and it is told nothing when nothing happens.
func TestCompareLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &randomTree{parent: map[uint32]uint32{}, name: map[uint32]string{}, hidden: map[uint32]bool{}, flags: map[uint32]mail.Info{}}
		var l live
		shown := picture{}
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			for range rapid.IntRange(0, 4).Draw(t, "steps") {
				if len(r.parent) < 9 {
					r.step(t)
				}
			}
			infos := r.infos()
			changes := compareLists(l.names, infos)
			for _, ch := range changes {
				shown.apply(ch)
			}
			if want := pictureOf(infos); fmt.Sprint(shown) != fmt.Sprint(want) {
				t.Fatalf("the client sees %v, there is %v, told by %v", shown, want, changes)
			}
			l.remember(infos)
			if again := compareLists(l.names, infos); len(again) > 0 {
				t.Fatalf("told again: %v", again)
			}
		}
	})
}

// TestCompareListsRenames: a mailbox that stays where it was although what it lay
// beneath was renamed; a client that is told of the renaming alone would take it
// along.
func TestCompareListsRenames(t *testing.T) {
	info := func(num uint32, name string) mail.Info {
		return mail.Info{ID: mail.MailboxID{Owner: 1, Num: num}, Name: name, NonExistent: num == 0}
	}
	var l live
	before := []mail.Info{info(1, "C"), info(2, "C/x")}
	l.remember(before)
	after := []mail.Info{info(1, "B"), {Name: "C", NonExistent: true}, info(2, "C/x")}
	shown := pictureOf(before)
	for _, ch := range compareLists(l.names, after) {
		shown.apply(ch)
	}
	if want := pictureOf(after); !maps.Equal(shown, want) {
		t.Errorf("the client sees %v, there is %v", shown, want)
	}
}

// BenchmarkCompareLists finds one new mailbox among many.
func BenchmarkCompareLists(b *testing.B) {
	var infos []mail.Info
	for i := range 10_000 {
		infos = append(infos, mail.Info{ID: mail.MailboxID{Owner: 1, Num: uint32(i + 1)}, Name: fmt.Sprintf("Shared/team/%05d", i)})
	}
	var l live
	l.remember(slices.Delete(slices.Clone(infos), 5000, 5001))
	for b.Loop() {
		if len(compareLists(l.names, infos)) != 1 {
			b.Fatal("one mailbox is new")
		}
	}
}
