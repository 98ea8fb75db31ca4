package promises

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A store is what one client knows of its own mailboxes: the model that the rigs
// compare the server with. Nobody else changes these mailboxes, so that after a
// crash the server must show either the store of the last acknowledged command
// or that after the one under way, as a whole.
type store map[string]*folder // by name

// A folder is one mailbox. UIDVALIDITY and modseqs are 0 while nobody has told
// them.
type folder struct {
	validity uint32
	next     uint32 // UIDNEXT
	highest  uint64 // HIGHESTMODSEQ
	messages map[uint32]message
	rights   map[string]string // by name of who has them, but the owner
	notes    map[string]string // annotations by name, the policy among them
	// foreign: it is somebody else's, who lets the client do all with messages.
	foreign bool
	// gone is what was expunged and can be had back. Nobody can list it over
	// IMAP, so it is not compared, but used.
	gone map[uint32]message
}

func newFolder() *folder {
	return &folder{next: 1, messages: map[uint32]message{}, rights: map[string]string{}, notes: map[string]string{}, gone: map[uint32]message{}}
}

// A message is known by its subject, from which its text follows.
type message struct {
	subject string
	flags   string // sorted, a space between
	modseq  uint64
	changed bool // by the last command, which must tell a new modseq
}

func (s store) clone() store {
	out := make(store, len(s))
	for name, f := range s {
		c := *f
		c.messages, c.rights, c.notes, c.gone = maps.Clone(f.messages), maps.Clone(f.rights), maps.Clone(f.notes), maps.Clone(f.gone)
		out[name] = &c
	}
	return out
}

// String writes all that two stores must have in common to be the same.
func (s store) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s)) {
		f := s[name]
		fmt.Fprintf(&b, "%s next %d rights %v notes %v\n", name, f.next, f.rights, f.notes)
		for _, uid := range slices.Sorted(maps.Keys(f.messages)) {
			fmt.Fprintf(&b, "\t%d %s (%s)\n", uid, f.messages[uid].subject, f.messages[uid].flags)
		}
	}
	return b.String()
}

// fits tells why the server's store found cannot be what s became, or "".
func (s store) fits(found store) string {
	if s.String() != found.String() {
		return fmt.Sprintf("expected\n%sfound\n%s", s, found)
	}
	for name, f := range s {
		g := found[name]
		if f.validity != 0 && f.validity != g.validity {
			return fmt.Sprintf("%s: UIDVALIDITY was %d and is %d", name, f.validity, g.validity)
		}
		if g.highest < f.highest {
			return fmt.Sprintf("%s: HIGHESTMODSEQ was %d and is %d", name, f.highest, g.highest)
		}
		for uid, m := range f.messages {
			if now := g.messages[uid].modseq; m.modseq != 0 && m.modseq != now || now > g.highest {
				return fmt.Sprintf("%s: the modseq of UID %d was %d and is %d, with HIGHESTMODSEQ %d", name, uid, m.modseq, now, g.highest)
			}
		}
	}
	return ""
}

// settle finds which of the stores that a crash may leave was found, and returns
// it with what only the server can tell. It says what is wrong if it was neither.
func settle(acked store, pending *op, found store) (store, error) {
	problem := acked.fits(found)
	if problem == "" {
		return acked.clone().adopt(found), nil
	}
	if pending == nil {
		return nil, fmt.Errorf("nothing was under way: %s", problem)
	}
	done := acked.clone()
	done.apply(*pending)
	if late := done.fits(found); late != "" {
		return nil, fmt.Errorf("neither before %v: %s\nnor after it: %s", *pending, problem, late)
	}
	return done.adopt(found), nil
}

// adopt takes in the numbers that the server gives.
func (s store) adopt(found store) store {
	for name, f := range s {
		g := found[name]
		f.validity, f.highest, f.messages = g.validity, g.highest, maps.Clone(g.messages)
	}
	return s
}

// An op is one command of a client.
type op struct {
	kind    string // as the commands are called
	folder  string
	to      string // of copy, move and rename
	uids    []uint32
	subject string
	flag    string // the value, of annotate
	add     bool
	who     string // the name, of annotate
	rights  string
}

func (o op) String() string {
	return strings.Join(strings.Fields(fmt.Sprint(o.kind, " ", o.folder, " ", o.to, " ", o.uids, " ", o.subject, " ", o.flag, " ", o.add, " ", o.who, " ", o.rights)), " ")
}

// An outcome is what the server says beyond OK: where messages went, and new
// modseqs by UID.
type outcome struct {
	uids     []uint32
	validity uint32
	modseqs  map[uint32]uint64
}

