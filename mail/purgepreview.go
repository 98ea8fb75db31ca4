package mail

import (
	"bytes"
	"context"
	"slices"

	"poststube/acl"
	"poststube/uidset"
)

// A preview counts what a purge of one owner would remove.
type preview struct {
	p      *purger
	places map[uint64]int   // how many places of an email would go
	size   map[uint64]int64 // its octets
}

// preview counts in one snapshot and writes nothing.
func (p *purger) preview(ctx context.Context) error {
	v := preview{p, make(map[uint64]int), make(map[uint64]int64)}
	return p.u.view(ctx, "purge", func(t *txn) error {
		if !p.o.UIDs.Empty() {
			_, tombs, err := p.tombs(t)
			if err != nil {
				return err
			}
			for _, g := range tombs {
				v.goes(g.rec)
			}
			return v.emails(t)
		}
		nums, dead, err := p.places(t)
		if err != nil {
			return err
		}
		for _, num := range nums {
			if err := v.mailbox(t, num); err != nil {
				return err
			}
		}
		for _, num := range dead {
			p.done.Mailboxes++
			if err := v.deleted(t, num); err != nil {
				return err
			}
		}
		return v.emails(t)
	})
}

func (v *preview) goes(rec *messageRecord) {
	v.p.done.Messages++
	v.places[rec.email]++
	v.size[rec.email] = rec.size
}

// mailbox counts what was expunged from one mailbox long enough ago.
func (v *preview) mailbox(t *txn, num uint32) error {
	m, err := t.mailbox(MailboxID{v.p.u.principal.ID, num}, acl.None)
	if err != nil {
		return err
	}
	var gone uidset.Set
	var l logEntry
	lo, hi := m.logRange(m.c.purged)
	for pair := range t.r.Scan(lo, hi) {
		if err := l.decode(pair.Value); err != nil {
			return err
		}
		if l.time >= v.p.o.Deleted.UnixMilli() {
			break
		}
		gone = gone.Union(l.vanished)
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	for uid := range gone.All() {
		rec, _, err := m.tombstone(uid)
		if err != nil {
			return err
		}
		if rec != nil {
			v.goes(rec)
		}
	}
	return nil
}

// deleted counts the messages of a mailbox that was deleted.
func (v *preview) deleted(t *txn, num uint32) error {
	lo, hi := tableRange(v.p.u.principal.ID, tableMessage, num)
	for pair := range t.r.Scan(lo, hi) {
		rec := new(messageRecord)
		if err := rec.decode(bytes.Clone(pair.Value)); err != nil {
			return err
		}
		v.goes(rec)
	}
	return t.r.Err()
}

// emails counts the emails all places of which would go.
func (v *preview) emails(t *txn) error {
	for email, going := range v.places {
		lo := t.key.start(v.p.u.principal.ID, tablePlace).u64(email).clone()
		there := 0
		for range t.r.Scan(lo, prefixEnd(slices.Clone(lo))) {
			there++
		}
		if err := t.r.Err(); err != nil {
			return err
		}
		if there == going {
			v.p.done.Emails++
			v.p.done.Bytes += v.size[email]
		}
	}
	return nil
}
