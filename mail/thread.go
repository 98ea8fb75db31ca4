package mail

import (
	"context"

	"poststube/acl"
	"poststube/uidset"
)

// A ThreadBy is a way to find out which messages belong together.
type ThreadBy uint8

// The algorithms of RFC 5256 section 3.
const (
	ThreadByReferences     ThreadBy = iota // who answers whom, then equal base subjects
	ThreadByOrderedSubject                 // equal base subjects
)

// A ThreadMember is a message in its thread. Threads come one after another, each
// from its first message on: a member is followed by its Replies direct answers,
// each with all that belongs to it.
type ThreadMember struct {
	// UID is 0 for what is only known from its answers, of which there are at
	// least two. It occurs at the beginning of a thread only.
	UID     uint32
	Replies uint32
}

// Thread returns those of within that match q, by threads. Needs r. The cost is
// that of the search and O(n log n) of its result, whatever the messages say of
// each other.
func (b *Mailbox) Thread(ctx context.Context, within uidset.Set, q *Query, by ThreadBy) (members []ThreadMember, err error) {
	err = b.view(ctx, "thread", acl.Read, func(m *mailbox) error {
		found, err := m.find(ctx, within, q)
		if err != nil || found.Empty() {
			return err
		}
		t, err := m.t.e.columns.read(ctx, m, found, emailColumns)
		if err != nil {
			return err
		}
		list := t.threadable(found)
		if by == ThreadByOrderedSubject {
			members = list.orderedSubject()
		} else {
			members = list.references()
		}
		return nil
	})
	return members, err
}

// A threadable is the messages that are to be threaded, by UID.
type threadable struct {
	table
	uids []uint32
	rows []*emailRow
	// byDate are the indexes of all messages, by their sent date and among equal
	// ones by UID (section 2.2).
	byDate []uint32
}

func (t table) threadable(uids uidset.Set) *threadable {
	n := uids.Len()
	l := &threadable{table: t, uids: make([]uint32, 0, n), rows: make([]*emailRow, 0, n)}
	o := newOrdering(uids)
	sent := make([]uint64, 0, n)
	t.emails.each(uids, func(uid uint32, r *emailRow) {
		l.uids = append(l.uids, uid)
		l.rows = append(l.rows, r)
		sent = append(sent, ordinal(r.sent))
	})
	o.sort(sent, false)
	l.byDate = o.order
	return l
}

// orderedSubject is ORDEREDSUBJECT: all messages of a subject are answers to the
// first of them, and threads are ordered by their first messages.
func (l *threadable) orderedSubject() []ThreadMember {
	first := make(map[uint32]uint32, len(l.uids)/2) // subject -> its first message
	heads := make([]uint32, 0, len(l.uids))
	var f children
	f.reset(len(l.uids))
	for _, i := range l.byDate {
		subject := l.rows[i].text[subjectText]
		if head, ok := first[subject]; ok {
			f.append(head, i)
			continue
		}
		first[subject] = i
		heads = append(heads, i)
	}
	return l.flatten(heads, &f)
}

// flatten lists the trees under heads, each member before its answers. Nodes from
// len(l.uids) on are no messages.
func (l *threadable) flatten(heads []uint32, f *children) []ThreadMember {
	out := make([]ThreadMember, 0, len(l.uids)+len(l.uids)/8)
	var above []uint32 // the way from the head to the node
	for _, head := range heads {
		for node := head; ; {
			member := ThreadMember{Replies: f.count[node]}
			if int(node) < len(l.uids) {
				member.UID = l.uids[node]
			}
			out = append(out, member)
			if f.first[node] != none {
				above, node = append(above, node), f.first[node]
				continue
			}
			for node != head && f.next[node] == none {
				node, above = above[len(above)-1], above[:len(above)-1]
			}
			if node == head {
				break
			}
			node = f.next[node]
		}
	}
	return out
}

// none is no node.
const none = ^uint32(0)

// children are the lists of the children of nodes.
type children struct {
	first, last, next []uint32
	count             []uint32
}

// reset makes n nodes without children.
func (c *children) reset(n int) {
	list := make([]uint32, 4*n)
	c.first, c.last, c.next, c.count = list[:n:n], list[n:2*n:2*n], list[2*n:3*n:3*n], list[3*n:]
	for i := range list[:3*n] {
		list[i] = none
	}
}

// append makes a node the last child of another one. It must not be a child of
// any yet.
func (c *children) append(parent, child uint32) {
	if last := c.last[parent]; last == none {
		c.first[parent] = child
	} else {
		c.next[last] = child
	}
	c.last[parent] = child
	c.count[parent]++
}
