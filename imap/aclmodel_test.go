package imap_test

import (
	"maps"
	"slices"
	"strings"
)

// The naive model of rights and of what they protect: strings and maps, written
// from RFC 4314 and docs/sharing.md alone, without package acl and without any
// thought of speed. TestRightsHistories holds the server against it.

const allLetters = "lrswipkxtea12"

// letters is a set of rights.
type letters map[rune]bool

func set(text string) letters {
	s := letters{}
	for _, c := range text {
		switch c {
		case 'c':
			s['k'], s['x'] = true, true
		case 'd':
			s['t'], s['e'] = true, true
		default:
			s[c] = true
		}
	}
	return s
}

func (s letters) has(all string) bool {
	for _, c := range all {
		if !s[c] {
			return false
		}
	}
	return true
}

func (s letters) hasAny(some string) bool {
	return strings.ContainsFunc(some, func(c rune) bool { return s[c] })
}

// String is how MYRIGHTS shows the set.
func (s letters) String() string {
	var b strings.Builder
	for _, c := range "lrswipkxtecda12" {
		switch {
		case c == 'c' && s.hasAny("kx"), c == 'd' && s.hasAny("te"), s[c]:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// A modelBox is a mailbox, or with the empty path the root of an owner's tree.
type modelBox struct {
	owner, path string
	acl         map[string]letters // by identifier
	messages    []*modelMessage
	trash       bool // for what is deleted (RFC 6154)
}

// A modelMessage is a message; \Seen is everybody's own.
type modelMessage struct {
	creator string
	flags   map[string]bool // all others
	seen    map[string]bool // by user
}

// A modelHouse is who there is and what they have.
type modelHouse struct {
	people  []string
	members map[string][]string // of each group
	boxes   map[string]*modelBox
}

func boxKey(owner, path string) string { return owner + ":" + path }

func (m *modelHouse) box(owner, path string) *modelBox { return m.boxes[boxKey(owner, path)] }

func (m *modelHouse) add(owner, path string) *modelBox {
	b := &modelBox{owner: owner, path: path, acl: map[string]letters{}}
	m.boxes[boxKey(owner, path)] = b
	return b
}

// parent cuts the last level off a path.
func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)]
}

// chain returns a mailbox and all above it, up to the root.
func (m *modelHouse) chain(b *modelBox) []*modelBox {
	list := []*modelBox{b}
	for b.path != "" {
		b = m.box(b.owner, parent(b.path))
		list = append(list, b)
	}
	return list
}

// entry returns what holds for an identifier at a mailbox: the entry that is
// nearest.
func (m *modelHouse) entry(b *modelBox, id string) (letters, bool) {
	for _, at := range m.chain(b) {
		if r, ok := at.acl[id]; ok {
			return r, true
		}
	}
	if id == b.owner && m.members[id] == nil {
		return set("lrswipkxtea"), true
	}
	return nil, false
}

// identifiers returns all that have an entry somewhere above a mailbox.
func (m *modelHouse) identifiers(b *modelBox) map[string]bool {
	ids := map[string]bool{b.owner: true}
	for _, at := range m.chain(b) {
		for id := range at.acl {
			ids[id] = true
		}
	}
	return ids
}

// means tells whether an identifier, without its dash, means a person.
func (m *modelHouse) means(id, person string) bool {
	group, ok := strings.CutPrefix(id, "$")
	if !ok {
		return id == person || id == "anyone" || id == "authenticated"
	}
	for _, member := range m.members[group] {
		if member == person || m.members[member] != nil && m.means("$"+member, person) {
			return true
		}
	}
	return false
}

// rights returns what a person may do: all that is granted, without all that is
// taken.
func (m *modelHouse) rights(person string, b *modelBox) letters {
	r := letters{}
	taken := letters{}
	for id := range m.identifiers(b) {
		entry, ok := m.entry(b, id)
		name, negative := strings.CutPrefix(id, "-")
		switch {
		case !ok || !m.means(name, person):
		case negative:
			maps.Copy(taken, entry)
		default:
			maps.Copy(r, entry)
		}
	}
	for c := range taken {
		delete(r, c)
	}
	if person == b.owner {
		r['l'], r['a'] = true, true
	}
	return r
}

// on returns what a person may do with one message.
func (r letters) on(own bool) letters {
	r = maps.Clone(r)
	if own && r['1'] {
		r['w'] = true
	}
	if own && r['2'] {
		r['t'], r['e'] = true, true
	}
	return r
}

