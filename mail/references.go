package mail

import "slices"

// A threader is the REFERENCES algorithm of RFC 5256 section 3. Its nodes are
// numbers: first those of the messages, then dummies for messages that others
// refer to and that are not among them. No step looks at a node more often than
// a fixed number of times, but for what forest says about loops.
//
// The RFC sorts siblings twice. Here the messages are in the order of their dates
// before the trees are built, so that lists which are filled in that order are
// sorted.
type threader struct {
	*threadable
	links forest
	node  []uint32 // by number of a message id
	// place is the parent of a node once there are no dummies but under the
	// root: a message, a dummy, or none for the root. That of a dummy is none,
	// or the dummy that it was merged into.
	place []uint32
}

func (l *threadable) references() []ThreadMember {
	t := threader{threadable: l, links: newForest(len(l.uids))}
	t.name()
	for i := range l.uids {
		t.link(uint32(i))
	}
	t.prune()
	t.gather()
	return t.arrange()
}

// message tells whether a node is a message.
func (t *threader) message(node uint32) bool { return int(node) < len(t.uids) }

// name finds out which message has which id: the first one that says so.
func (t *threader) name() {
	t.node = make([]uint32, t.ids+1)
	for i := range t.node {
		t.node[i] = none
	}
	for i, r := range t.rows {
		if r.id != 0 && t.node[r.id] == none {
			t.node[r.id] = uint32(i)
		}
	}
}

// of returns the node with a message id.
func (t *threader) of(id uint32) uint32 {
	if t.node[id] == none {
		t.node[id] = t.links.add()
	}
	return t.node[id]
}

// link is step 1 for one message.
func (t *threader) link(i uint32) {
	r := t.rows[i]
	last := none
	for _, id := range t.refs[r.refs:][:r.refCount] { // step 1.A
		ref := t.of(id)
		if last != none && t.links.parent[ref] == none {
			t.links.link(last, ref)
		}
		last = ref
	}
	if t.links.parent[i] == last { // step 1.B
		return
	}
	t.links.cut(i)
	if last != none {
		t.links.link(last, i)
	}
}

// prune is step 3. Dummies go, and what was under them is under whatever they
// were under; only under the root one stays, for two children or more.
func (t *threader) prune() {
	t.place = make([]uint32, len(t.links.parent))
	for i := range t.place {
		t.place[i] = none
	}
	// For a dummy, first the message or the dummy under the root that it stands
	// for.
	kept := make([]uint32, len(t.links.parent)) // children of dummies
	for i := range uint32(len(t.uids)) {
		p := t.links.parent[i]
		if p != none && !t.message(p) {
			p = t.above(p)
			kept[p]++
		}
		t.place[i] = p
	}
	for i := range uint32(len(t.uids)) {
		if p := t.place[i]; p != none && !t.message(p) && kept[p] == 1 {
			t.place[i] = none
		}
	}
	for i := len(t.uids); i < len(t.place); i++ {
		t.place[i] = none
	}
}

// above returns the nearest message over a dummy, or the dummy over it that has
// nothing above. It is remembered in place for all dummies on the way.
func (t *threader) above(dummy uint32) uint32 {
	end := dummy
	for !t.message(end) && t.place[end] == none {
		p := t.links.parent[end]
		if p == none {
			break
		}
		end = p
	}
	if !t.message(end) && t.place[end] != none {
		end = t.place[end]
	}
	for d := dummy; d != end && !t.message(d) && t.place[d] == none; d = t.links.parent[d] {
		t.place[d] = end
	}
	return end
}

// roots returns what is under the root, by date (steps 2 and 4), and the first
// child of each dummy among it.
func (t *threader) roots() (roots, first []uint32) {
	first = make([]uint32, len(t.place)-len(t.uids))
	for i := range first {
		first[i] = none
	}
	for _, i := range t.byDate {
		switch p := t.place[i]; {
		case p == none:
			roots = append(roots, i)
		case t.message(p):
		case first[int(p)-len(t.uids)] == none:
			first[int(p)-len(t.uids)] = i
			roots = append(roots, p)
		}
	}
	return roots, first
}

// gather is step 5: threads with the same subject become one.
func (t *threader) gather() {
	roots, first := t.roots()
	subject := func(node uint32) uint32 {
		if !t.message(node) {
			node = first[int(node)-len(t.uids)]
		}
		return t.rows[node].text[subjectText]
	}
	isReply := func(node uint32) bool { return t.message(node) && t.rows[node].isReply }

	chosen := make([]uint32, max(t.texts, 1)) // by subject
	for i := range chosen {
		chosen[i] = none
	}
	for _, node := range roots { // step 5.B
		s := subject(node)
		if s == 0 {
			continue
		}
		if c := chosen[s]; c == none || t.message(c) && (!t.message(node) || isReply(c) && !isReply(node)) {
			chosen[s] = node
		}
	}
	for _, node := range roots { // step 5.C
		s := subject(node)
		if s == 0 || chosen[s] == node || t.place[node] != none {
			continue
		}
		c := chosen[s]
		if t.message(c) && (!isReply(node) || isReply(c)) {
			// Neither answers the other: both go under a new dummy.
			chosen[s] = uint32(len(t.place))
			t.place = append(t.place, none)
			t.place[c] = chosen[s]
		}
		t.place[node] = chosen[s]
	}
}

// arrange is step 6, and lists the threads.
func (t *threader) arrange() []ThreadMember {
	var f children
	f.reset(len(t.place))
	heads := make([]uint32, 0, len(t.uids))
	for _, i := range t.byDate {
		p := t.place[i]
		if p == none {
			heads = append(heads, i)
			continue
		}
		if !t.message(p) {
			if into := t.place[p]; into != none {
				p = into
			}
			if f.first[p] == none {
				heads = append(heads, p)
			}
		}
		f.append(p, i)
	}
	return t.flatten(slices.Clip(heads), &f)
}