// apply does to the model what the command does to the server.
func (s store) apply(o op) {
	f := s[o.folder]
	switch o.kind {
	case "create":
		s[o.folder] = newFolder()
	case "delete":
		delete(s, o.folder)
	case "rename":
		for name, f := range maps.Clone(s) {
			if rest, ok := strings.CutPrefix(name, o.folder); ok && (rest == "" || rest[0] == '/') {
				delete(s, name)
				s[o.to+rest] = f
			}
		}
	case "append":
		f.add(message{subject: o.subject, flags: o.flag})
	case "store":
		for _, uid := range o.uids {
			if m, ok := f.messages[uid]; ok {
				f.messages[uid] = m.with(o.flag, o.add)
			}
		}
	case "copy", "move":
		for _, uid := range o.uids { // ascending
			if m, ok := f.messages[uid]; ok {
				m.modseq, m.changed = 0, false
				s[o.to].add(m)
				if o.kind == "move" {
					delete(f.messages, uid)
				}
			}
		}
	case "replace":
		f.remove(o.uids[0])
		s[o.to].add(message{subject: o.subject, flags: o.flag})
	case "expunge":
		for _, uid := range o.uids {
			if strings.Contains(f.messages[uid].flags, `\Deleted`) {
				f.remove(uid)
			}
		}
	case "undelete":
		m := f.gone[o.uids[0]].with(`\Deleted`, false)
		m.modseq, m.changed = 0, false
		f.add(m)
	case "import":
		for _, subject := range imported(o) {
			f.add(message{subject: subject, flags: o.flag})
		}
	case "annotate":
		f.notes[o.who] = o.flag
		if o.flag == "" {
			delete(f.notes, o.who)
		}
		if o.who == policyEntry {
			s.forgetModseqs(o.folder)
		}
	case "setacl":
		f.rights[o.who] = o.rights
		if o.rights == "" {
			delete(f.rights, o.who)
		}
	}
}

// policyEntry is the annotation that says which flags everyone has for himself.
const policyEntry = "/shared/vendor/poststube/private-flags"

// forgetModseqs is for what gives all messages of a tree new ones.
func (s store) forgetModseqs(root string) {
	for name, f := range s {
		if name != root && !strings.HasPrefix(name, root+"/") {
			continue
		}
		for uid, m := range f.messages {
			m.modseq = 0
			f.messages[uid] = m
		}
	}
}

// imported are the subjects of one import.
func imported(o op) []string { return []string{o.subject + "a", o.subject + "b", o.subject + "c"} }

func (f *folder) remove(uid uint32) {
	f.gone[uid] = f.messages[uid]
	delete(f.messages, uid)
}

func (f *folder) add(m message) {
	f.messages[f.next] = m
	f.next++
}

func (m message) with(flag string, on bool) message {
	words := strings.Fields(m.flags)
	if slices.Contains(words, flag) == on {
		return m
	}
	m.modseq, m.changed = 0, true
	words = slices.DeleteFunc(words, func(w string) bool { return w == flag })
	if on {
		words = append(words, flag)
	}
	m.flags = sortWords(words)
	return m
}

func sortWords(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}

// arrivals is how many messages a command brings, where that is certain.
var arrivals = map[string]int{"append": 1, "replace": 1, "undelete": 1, "import": 3}

// learn takes in what the acknowledgement told, and says what cannot be.
func (s store) learn(o op, got outcome) error {
	f := s[o.folder]
	to := f
	switch o.kind {
	case "copy", "move", "replace":
		to = s[o.to]
		fallthrough
	case "append", "undelete", "import":
		if want := arrivals[o.kind]; want != 0 && len(got.uids) != want {
			return fmt.Errorf("%v: went to UIDs %v, want %d", o, got.uids, want)
		}
		for i, uid := range got.uids {
			if want := to.next - uint32(len(got.uids)-i); uid != want {
				return fmt.Errorf("%v: went to UIDs %v, %d is the next now", o, got.uids, to.next)
			}
		}
	case "create":
		f.validity = got.validity
	}
	for uid, modseq := range got.modseqs {
		m, ok := f.messages[uid]
		if !ok {
			continue
		}
		if modseq <= f.highest && m.changed {
			return fmt.Errorf("%v: UID %d got modseq %d, the mailbox had %d", o, uid, modseq, f.highest)
		}
		m.modseq, m.changed = modseq, false
		f.messages[uid] = m
	}
	for _, modseq := range got.modseqs {
		f.highest = max(f.highest, modseq)
	}
	return nil
}
