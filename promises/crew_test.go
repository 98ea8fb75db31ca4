package promises

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// teamFolders are where several people work at the same time.
var teamFolders = []string{"Shared/sales/desk", "Shared/sales/done"}

// A member works in the mailboxes of a team, beside others who do. The ledger
// has the member's own messages only, and nobody else touches these.
type member struct {
	sync.Mutex
	*generator
	user    string
	held    map[string]held // by subject
	pending *op
	count   int
	d       desk
	// uids is what each UID was, for ever, and highest the HIGHESTMODSEQ that
	// was told, by folder.
	uids    map[string]map[uint32]string
	highest map[string]uint64
}

// A held is where one message is; uid and modseq are 0 while nobody has told
// them.
type held struct {
	folder string
	uid    uint32
	flags  string
	modseq uint64
}

func newMember(rng *rand.Rand, user, prefix string) *member {
	m := &member{generator: &generator{Rand: rng, prefix: prefix}, user: user, held: map[string]held{}, uids: map[string]map[uint32]string{}, highest: map[string]uint64{}}
	for _, f := range teamFolders {
		m.uids[f] = map[uint32]string{}
	}
	return m
}

func (m *member) clone() writer {
	c := newMember(m.Rand, m.user, m.prefix)
	c.held, c.pending, c.highest = maps.Clone(m.held), m.pending, maps.Clone(m.highest)
	for f, uids := range m.uids {
		c.uids[f] = maps.Clone(uids)
	}
	return c
}

func (m *member) done() int { return m.count }

func (m *member) sit(s site) (err error) {
	m.d, err = s.desk(m.user)
	return err
}

// next makes up a command about one message of the member's.
func (m *member) next() op {
	subjects := slices.Sorted(maps.Keys(m.held))
	if len(subjects) == 0 || len(subjects) < 12 && m.IntN(3) == 0 {
		return op{kind: "append", folder: m.pick(teamFolders...), subject: m.subject(), flag: m.pick("", `\Flagged`, `\Seen todo`)}
	}
	subject := subjects[m.IntN(len(subjects))]
	h := m.held[subject]
	o := op{kind: m.pick("store", "store", "move", "expunge"), folder: h.folder, subject: subject, uids: []uint32{h.uid}}
	switch {
	case o.kind == "move":
		o.to = teamFolders[1-slices.Index(teamFolders, h.folder)]
	case o.kind == "expunge" && !strings.Contains(h.flags, `\Deleted`):
		o.kind, o.flag, o.add = "store", `\Deleted`, true
	case o.kind == "store":
		o.flag, o.add = m.pick(`\Seen`, `\Flagged`, `\Deleted`, "todo"), m.IntN(3) > 0
	}
	return o
}

func (m *member) turn() error {
	m.Lock()
	o := m.next()
	m.pending = &o
	m.Unlock()
	got, err := m.d.do(o)
	if err != nil {
		return fmt.Errorf("%v: %w", o, gone(err))
	}
	m.Lock()
	defer m.Unlock()
	h := m.apply(m.held, o)
	switch {
	case o.kind == "append" || o.kind == "move":
		if len(got.uids) != 1 {
			return fmt.Errorf("%v: went to UIDs %v", o, got.uids)
		}
		h.uid = got.uids[0]
		m.held[o.subject] = h
		err = m.name(h.folder, h.uid, o.subject)
	case o.kind == "store":
		if modseq := got.modseqs[h.uid]; modseq != 0 {
			h.modseq = modseq
			m.held[o.subject] = h
			m.highest[h.folder] = max(m.highest[h.folder], modseq)
		}
	}
	m.pending = nil
	m.count++
	return err
}

// apply does a command to a ledger and returns what it has of the message then.
func (m *member) apply(ledger map[string]held, o op) held {
	h := ledger[o.subject]
	switch o.kind {
	case "append":
		h = held{folder: o.folder, flags: o.flag}
	case "store":
		now := message{flags: h.flags}.with(o.flag, o.add)
		if now.changed {
			h.flags, h.modseq = now.flags, 0
		}
	case "move":
		h.folder, h.uid, h.modseq = o.to, 0, 0
	case "expunge":
		delete(ledger, o.subject)
		return h
	}
	ledger[o.subject] = h
	return h
}

// name remembers what a UID is, and says so if it was something else.
func (m *member) name(folder string, uid uint32, subject string) error {
	if was, ok := m.uids[folder][uid]; ok && was != subject {
		return fmt.Errorf("UID %d of %s was %s and is %s", uid, folder, was, subject)
	}
	m.uids[folder][uid] = subject
	return nil
}

func (m *member) settle(s site) error {
	if err := m.sit(s); err != nil {
		return err
	}
	found := map[string]held{}
	for _, name := range teamFolders {
		f, err := m.d.readFolder(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if f.highest < m.highest[name] {
			return fmt.Errorf("%s: HIGHESTMODSEQ was %d and is %d", name, m.highest[name], f.highest)
		}
		m.highest[name] = f.highest
		for uid, msg := range f.messages {
			if !strings.HasPrefix(msg.subject, m.prefix) {
				continue
			}
			if twin, ok := found[msg.subject]; ok {
				return fmt.Errorf("%s is there twice: as UID %d of %s and as UID %d of %s", msg.subject, twin.uid, twin.folder, uid, name)
			}
			found[msg.subject] = held{name, uid, msg.flags, msg.modseq}
			if err := m.name(name, uid, msg.subject); err != nil {
				return err
			}
		}
	}
	problem := compareHeld(m.held, found)
	if problem != "" && m.pending != nil {
		after := maps.Clone(m.held)
		m.apply(after, *m.pending)
		if late := compareHeld(after, found); late != "" {
			return fmt.Errorf("%s: neither before %v: %s\nnor after it: %s", m.prefix, *m.pending, problem, late)
		}
	} else if problem != "" {
		return fmt.Errorf("%s: nothing was under way: %s", m.prefix, problem)
	}
	m.held, m.pending = found, nil
	return nil
}

// compareHeld tells how what was found differs from a ledger, or "".
func compareHeld(ledger, found map[string]held) string {
	for subject, h := range ledger {
		f, ok := found[subject]
		if h.uid == 0 {
			h.uid = f.uid
		}
		if h.modseq == 0 {
			h.modseq = f.modseq
		}
		if !ok || h != f {
			return fmt.Sprintf("%s should be %+v and is %+v", subject, h, f)
		}
	}
	for subject := range found {
		if _, ok := ledger[subject]; !ok {
			return fmt.Sprintf("%s should not be there", subject)
		}
	}
	return ""
}
