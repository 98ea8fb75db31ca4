package mail

import (
	"context"
	"errors"
	"slices"
	"time"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
	"poststube/uidset"
)

// PurgeOptions say what may go for good.
type PurgeOptions struct {
	// Deleted: messages expunged, and mailboxes deleted, before this time can
	// no longer be had back.
	Deleted time.Time
	// Log: the change log, and with it the audit trail, is forgotten up to
	// this time. It is never later than Deleted.
	Log time.Time

	// Owner, if not 0, is the only one whose mail is purged.
	Owner directory.ID
	// Mailbox, if not 0, is the only mailbox of Owner that is purged.
	Mailbox uint32
	// UIDs, if there are any, are the expunged messages of Mailbox that go,
	// whenever they were expunged, and nothing else does.
	UIDs uidset.Set
	// Preview: nothing is removed, only counted.
	Preview bool
}

// Purged tells what a purge removed.
type Purged struct {
	Messages, Emails, Mailboxes int
	Bytes                       int64
}

// purgeStep bounds what one transaction removes, so that others wait little.
const purgeStep = 1000

// Purge removes for good what was deleted long enough ago. It works in small
// transactions, owner by owner, and may be stopped at any time. Only one runs at
// a time.
func (e *Engine) Purge(ctx context.Context, o PurgeOptions) (done Purged, err error) {
	e.purging.Lock()
	defer e.purging.Unlock()
	if o.Log.After(o.Deleted) {
		o.Log = o.Deleted
	}
	owners := []directory.ID{o.Owner}
	if o.Owner == 0 {
		if owners, err = e.owners(ctx); err != nil {
			return done, e.failure(ctx, "purge", err)
		}
	}
	if o.Owner == 0 && !o.Preview { // a removal was interrupted for these
		retired, err := e.retired(ctx)
		if err != nil {
			return done, err
		}
		for _, p := range retired {
			if err := e.Remove(ctx, p); err != nil {
				return done, err
			}
		}
	}
	for _, owner := range owners {
		if _, err := e.dir.ByID(ctx, owner); errors.Is(err, directory.ErrNotFound) {
			continue // was removed just now, or belongs to nobody: verify tells
		}
		p := purger{e: e, u: e.AsAdmin(directory.Principal{ID: owner}, "purge"), o: o, done: &done}
		purge := p.owner
		switch {
		case o.Preview:
			purge = p.preview
		case !o.UIDs.Empty():
			purge = p.named
		}
		if err := purge(ctx); err != nil {
			return done, err
		}
	}
	return done, nil
}

type purger struct {
	e    *Engine
	u    *User
	o    PurgeOptions
	done *Purged
}

func (p *purger) owner(ctx context.Context) error {
	var nums, dead []uint32
	err := p.u.view(ctx, "purge", func(t *txn) (err error) {
		nums, dead, err = p.places(t)
		return err
	})
	if err != nil {
		return err
	}
	for _, num := range nums {
		if err := p.repeat(ctx, func(t *txn) (bool, error) { return p.mailbox(t, num) }); err != nil {
			return err
		}
	}
	for _, num := range dead {
		if err := p.repeat(ctx, func(t *txn) (bool, error) { return p.deleted(t, num) }); err != nil {
			return err
		}
		p.done.Mailboxes++
	}
	return p.repeat(ctx, p.forgetDeliveries)
}

