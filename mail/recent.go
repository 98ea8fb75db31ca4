package mail

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// The last changes of mailboxes that change, in memory, so that a commit which
// wakes 2,000 sessions is not read from the store 2,000 times, and a command that
// ends with nothing new costs no read at all. It repeats the change log and is
// complete from some modseq on; what lies before is read from the log.
//
// It rests on this engine being the only writer of its store.
type recentChanges struct {
	flushes atomic.Uint64 // commits begun, to mailboxes

	mu    sync.Mutex
	rings map[MailboxID]*ring
}

// A ring holds the changes of a mailbox after a modseq, in the order of their
// commits.
type ring struct {
	from    ModSeq
	entries []*recentEntry
}

// A recentEntry is one commit. It is made under the owner's lock, before the
// commit, so that the order is right, and counts only once it is durable.
type recentEntry struct {
	modseq                     ModSeq
	arrived, changed, vanished uidset.Set
	user                       directory.ID // whom unshared is about
	unshared                   uidset.Set
	keywords                   []string
	durable                    bool
}

const (
	maxRing  = 64
	maxRings = 8192
)

// add begins the entry of a commit.
func (r *recentChanges) add(id MailboxID, e *recentEntry) {
	r.flushes.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.rings[id]
	if g == nil {
		g = &ring{from: e.modseq - 1}
		r.keep(id, g)
	}
	g.entries = append(g.entries, e)
	if len(g.entries) > maxRing && g.entries[0].durable {
		g.from = g.entries[0].modseq
		g.entries = slices.Delete(g.entries, 0, 1)
	}
}

// keep puts a ring in, and another out if there are too many.
func (r *recentChanges) keep(id MailboxID, g *ring) {
	if len(r.rings) >= maxRings {
		for other, old := range r.rings {
			if n := len(old.entries); n == 0 || old.entries[n-1].durable {
				delete(r.rings, other)
				break
			}
		}
	}
	r.rings[id] = g
}

// settle ends an entry: its commit is durable, or came to nothing.
func (r *recentChanges) settle(id MailboxID, e *recentEntry, durable bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.rings[id]
	if durable {
		e.durable = true
		if g == nil {
			return
		}
		// What was committed before is durable too, even if whoever did it has
		// not come to say so yet. Otherwise who expunges a message could be
		// answered before the change shows.
		for _, o := range g.entries {
			o.durable = o.durable || o.modseq < e.modseq
		}
		return
	}
	if g != nil {
		g.entries = slices.DeleteFunc(g.entries, func(o *recentEntry) bool { return o == e })
	}
}

// begin notes that a snapshot, taken when the number of flushes was seen, showed
// everything up to the owner's modseq checked.
func (r *recentChanges) begin(id MailboxID, checked ModSeq, seen uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flushes.Load() == seen && r.rings[id] == nil {
		r.keep(id, &ring{from: checked})
	}
}

// since gathers what a user sees of the changes after a modseq; all up to checked
// is known to hold nothing else for the user. ok is false if the ring does not
// reach back so far. It returns up to where it has looked.
func (r *recentChanges) since(id MailboxID, since, checked ModSeq, user directory.ID, ch *Changes) (looked ModSeq, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.rings[id]
	if g == nil || max(since, checked) < g.from {
		return 0, false
	}
	ch.UpTo, looked = since, max(since, checked)
	for _, e := range g.entries {
		if !e.durable {
			break
		}
		looked = max(looked, e.modseq)
		if e.modseq <= since {
			continue
		}
		if shared := !e.arrived.Empty() || !e.changed.Empty() || !e.vanished.Empty(); shared {
			ch.Arrived = ch.Arrived.Union(e.arrived)
			ch.Changed = ch.Changed.Union(e.changed)
			ch.Vanished = ch.Vanished.Union(e.vanished)
			ch.UpTo = e.modseq
		}
		if e.user == user && !e.unshared.Empty() {
			ch.Changed = ch.Changed.Union(e.unshared)
			ch.UpTo = e.modseq
		}
		ch.Keywords = e.keywords
	}
	return looked, true
}

// A horizon remembers for a handle that an answer up to one modseq in truth
// covered all up to a later one: those in between were nothing to its user.
// Without it a mailbox whose owner is busy elsewhere would never be answered
// from memory.
type horizon struct {
	mu            sync.Mutex
	upTo, checked ModSeq
}

func (h *horizon) set(upTo, checked ModSeq) {
	h.mu.Lock()
	h.upTo, h.checked = upTo, checked
	h.mu.Unlock()
}

// of returns what is known to be covered by an answer up to upTo.
func (h *horizon) of(upTo ModSeq) ModSeq {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.upTo == upTo {
		return h.checked
	}
	return upTo
}

// recent answers Changes from memory, if that is possible.
func (b *Mailbox) recent(ctx context.Context, since ModSeq) (ch *Changes, ok bool) {
	u := b.user
	subject, err := u.identity(ctx)
	if err != nil {
		return nil, false
	}
	e := u.engine
	e.mu.Lock()
	tree := e.trees[b.id.Owner]
	e.mu.Unlock()
	if tree == nil {
		return nil, false
	}
	ch = new(Changes)
	looked, ok := e.recentChanges.since(b.id, since, b.horizon.of(since), u.principal.ID, ch)
	if !ok {
		return nil, false
	}
	t := txn{e: e, u: u, subject: subject}
	a := account{id: b.id.Owner, tree: tree}
	n := tree.nodes[b.id.Num]
	if n == nil || b.id.Num == rootNum {
		return &Changes{Gone: true, UpTo: since}, true
	}
	if ch.Rights = t.rightsAt(&a, n); !ch.Rights.Has(acl.Read) {
		return &Changes{Gone: true, UpTo: since}, true
	}
	ch.Settable, ch.NewKeywords, ch.ReadOnly = a.policyOf(n).settable(ch.Rights, t.actsAsOwner(a.id))
	ch.settle()
	b.horizon.set(ch.UpTo, looked)
	return ch, true
}

// settle makes the sets disjoint.
func (ch *Changes) settle() {
	ch.Arrived = ch.Arrived.Subtract(ch.Vanished)
	ch.Changed = ch.Changed.Subtract(ch.Vanished).Subtract(ch.Arrived)
}
