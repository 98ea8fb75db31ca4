package promises

import (
	"fmt"
	"maps"
	"math/rand/v2"
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
		c.messages, c.rights = maps.Clone(f.messages), maps.Clone(f.rights)
		out[name] = &c
	}
	return out
}

// String writes all that two stores must have in common to be the same.
func (s store) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s)) {
		f := s[name]
		fmt.Fprintf(&b, "%s next %d rights %v\n", name, f.next, f.rights)
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

// settle finds which of the stores that a crash may leave was found, and says
// what is wrong if none was.
func settle(acked store, pending *op, found store) error {
	problem := acked.fits(found)
	if problem == "" {
		return nil
	}
	if pending == nil {
		return fmt.Errorf("nothing was under way: %s", problem)
	}
	done := acked.clone()
	done.apply(*pending)
	if late := done.fits(found); late != "" {
		return fmt.Errorf("neither before %v: %s\nnor after it: %s", *pending, problem, late)
	}
	return nil
}

// An op is one command of a client.
type op struct {
	kind    string // as the commands are called
	folder  string
	to      string // of copy, move and rename
	uids    []uint32
	subject string
	flag    string
	add     bool
	who     string
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
		s[o.folder] = &folder{next: 1, messages: map[uint32]message{}, rights: map[string]string{}}
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
	case "expunge":
		for _, uid := range o.uids {
			if strings.Contains(f.messages[uid].flags, `\Deleted`) {
				delete(f.messages, uid)
			}
		}
	case "setacl":
		f.rights[o.who] = o.rights
		if o.rights == "" {
			delete(f.rights, o.who)
		}
	}
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

// learn takes in what the acknowledgement told, and says what cannot be.
func (s store) learn(o op, got outcome) error {
	f := s[o.folder]
	switch o.kind {
	case "append":
		if want := f.next - 1; len(got.uids) != 1 || got.uids[0] != want {
			return fmt.Errorf("%v: went to UIDs %v, %d was the next", o, got.uids, want)
		}
	case "copy", "move":
		to := s[o.to]
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

// A generator makes up the commands of one client.
type generator struct {
	*rand.Rand
	prefix string   // of its mailboxes
	others []string // who may be given rights
	serial int
}

var kinds = []string{"append", "append", "append", "append", "store", "store", "store", "copy", "move", "expunge", "expunge", "setacl", "create", "rename", "delete"}

const (
	maxFolders  = 5
	maxMessages = 25
)

// next makes up a command that must succeed.
func (g *generator) next(s store) op {
	names := slices.Sorted(maps.Keys(s))
	if len(names) < 2 {
		return op{kind: "create", folder: g.name()}
	}
	folder := names[g.IntN(len(names))]
	o := op{kind: kinds[g.IntN(len(kinds))], folder: folder}
	f := s[folder]
	if len(f.messages) > maxMessages { // old ones go, so that no round is slower than the last
		return g.shrink(o, f)
	}
	switch o.kind {
	case "append":
		o.subject, o.flag = g.subject(), g.pick("", `\Flagged`, `\Seen todo`)
	case "store":
		o.uids, o.flag, o.add = g.some(f), g.pick(`\Seen`, `\Flagged`, `\Deleted`, `\Deleted`, `\Answered`, "todo"), g.IntN(3) > 0
	case "copy", "move":
		o.uids, o.to = g.some(f), names[g.IntN(len(names))]
		if o.to == folder && o.kind == "move" {
			o.kind = "copy"
		}
	case "expunge":
		o.uids = g.some(f)
	case "setacl":
		if strings.Contains(folder, "/") { // it inherits, which is another story
			return g.next(s)
		}
		o.who, o.rights = g.pick(g.others...), g.pick("", "lr", "lrs", "lrsw")
	case "create":
		if len(names) >= maxFolders {
			return g.next(s)
		}
		o.folder = g.name()
		if g.IntN(2) == 0 && !strings.Contains(folder, "/") {
			o.folder = folder + "/" + g.name()
		}
	case "rename":
		o.to = g.name()
	case "delete":
		if len(names) <= 2 || slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, folder+"/") }) {
			return g.next(s)
		}
	}
	if (o.kind == "store" || o.kind == "copy" || o.kind == "move" || o.kind == "expunge") && len(o.uids) == 0 {
		return op{kind: "append", folder: folder, subject: g.subject()}
	}
	return o
}

// shrink marks old messages or removes those marked.
func (g *generator) shrink(o op, f *folder) op {
	uids := slices.Sorted(maps.Keys(f.messages))[:maxMessages/2]
	o.kind, o.uids, o.flag, o.add = "store", uids, `\Deleted`, true
	if slices.ContainsFunc(uids, func(uid uint32) bool { return strings.Contains(f.messages[uid].flags, `\Deleted`) }) {
		o.kind = "expunge"
	}
	return o
}

// name returns one that no mailbox of this client ever had.
func (g *generator) name() string {
	g.serial++
	return fmt.Sprintf("%s%d", g.prefix, g.serial)
}

// subject returns one that no message ever had.
func (g *generator) subject() string {
	g.serial++
	return fmt.Sprintf("%sm%d", g.prefix, g.serial)
}

func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

// some returns a few UIDs of a folder in order.
func (g *generator) some(f *folder) []uint32 {
	uids := slices.Sorted(maps.Keys(f.messages))
	if len(uids) == 0 {
		return nil
	}
	at := g.IntN(len(uids))
	return uids[at:min(len(uids), at+1+g.IntN(4))]
}

// text is the message of a subject; some are so large that they are not kept in
// the log of the store but in files.
func text(subject string) string {
	body := "From: load@example.com\r\nSubject: " + subject + "\r\n\r\nhello " + subject + "\r\n"
	if strings.HasSuffix(subject, "7") {
		body += strings.Repeat(strings.Repeat("k", 98)+"\r\n", 700)
	}
	return body
}

// subjectOf is text's inverse; it fails for what is not whole.
func subjectOf(octets string) (string, error) {
	_, rest, _ := strings.Cut(octets, "\r\nSubject: ")
	subject, _, _ := strings.Cut(rest, "\r\n")
	if _, own, ok := strings.Cut(octets, "From: load@"); !ok || "From: load@"+own != text(subject) {
		return "", fmt.Errorf("a message of %d octets is not whole; its subject is %q", len(octets), subject)
	}
	return subject, nil
}
