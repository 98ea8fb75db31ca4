package mail

import (
	"context"

	"poststube/acl"
)

// Changes returns what happened after since, from the change log: its cost
// grows with what happened, not with the size of the mailbox. It is the one
// source of all untagged data. A mailbox that is gone, or that the user may no
// longer read, is reported by Gone, not by an error.
func (b *Mailbox) Changes(ctx context.Context, since ModSeq) (*Changes, error) {
	if ch, ok := b.recent(ctx, since); ok {
		return ch, nil
	}
	recent := &b.user.engine.recentChanges
	flushes := recent.flushes.Load()
	ch := new(Changes)
	var checked ModSeq
	err := b.view(ctx, "changes", acl.Read, func(m *mailbox) error {
		checked = m.a.rec.modseq
		return m.changes(ch, since)
	})
	if k := KindOf(err); err != nil && (k == NotFound || k == Denied) {
		return &Changes{Gone: true, UpTo: since}, nil
	}
	if err != nil {
		return nil, err
	}
	recent.begin(b.id, checked, flushes)
	b.horizon.set(ch.UpTo, checked)
	return ch, nil
}

func (m *mailbox) changes(ch *Changes, since ModSeq) error {
	ch.Rights = m.rights
	ch.Settable, ch.NewKeywords, ch.ReadOnly = m.settable()
	ch.UpTo = max(since, m.c.highestModSeq)
	names, err := m.keywordNames()
	if err != nil {
		return err
	}
	ch.Keywords = names
	if since < m.c.logFrom {
		return m.changesWithoutLog(ch, since)
	}
	if m.c.highestModSeq > since {
		var l logEntry
		lo, hi := m.logRange(since)
		for p := range m.t.r.Scan(lo, hi) {
			d := dec{b: p.Value}
			l.decodeSets(&d)
			if err := d.err(); err != nil {
				return err
			}
			ch.Arrived = ch.Arrived.Union(l.arrived)
			ch.Changed = ch.Changed.Union(l.changed)
			ch.Vanished = ch.Vanished.Union(l.vanished)
		}
	}
	lo, hi := m.privateLogRange(since)
	for p := range m.t.r.Scan(lo, hi) {
		d := dec{b: p.Value}
		ch.Changed = ch.Changed.Union(d.set())
		if err := d.err(); err != nil {
			return err
		}
		ch.UpTo = max(ch.UpTo, ModSeq(suffix64(p.Key)))
	}
	ch.settle()
	return m.t.r.Err()
}

// changesWithoutLog answers for a client that was away for longer than the log
// is kept: it looks at every message.
func (m *mailbox) changesWithoutLog(ch *Changes, since ModSeq) error {
	ch.Incomplete = true
	err := m.each(m.all(), 1, false, func(v *visible) (bool, error) {
		ch.Exists.Add(v.uid)
		if v.modseq > since {
			ch.Changed.Add(v.uid)
		}
		return true, nil
	})
	ch.UpTo = max(ch.UpTo, m.privateModSeq())
	return err
}
