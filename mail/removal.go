package mail

import (
	"context"
	"encoding/binary"
	"slices"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
)

// Remove takes all rights that a person or group was granted, and removes their
// mailboxes with everything in them, for good. It is for those whom the
// directory no longer knows: no mail comes and nobody logs in meanwhile. It may
// be repeated after it was interrupted.
func (e *Engine) Remove(ctx context.Context, p directory.Principal) error {
	if err := e.revokeAll(ctx, p); err != nil {
		return err
	}
	u := e.AsAdmin(p, "removed")
	for more := true; more; {
		var blobs []blob.ID
		err := u.update(kv.WithReserve(ctx), "remove", []directory.ID{p.ID}, func(t *txn) (err error) {
			more, err = t.removeSome(p.ID)
			blobs = t.freed
			return err
		})
		if err != nil {
			return err
		}
		for _, id := range blobs {
			if err := e.blobs.Delete(ctx, id); err != nil {
				return e.failure(ctx, "remove", err)
			}
		}
	}
	if err := e.indexer.Drop(ctx, uint32(p.ID)); err != nil {
		return e.failure(ctx, "remove", err)
	}
	e.forgetOwner(p.ID)
	return e.Reinstate(ctx, p) // nothing is left to be done
}

// forgetOwner takes an owner out of the caches.
func (e *Engine) forgetOwner(owner directory.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.trees, owner)
	delete(e.provisioned, owner)
}

// revokeAll removes the entries about a person or group from all mailboxes.
func (e *Engine) revokeAll(ctx context.Context, p directory.Principal) error {
	kind := acl.User
	if p.Kind == directory.Group {
		kind = acl.Group
	}
	for _, who := range []acl.Who{{Kind: kind, ID: uint32(p.ID)}, {Kind: kind, ID: uint32(p.ID), Negative: true}} {
		nodes, err := e.entriesAbout(ctx, who)
		if err != nil {
			return e.failure(ctx, "remove", err)
		}
		for _, at := range nodes {
			u := e.AsAdmin(directory.Principal{ID: at.Owner}, "removed")
			err := u.update(ctx, "remove", []directory.ID{at.Owner}, func(t *txn) error { return t.dropEntry(at, who) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// entriesAbout returns the nodes with an entry about an identifier.
func (e *Engine) entriesAbout(ctx context.Context, who acl.Who) (nodes []MailboxID, err error) {
	err = e.db.View(ctx, func(r kv.Reader) error {
		lo := reverseKey(who)
		for p := range r.Scan(lo, prefixEnd(slices.Clone(lo))) {
			tail := p.Key[len(lo):]
			nodes = append(nodes, MailboxID{directory.ID(binary.BigEndian.Uint32(tail)), binary.BigEndian.Uint32(tail[4:])})
		}
		return r.Err()
	})
	return nodes, err
}

func (t *txn) dropEntry(at MailboxID, who acl.Who) error {
	a, err := t.account(at.Owner)
	if err != nil {
		return err
	}
	n := a.node(at.Num)
	if n == nil {
		return t.w.Delete(reverseEntry(who, at.Owner, at.Num))
	}
	changed := *n
	changed.acl, _ = n.acl.Delete(who)
	a.put = append(a.put, &changed)
	a.treeLog.action, a.treeLog.other, a.treeLog.detail = actACL, at, "of somebody who was removed"
	return t.reindex(a, at.Num, n.acl, changed.acl)
}

// removeSome removes some of an owner's emails, or, when there are none, all that
// is left; more tells whether to go on.
func (t *txn) removeSome(owner directory.ID) (more bool, err error) {
	type email struct {
		number uint64
		emailRecord
	}
	var list []email
	lo, hi := wholeTable(owner, tableEmail)
	for p := range t.r.Scan(lo, hi) {
		e, err := decodeEmail(p.Value)
		if err != nil {
			return false, err
		}
		e.rendered = nil // belongs to the store
		if list = append(list, email{suffix64(p.Key), e}); len(list) == purgeStep {
			break
		}
	}
	if err := t.r.Err(); err != nil {
		return false, err
	}
	for _, e := range list {
		if err := t.w.Delete(t.key.start(owner, tableEmail).u64(e.number).b); err != nil {
			return false, err
		}
		if err := t.release(e.emailRecord, owner, e.number); err != nil {
			return false, err
		}
	}
	if len(list) == purgeStep {
		return true, nil
	}
	return false, t.removeAccount(owner)
}

// removeAccount removes everything of an owner but the octets of emails.
func (t *txn) removeAccount(owner directory.ID) error {
	a, err := t.account(owner)
	if err != nil {
		return err
	}
	for _, n := range a.tree.nodes {
		if err := t.reindex(a, n.num, n.acl, nil); err != nil {
			return err
		}
		t.topics = append(t.topics, mailboxTopic(MailboxID{owner, n.num}))
	}
	t.topics = append(t.topics, treeTopic(owner))
	lo := binary.BigEndian.AppendUint32([]byte{ownerPrefix}, uint32(owner))
	return t.w.DeleteRange(lo, prefixEnd(slices.Clone(lo)))
}