// places returns the mailboxes to purge: those that exist, and those that were
// deleted long enough ago.
func (p *purger) places(t *txn) (nums, dead []uint32, err error) {
	if p.o.Mailbox != 0 {
		return []uint32{p.o.Mailbox}, nil, nil
	}
	a, err := t.account(p.u.principal.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range a.tree.all() {
		nums = append(nums, n.num)
	}
	dead, err = t.deadMailboxes(a, p.o.Deleted)
	return nums, dead, err
}

// repeat runs steps until one says that it was the last.
func (p *purger) repeat(ctx context.Context, step func(*txn) (last bool, err error)) error {
	for last := false; !last; {
		var blobs []blob.ID
		var emails []uint64
		err := p.u.update(kv.WithReserve(ctx), "purge", []directory.ID{p.u.principal.ID}, func(t *txn) (err error) {
			last, err = step(t)
			blobs, emails = t.freed, t.forgotten
			return err
		})
		if err == nil {
			err = p.e.failure(ctx, "purge", p.e.indexer.Remove(ctx, uint32(p.u.principal.ID), emails))
		}
		if err != nil {
			return err
		}
		for _, id := range blobs { // after the commit that forgot them
			if err := p.e.blobs.Delete(ctx, id); err != nil {
				return p.e.failure(ctx, "purge", err)
			}
		}
	}
	return nil
}

// deadMailboxes reads from the log of the tree which mailboxes were deleted before
// a time and still have data.
func (t *txn) deadMailboxes(a *account, before time.Time) (nums []uint32, err error) {
	var l logEntry
	m := mailbox{t: t, id: MailboxID{a.id, rootNum}}
	lo, hi := m.logRange(0)
	for p := range t.r.Scan(lo, hi) {
		if err := l.decode(p.Value); err != nil {
			return nil, err
		}
		if l.action != actDelete || l.time >= before.UnixMilli() || l.other.Num == rootNum {
			continue
		}
		if _, err := t.r.Get(t.key.start(a.id, tableCounters).u32(l.other.Num).b); err == nil {
			nums = append(nums, l.other.Num)
		}
	}
	return nums, t.r.Err()
}

// mailbox purges what was expunged from one mailbox long ago.
func (p *purger) mailbox(t *txn, num uint32) (last bool, err error) {
	a, err := t.account(p.u.principal.ID)
	if err != nil || a.node(num) == nil {
		return true, err
	}
	m, err := t.mailbox(MailboxID{a.id, num}, acl.None)
	if err != nil {
		return true, err
	}
	var gone uidset.Set
	var l logEntry
	purged, logFrom := m.c.purged, m.c.logFrom
	last = true
	lo, hi := m.logRange(min(purged, logFrom))
	for pair := range t.r.Scan(lo, hi) {
		modseq := ModSeq(suffix64(pair.Key))
		if err := l.decode(pair.Value); err != nil {
			return true, err
		}
		if l.time >= p.o.Deleted.UnixMilli() {
			break
		}
		if modseq > purged {
			gone = gone.Union(l.vanished)
			purged = modseq
		}
		if l.time < p.o.Log.UnixMilli() {
			logFrom = modseq
		}
		if gone.Len() >= purgeStep {
			last = false
			break
		}
	}
	if err := t.r.Err(); err != nil || purged == m.c.purged && logFrom == m.c.logFrom {
		return true, err
	}
	if logFrom > m.c.logFrom {
		lo, _ := m.logRange(0)
		end, _ := m.logRange(logFrom)
		if err := t.w.DeleteRange(lo, end); err != nil {
			return true, err
		}
	}
	if err := p.messages(t, m, gone); err != nil {
		return true, err
	}
	m.c.purged, m.c.logFrom = purged, logFrom
	// Nothing that a client could see has changed: no log entry, no hint.
	return last, t.set(t.key.start(a.id, tableCounters).u32(num), m.c.encode(t.val[:0]))
}

// messages removes records, places, and emails that are nowhere else.
func (p *purger) messages(t *txn, m *mailbox, uids uidset.Set) error {
	for uid := range uids.All() {
		if there, err := m.exists(uid); err != nil || there {
			return errRecord // the log says that it vanished
		}
		rec, e, err := m.tombstone(uid)
		if err != nil {
			return err
		}
		if rec == nil {
			continue
		}
		if err := p.message(t, m.id, uid, rec, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *purger) message(t *txn, id MailboxID, uid uint32, rec *messageRecord, e emailRecord) error {
	if err := t.w.Delete(t.key.start(id.Owner, tableMessage).u32(id.Num).u32(uid).b); err != nil {
		return err
	}
	if err := t.w.Delete(t.key.start(id.Owner, tablePlace).u64(rec.email).u32(id.Num).u32(uid).b); err != nil {
		return err
	}
	p.done.Messages++
	lo := t.key.start(id.Owner, tablePlace).u64(rec.email).clone()
	for range t.r.Scan(lo, prefixEnd(slices.Clone(lo))) {
		return nil // it is in another place, or can be had back there
	}
	if err := t.w.Delete(t.key.start(id.Owner, tableEmail).u64(rec.email).b); err != nil {
		return err
	}
	p.done.Emails++
	p.done.Bytes += rec.size
	t.forgotten = append(t.forgotten, rec.email)
	return t.release(e, id.Owner, rec.email)
}

// release takes an email's mark from its octets, and removes them if it was the
// last.
func (t *txn) release(e emailRecord, owner directory.ID, email uint64) error {
	ref := bodyRefKey(e.body, owner, email)
	if e.where == bodyInBlob {
		ref = blobRefKey(e.body, owner, email)
	}
	if err := t.w.Delete(ref); err != nil {
		return err
	}
	prefix := ref[:len(ref)-12]
	for range t.r.Scan(slices.Clone(prefix), prefixEnd(slices.Clone(prefix))) {
		return nil
	}
	if e.where == bodyInBlob {
		t.freed = append(t.freed, blob.ID(e.body))
		return nil
	}
	return t.w.Delete(bodyKey(e.body))
}

// deleted purges a mailbox that was deleted: its messages in steps, then the
// rest.
func (p *purger) deleted(t *txn, num uint32) (last bool, err error) {
	owner := p.u.principal.ID
	m := &mailbox{t: t, id: MailboxID{owner, num}}
	lo, hi := tableRange(owner, tableMessage, num)
	var uids []uint32
	for pair := range t.r.Scan(lo, hi) {
		if uids = append(uids, suffix32(pair.Key)); len(uids) == purgeStep {
			break
		}
	}
	if err := t.r.Err(); err != nil {
		return true, err
	}
	for _, uid := range uids {
		rec, e, err := m.tombstone(uid)
		if err != nil {
			return true, err
		}
		if err := p.message(t, m.id, uid, rec, e); err != nil {
			return true, err
		}
	}
	if len(uids) == purgeStep {
		return false, nil
	}
	for _, table := range []byte{tableCounters, tableDelivered, tableImported, tableKeywords, tableLog, tablePrivateLog, tableMetadata, tablePrivate, tableBlock} {
		lo, hi := tableRange(owner, table, num)
		if err := t.w.DeleteRange(lo, hi); err != nil {
			return true, err
		}
	}
	return true, nil
}
