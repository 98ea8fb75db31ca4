package mail

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/acl"
	"poststube/uidset"
)

// A picture is what a client knows of a mailbox when it does nothing but apply
// Changes: the test is that it equals what a new client would see.
type picture struct {
	box    *Mailbox
	modseq ModSeq
	flags  map[uint32]string
}

func (p *picture) open(w *world) {
	s, err := p.box.State(w.ctx, false)
	w.must(err)
	p.modseq, p.flags = s.HighestModSeq, make(map[uint32]string)
	p.read(w, s.UIDs)
}

func (p *picture) read(w *world, uids uidset.Set) {
	_, err := p.box.Messages(w.ctx, uids, 1, 0, func(m *Message) bool {
		p.flags[m.UID] = fmt.Sprint(flagText(m.Flags), "@", m.ModSeq)
		return true
	})
	w.must(err)
}

func (p *picture) sync(w *world) {
	ch, err := p.box.Changes(w.ctx, p.modseq)
	w.must(err)
	for uid := range ch.Vanished.All() {
		delete(p.flags, uid)
	}
	p.read(w, ch.Arrived)
	p.read(w, ch.Changed)
	p.modseq = ch.UpTo
}

func (p *picture) String() string {
	var out []string
	for _, uid := range slices.Sorted(maps.Keys(p.flags)) {
		out = append(out, fmt.Sprint(uid, ":", p.flags[uid]))
	}
	return strings.Join(out, " ")
}

// TestHistories runs random operations of three users on two mailboxes, of which
// one is shared and has private \Seen, and compares, as they go, a plain model
// with what each user sees, and the pictures of clients that only follow
// changes with those of new ones.
func TestHistories(t *testing.T) {
	w, n := newWorld(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		w.t = rt
		n++
		history(w, rt, fmt.Sprint("Team", n))
	})
	t.Logf("tried: %d histories", n)
}

// A modelMessage is a message as the model has it; seen is who has seen it.
type modelMessage struct {
	shared string // flags but \Seen, sorted
	seen   map[string]bool
}

func history(w *world, rt *rapid.T, team string) {
	users := []string{"anna", "ben", "clara"}
	_, err := w.as("anna").Create(w.ctx, team, nil)
	w.must(err)
	for _, id := range []acl.Identifier{{Kind: acl.Group, Name: "sales"}, {Kind: acl.User, Name: "clara"}} {
		w.must(w.as("anna").SetACL(w.ctx, team, id, acl.Modification{Rights: acl.Full &^ acl.Admin}))
	}
	name := func(user string) string {
		if user == "anna" {
			return team
		}
		return "Users/anna/" + team
	}
	model := make(map[uint32]*modelMessage)
	pictures := make(map[string]*picture)
	for _, u := range users {
		pictures[u] = &picture{box: w.open(u, name(u))}
		pictures[u].open(w)
	}
	for range rapid.IntRange(1, 30).Draw(rt, "steps") {
		user := rapid.SampledFrom(users).Draw(rt, "user")
		box := pictures[user].box
		uids := drawUIDs(rt, len(model))
		switch rapid.SampledFrom([]string{"append", "append", "store", "store", "seen", "expunge", "copy", "sync"}).Draw(rt, "op") {
		case "append":
			done, err := w.as(user).Append(w.ctx, name(user), []NewMessage{{Upload: w.upload(letter("x")), Flags: Flags{System: Seen}}})
			w.must(err)
			model[done.UIDs.Min()] = &modelMessage{seen: map[string]bool{user: true}}
		case "copy":
			done, err := box.Copy(w.ctx, uids, name(user))
			w.must(err)
			for to, from := range pairs(done.To, done.From) {
				old := model[from]
				model[to] = &modelMessage{shared: old.shared, seen: map[string]bool{user: old.seen[user]}}
			}
		case "store":
			word := rapid.SampledFrom([]string{`\Flagged`, `\Deleted`, "todo"}).Draw(rt, "flag")
			add := rapid.Bool().Draw(rt, "add")
			_, err := box.SetFlags(w.ctx, uids, change(word, add))
			w.must(err)
			for uid := range uids.All() {
				if m := model[uid]; m != nil {
					m.set(word, add)
				}
			}
		case "seen":
			add := rapid.Bool().Draw(rt, "add")
			_, err := box.SetFlags(w.ctx, uids, change(`\Seen`, add))
			w.must(err)
			for uid := range uids.All() {
				if m := model[uid]; m != nil {
					m.seen[user] = add
				}
			}
		case "expunge":
			gone, _, err := box.Expunge(w.ctx, uids)
			w.must(err)
			for uid := range uids.All() {
				m := model[uid]
				deleted := m != nil && strings.Contains(m.shared, `\Deleted`)
				if deleted != gone.Contains(uid) {
					rt.Fatalf("UID %d: expunged %v, deleted %v", uid, gone.Contains(uid), deleted)
				}
				if deleted {
					delete(model, uid)
				}
			}
		case "sync":
			pictures[user].sync(w)
			_, err := box.State(w.ctx, false)
			w.must(err)
		}
	}
	for _, u := range users {
		compare(rt, w, u, pictures[u], model)
	}
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		rt.Errorf("check: %v %v", p, err)
	}
}