// setACL does what SETACL does. It follows what GETACL shows: + and - change the
// rights that hold, wherever they come from.
func (m *modelHouse) setACL(b *modelBox, id, how, text string) {
	now := letters{}
	if old, ok := m.entry(b, id); ok && how != "" {
		maps.Copy(now, old)
	}
	for c := range set(text) {
		if how == "-" {
			delete(now, c)
		} else {
			now[c] = true
		}
	}
	if len(now) == 0 {
		inherited := id == b.owner && m.members[id] == nil
		if b.path != "" {
			_, inherited = m.entry(m.box(b.owner, parent(b.path)), id)
		}
		if b.path == "" || !inherited {
			delete(b.acl, id)
			return
		}
	}
	b.acl[id] = now
}

// nearest returns the nearest mailbox above a path that there is, or the root.
func (m *modelHouse) nearest(owner, path string) *modelBox {
	for path = parent(path); m.box(owner, path) == nil; {
		path = parent(path)
	}
	return m.box(owner, path)
}

// create makes a mailbox and those above it.
func (m *modelHouse) create(owner, path string) {
	for m.box(owner, path) == nil {
		m.add(owner, path)
		path = parent(path)
	}
}

func (m *modelHouse) hasChildren(b *modelBox) bool {
	for _, other := range m.boxes {
		if other.owner == b.owner && other.path != "" && other != b && parent(other.path) == b.path {
			return true
		}
	}
	return false
}

// move gives a mailbox, and what is beneath it, another path.
func (m *modelHouse) move(b *modelBox, path string) {
	m.createAbove(b.owner, path)
	from := b.path
	var moved []*modelBox
	for key, other := range m.boxes {
		if rest, ok := strings.CutPrefix(other.path, from); ok && other.owner == b.owner && (rest == "" || rest[0] == '/') {
			delete(m.boxes, key)
			other.path = path + rest
			moved = append(moved, other)
		}
	}
	for _, other := range moved {
		m.boxes[boxKey(other.owner, other.path)] = other
	}
}

func (m *modelHouse) createAbove(owner, path string) {
	if above := parent(path); above != "" {
		m.create(owner, above)
	}
}

// name is how a person calls a mailbox.
func (m *modelHouse) name(person string, b *modelBox) string {
	prefix := "Users/"
	switch {
	case person == b.owner:
		return b.path
	case m.members[b.owner] != nil:
		prefix = "Shared/"
	}
	return strings.TrimSuffix(prefix+b.owner+"/"+b.path, "/")
}

// visible returns the mailboxes that LIST returns to a person, with their rights.
func (m *modelHouse) visible(person string) map[string]letters {
	list := map[string]letters{}
	for _, b := range m.boxes {
		if r := m.rights(person, b); r['l'] && b.path != "" {
			list[m.name(person, b)] = r
		}
	}
	return list
}

// all returns the mailboxes in order, those without the roots if leaves is set.
func (m *modelHouse) all(roots bool) []*modelBox {
	var list []*modelBox
	for _, key := range slices.Sorted(maps.Keys(m.boxes)) {
		if b := m.boxes[key]; roots || b.path != "" {
			list = append(list, b)
		}
	}
	return list
}

// put adds a message with the flags that its creator may set.
func (m *modelHouse) put(b *modelBox, creator string, flags []string) {
	r := m.rights(creator, b).on(true)
	msg := &modelMessage{creator: creator, flags: map[string]bool{}, seen: map[string]bool{}}
	for _, f := range flags {
		msg.change(r, creator, f, true)
	}
	b.messages = append(b.messages, msg)
}

// change sets or clears a flag if that is allowed.
func (msg *modelMessage) change(r letters, person, flag string, on bool) {
	switch {
	case flag == `\Seen` && r['s']:
		msg.seen[person] = on
	case flag == `\Deleted` && r['t'], flag != `\Seen` && flag != `\Deleted` && r['w']:
		msg.flags[flag] = on
	}
}

// show returns the flags as a person sees them, sorted.
func (msg *modelMessage) show(person string) []string {
	list := []string{}
	for f, on := range msg.flags {
		if on {
			list = append(list, f)
		}
	}
	if msg.seen[person] {
		list = append(list, `\Seen`)
	}
	slices.Sort(list)
	return list
}
