package imap_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/mail"
)

// TestRightsHistories lets three people work at random in each other's mailboxes
// and in those of two groups: they grant and revoke, join and leave groups, make,
// move and delete mailboxes, put messages there, flag and expunge them. Whatever
// somebody tries is allowed exactly when the naive model says so; after each step
// everybody sees exactly the mailboxes, rights, messages and flags of the model;
// who idles knows of it without asking, and is told nothing of a mailbox that he
// may not read.
func TestRightsHistories(t *testing.T) {
	histories := 25
	switch {
	case testing.Short():
		histories = 5
	case os.Getenv("POSTSTUBE_LONG") != "":
		histories = 3000
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			h := newHistory(t, uint64(seed))
			defer func() {
				if t.Failed() {
					t.Logf("history %d:\n%s", seed, strings.Join(h.log, "\n"))
				}
			}()
			for range 60 {
				if !t.Failed() {
					h.step()
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("tried: %d histories of 60 steps, one a seed", histories)
}

// A history is one run.
type history struct {
	*team
	*rand.Rand
	model    *modelHouse
	actors   map[string]*talker   // who act, with nothing selected in between
	watchers map[string]*nameView // who idle
	readers  map[string]*boxView  // who idle in a mailbox
	next     int                  // for new names
	log      []string
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{
		Rand: rand.New(rand.NewPCG(seed, 7)),
		model: &modelHouse{
			people:  []string{"anna", "ben", "clara"},
			members: map[string][]string{"sales": {"ben"}, "staff": {"clara"}},
			boxes:   map[string]*modelBox{},
		},
		actors: map[string]*talker{}, watchers: map[string]*nameView{}, readers: map[string]*boxView{},
	}
	h.team = newTeam(t, "user anna", "user ben", "user clara", "group sales ben", "group staff clara",
		"mailbox anna P/Q", "mailbox sales Offers/2026", "mailbox staff Inbox/Old",
		"allow sales Offers $sales lrswikxtea", "allow staff Inbox clara lrswikxtea", "allow anna P anyone lr")
	m := h.model
	for _, p := range m.people {
		m.add(p, "")
		for _, name := range []string{"INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"} {
			m.add(p, name).trash = name == "Trash"
		}
	}
	for g := range m.members {
		m.add(g, "")
		m.add(g, "Inbox")
	}
	m.create("anna", "P/Q")
	m.create("sales", "Offers/2026")
	m.create("staff", "Inbox/Old")
	m.setACL(m.box("sales", "Offers"), "$sales", "", "lrswikxtea")
	m.setACL(m.box("staff", "Inbox"), "clara", "", "lrswikxtea")
	m.setACL(m.box("anna", "P"), "anyone", "", "lr")
	for _, b := range []*modelBox{m.box("anna", "P"), m.box("sales", "Offers"), m.box("staff", "Inbox")} {
		for range 3 {
			h.put(b.owner, b.path, mail.Flags{System: mail.Flagged})
			b.messages = append(b.messages, &modelMessage{creator: b.owner, flags: map[string]bool{`\Flagged`: true}, seen: map[string]bool{}})
		}
	}
	for _, p := range m.people {
		h.actors[p] = h.talk(p)
		h.watchers[p] = h.watchNames(p)
		h.readers[p] = &boxView{talker: h.talk(p)}
		h.readers[p].ok("ENABLE IMAP4rev2")
	}
	return h
}

// pick returns one of a list.
func pick[T any](h *history, list []T) T { return list[h.IntN(len(list))] }

// some returns a random part of a string's letters.
func (h *history) some(text string) string {
	var b strings.Builder
	for _, c := range text {
		if h.IntN(3) == 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// step lets somebody try something, and looks at everything afterwards.
func (h *history) step() {
	m := h.model
	who := pick(h, m.people)
	switch h.IntN(16) {
	case 0, 1, 2:
		h.setACL(who, h.reach(who, "a", m.all(true)))
	case 3:
		h.deleteACL(who, h.reach(who, "a", m.all(false)))
	case 4:
		h.regroup()
	case 5:
		h.create(who)
	case 6:
		h.remove(who, h.reach(who, "x", m.all(false)))
	case 7:
		h.rename(who, h.reach(who, "x", m.all(false)))
	case 8, 9:
		h.append(who, h.reach(who, "i", m.all(false)))
	case 10, 11, 12:
		h.store(who, h.reach(who, "r", m.all(false)))
	case 13, 14:
		h.expunge(who, h.reach(who, "r", m.all(false)))
	case 15:
		h.copy(who, h.reach(who, "r", m.all(false)), h.reach(who, "i", m.all(false)))
	}
	h.look()
}

// reach returns one of a list; mostly one where somebody has a right that is
// needed, and that belongs to somebody else.
func (h *history) reach(who, right string, list []*modelBox) *modelBox {
	near := slices.DeleteFunc(slices.Clone(list), func(b *modelBox) bool {
		return b.owner == who || !h.model.rights(who, b).has(right)
	})
	if len(near) == 0 || h.IntN(4) == 0 {
		return pick(h, list)
	}
	full := slices.DeleteFunc(slices.Clone(near), func(b *modelBox) bool { return len(b.messages) == 0 })
	if right == "r" && len(full) > 0 {
		return pick(h, full)
	}
	return pick(h, near)
}

// try sends a command and compares whether it was allowed.
func (h *history) try(who string, may bool, format string, args ...any) bool {
	h.t.Helper()
	r := h.actors[who].do(format, args...)
	h.log = append(h.log, fmt.Sprintf("%s: %s -> %s", who, fmt.Sprintf(format, args...), r.end))
	if (r.code() == "OK") != may {
		h.t.Errorf("allowed by the model: %v; but %s", may, h.log[len(h.log)-1])
	}
	return r.code() == "OK"
}

func (h *history) setACL(who string, b *modelBox) {
	id := pick(h, []string{"anna", "ben", "clara", "$sales", "$staff", "anyone", "authenticated", "-anna", "-ben", "-clara", "-$sales", "-$staff", "-anyone"})
	how, rights := pick(h, []string{"", "+", "+", "-"}), h.some(allLetters)
	if how != "-" {
		rights += pick(h, []string{"", "lr", "lra", "lri"})
	}
	may := h.model.rights(who, b)['a']
	if h.try(who, may, `SETACL "%s" %s "%s%s"`, h.model.name(who, b), id, how, rights) {
		h.model.setACL(b, id, how, rights)
	}
}

func (h *history) deleteACL(who string, b *modelBox) {
	ids := slices.Sorted(maps.Keys(h.model.identifiers(b)))
	id := pick(h, ids)
	if h.model.members[id] != nil {
		return // the owner, being a group, is no identifier by its bare name
	}
	_, own := b.acl[id]
	_, holds := h.model.entry(b, id)
	// What comes from above can't be deleted here; the owner's default can't be
	// deleted at all and is no entry.
	inherited := false
	for _, at := range h.model.chain(b)[1:] {
		_, there := at.acl[id]
		inherited = inherited || there
	}
	may := h.model.rights(who, b)['a'] && (own || !holds || !inherited)
	if h.try(who, may, `DELETEACL "%s" %s`, h.model.name(who, b), id) {
		delete(b.acl, id)
	}
}

// regroup changes who is in a group; staff may contain sales.
func (h *history) regroup() {
	group := pick(h, []string{"sales", "staff"})
	candidates := slices.Clone(h.model.people)
	if group == "staff" {
		candidates = append(candidates, "sales")
	}
	who := pick(h, candidates)
	list := h.model.members[group]
	if i := slices.Index(list, who); i >= 0 {
		h.set("leave %s %s", group, who)
		h.model.members[group] = slices.Delete(slices.Clone(list), i, i+1)
	} else {
		h.set("join %s %s", group, who)
		h.model.members[group] = append(slices.Clone(list), who)
	}
	h.log = append(h.log, fmt.Sprintf("%s: %v", group, h.model.members[group]))
}

// fresh returns a path beneath a random mailbox or root.
func (h *history) fresh() (owner, path string) {
	above := pick(h, h.model.all(true))
	h.next++
	path = strings.TrimPrefix(fmt.Sprintf("%s/N%d", above.path, h.next), "/")
	if h.IntN(4) == 0 {
		path += "/deep"
	}
	return above.owner, path
}

func (h *history) create(who string) {
	owner, path := h.fresh()
	if strings.Count(path, "/") > 8 {
		return
	}
	may := h.model.rights(who, h.model.nearest(owner, path))['k']
	if h.try(who, may, `CREATE "%s"`, h.model.name(who, &modelBox{owner: owner, path: path})) {
		h.model.create(owner, path)
	}
}

func isInbox(b *modelBox) bool { return strings.EqualFold(b.path, "INBOX") }

func (h *history) remove(who string, b *modelBox) {
	may := h.model.rights(who, b)['x'] && !isInbox(b) && !h.model.hasChildren(b)
	if h.try(who, may, `DELETE "%s"`, h.model.name(who, b)) {
		delete(h.model.boxes, boxKey(b.owner, b.path))
	}
}

func (h *history) rename(who string, b *modelBox) {
	if isInbox(b) {
		return // which makes a new mailbox; a dialogue has it
	}
	owner, path := h.fresh()
	may := h.model.rights(who, b)['x'] && owner == b.owner && !strings.HasPrefix(path, b.path+"/") &&
		h.model.rights(who, h.model.nearest(owner, path))['k']
	if h.try(who, may, `RENAME "%s" "%s"`, h.model.name(who, b), h.model.name(who, &modelBox{owner: owner, path: path})) {
		h.model.move(b, path)
	}
}

var flagsToTry = []string{`\Seen`, `\Deleted`, `\Flagged`, `$Work`}

func (h *history) flags() []string {
	return slices.DeleteFunc(slices.Clone(flagsToTry), func(string) bool { return h.IntN(2) == 0 })
}

func (h *history) append(who string, b *modelBox) {
	flags := h.flags()
	if h.try(who, h.model.rights(who, b)['i'], `APPEND "%s" (%s) {5+}`+"\r\nx: y\n", h.model.name(who, b), strings.Join(flags, " ")) {
		h.model.put(b, who, flags)
	}
}

// within selects a mailbox for some commands, if that is allowed.
func (h *history) within(who string, b *modelBox, do func()) {
	if h.try(who, h.model.rights(who, b)['r'], `SELECT "%s"`, h.model.name(who, b)) {
		do()
		h.actors[who].do("UNSELECT")
	}
}

func (h *history) store(who string, b *modelBox) {
	flags := h.flags()
	if len(b.messages) == 0 || len(flags) == 0 {
		return
	}
	h.within(who, b, func() {
		i := h.IntN(len(b.messages))
		msg, r := b.messages[i], h.model.rights(who, b)
		sign := pick(h, []string{"+", "-"})
		may := slices.ContainsFunc(flags, func(f string) bool {
			probe := &modelMessage{flags: map[string]bool{}, seen: map[string]bool{}}
			probe.change(r.on(true), who, f, true)
			return len(probe.flags)+len(probe.seen) > 0
		})
		if h.try(who, may, `STORE %d %sFLAGS (%s)`, i+1, sign, strings.Join(flags, " ")) {
			for _, f := range flags {
				msg.change(r.on(msg.creator == who), who, f, sign == "+")
			}
		}
	})
}

func (h *history) expunge(who string, b *modelBox) {
	h.within(who, b, func() {
		r := h.model.rights(who, b)
		if h.try(who, r.on(true)['e'], `EXPUNGE`) {
			b.messages = slices.DeleteFunc(b.messages, func(msg *modelMessage) bool {
				return msg.flags[`\Deleted`] && r.on(msg.creator == who)['e']
			})
		}
	})
}

// copy copies or moves all messages.
func (h *history) copy(who string, from, to *modelBox) {
	if len(from.messages) == 0 || from == to {
		return
	}
	if from.owner != to.owner && to.trash {
		return // MOVE stays with the owner; a dialogue has it
	}
	h.within(who, from, func() {
		r, there := h.model.rights(who, from), h.model.rights(who, to)
		list := slices.Clone(from.messages)
		command := pick(h, []string{"COPY", "MOVE"})
		may := there['i']
		if command == "MOVE" {
			list = slices.DeleteFunc(list, func(msg *modelMessage) bool { return !r.on(msg.creator == who).has("te") })
			may = may && len(list) > 0
		}
		if !h.try(who, may, `%s 1:* "%s"`, command, h.model.name(who, to)) {
			return
		}
		for _, msg := range list {
			h.model.put(to, who, msg.show(who))
		}
		if command == "MOVE" {
			from.messages = slices.DeleteFunc(from.messages, func(msg *modelMessage) bool { return slices.Contains(list, msg) })
		}
	})
}