func drawUIDs(rt *rapid.T, n int) (s uidset.Set) {
	for _, uid := range rapid.SliceOfN(rapid.Uint32Range(1, uint32(n+3)), 1, 5).Draw(rt, "uids") {
		s.Add(uid)
	}
	return s
}

func pairs(to, from uidset.Set) map[uint32]uint32 {
	out := make(map[uint32]uint32)
	list := slices.Collect(from.All())
	i := 0
	for uid := range to.All() {
		out[uid] = list[i]
		i++
	}
	return out
}

func change(word string, add bool) FlagChange {
	ch := FlagChange{Op: RemoveFlags}
	if add {
		ch.Op = AddFlags
	}
	for f, name := range flagNames {
		if name == word {
			ch.Flags.System = f
		}
	}
	if ch.Flags.System == 0 {
		ch.Flags.Keywords = []string{word}
	}
	return ch
}

func (m *modelMessage) set(word string, on bool) {
	words := slices.DeleteFunc(strings.Fields(m.shared), func(w string) bool { return w == word })
	if on {
		words = append(words, word)
	}
	sort.Slice(words, func(i, j int) bool { return rank(words[i]) < rank(words[j]) })
	m.shared = strings.Join(words, " ")
}

func rank(word string) int { return slices.Index([]string{`\Flagged`, `\Deleted`, "todo"}, word) }

func compare(rt *rapid.T, w *world, user string, p *picture, model map[uint32]*modelMessage) {
	p.sync(w)
	fresh := picture{box: p.box}
	fresh.open(w)
	if p.String() != fresh.String() {
		rt.Fatalf("%s follows changes and has\n%s\na new client sees\n%s", user, p, &fresh)
	}
	s, err := p.box.State(w.ctx, false)
	w.must(err)
	unseen, first := 0, uint32(0)
	for uid, m := range model {
		want := m.shared
		if m.seen[user] {
			want = strings.TrimSpace(`\Seen ` + want)
		} else {
			unseen++
			if first == 0 || uid < first {
				first = uid
			}
		}
		if got, _, _ := strings.Cut(fresh.flags[uid], "@"); got != want {
			rt.Fatalf("%s sees UID %d with %q, model has %q", user, uid, got, want)
		}
	}
	if len(fresh.flags) != len(model) || int(s.Exists) != len(model) || int(s.Unseen) != unseen {
		rt.Fatalf("%s: %d messages, EXISTS %d, UNSEEN %d; model has %d, %d unseen", user, len(fresh.flags), s.Exists, s.Unseen, len(model), unseen)
	}
	if s.FirstUnseen != first {
		rt.Fatalf("%s: first unseen %d, model has %d", user, s.FirstUnseen, first)
	}
	f, err := p.box.Search(w.ctx, s.UIDs, &Query{Op: QNot, Sub: []*Query{{Op: QFlag, Flag: Seen}}}, true)
	w.must(err)
	if f.UIDs.Len() != unseen {
		rt.Fatalf("%s: search finds %d unseen, model has %d", user, f.UIDs.Len(), unseen)
	}
}
