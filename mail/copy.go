package mail

import (
	"context"
	"slices"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// Copy puts the messages of uids into another mailbox as well, all or none (RFC
// 9051 section 6.4.7). It needs r here and i there; flags that may not be set
// there are dropped. Within one account the copy is the same email in a second
// place; into another account it is a new email. The error is NoParent if there
// is no such mailbox but one could be created.
func (b *Mailbox) Copy(ctx context.Context, uids uidset.Set, dest string) (Copied, error) {
	return b.transfer(ctx, "copy", uids, dest, false)
}

// Move is Copy, and the messages are removed here, in one commit (RFC 6851). It
// needs t and e here.
func (b *Mailbox) Move(ctx context.Context, uids uidset.Set, dest string) (Copied, error) {
	return b.transfer(ctx, "move", uids, dest, true)
}

func (b *Mailbox) transfer(ctx context.Context, op string, uids uidset.Set, dest string, move bool) (Copied, error) {
	var done Copied
	loc, err := b.user.resolve(ctx, op, dest)
	if err != nil {
		return done, b.user.tryCreate(ctx, dest, err)
	}
	owners := []directory.ID{b.id.Owner, loc.owner.ID}
	slices.Sort(owners)
	err = b.user.update(ctx, op, slices.Compact(owners), func(t *txn) error {
		from, err := t.mailbox(b.id, acl.Read)
		if err != nil {
			return err
		}
		if move {
			if err := from.needOwn(acl.Delete | acl.Expunge); err != nil {
				return err
			}
		}
		to, err := t.destination(loc, acl.Insert)
		if err != nil {
			return err
		}
		done = Copied{ID: to.id, UIDValidity: to.node.uidValidity}
		if move && from.a != to.a && slices.Contains(to.node.special, trashUse) {
			return from.trash(uids, &done)
		}
		return from.transfer(to, uids, move, &done)
	})
	return done, b.user.tryCreate(ctx, dest, err)
}

func (m *mailbox) transfer(to *mailbox, uids uidset.Set, move bool, done *Copied) error {
	var list []visible
	others := false // there are messages that the user may not move
	err := m.each(uids, 1, true, func(v *visible) (bool, error) {
		if move && !m.rightsOn(v).Has(acl.Delete|acl.Expunge) {
			others = true
			return true, nil
		}
		c := *v
		c.keywords = slices.Clone(v.keywords)
		c.span = nil
		list = append(list, c)
		return true, nil
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if others {
			return lacking((acl.Delete | acl.Expunge) &^ m.rights)
		}
		return nil
	}
	to.log.action, to.log.other = actCopyIn, m.id
	if move { // before they come there, so that a full account can still move
		to.log.action = actMoveIn
		m.log.action, m.log.other = actMoveOut, to.id
		done.ModSeq = m.a.next()
		gone := make([]removed, len(list))
		for i := range list {
			gone[i] = removed{list[i].uid, list[i].rec.size}
		}
		if err := m.remove(gone); err != nil {
			return err
		}
	}
	c := copier{from: m, to: to}
	for i := range list {
		uid, err := c.copy(&list[i])
		if err != nil {
			return err
		}
		done.From.Add(list[i].uid)
		done.To.Add(uid)
	}
	return nil
}

const trashUse = `\Trash`

// trash is MOVE out of somebody else's mailbox into one's own trash: what people
// do to delete. The messages go to the trash of the mailbox's owner, so that a
// team's mail stays with the team, whoever deletes it. done tells of no copies:
// they are not where the client put them.
func (m *mailbox) trash(uids uidset.Set, done *Copied) error {
	t, a := m.t, m.a
	var there *node
	for _, n := range a.tree.all() {
		if slices.Contains(n.special, trashUse) {
			there = n
		}
	}
	if there == nil {
		there = a.tree.find("Trash")
	}
	if there == nil {
		there = t.addNode(a, rootNum, "Trash")
		there.special = []string{trashUse}
		a.treeLog.action, a.treeLog.detail = actCreate, "Trash"
	}
	// The mover needs no right there: it is the owner's rule that applies.
	to, err := t.mailbox(MailboxID{a.id, there.num}, acl.None)
	if err != nil {
		return err
	}
	moved := Copied{UIDValidity: to.node.uidValidity}
	if err := m.transfer(to, uids, true, &moved); err != nil {
		return err
	}
	done.ModSeq = moved.ModSeq
	return nil
}

// A copier puts messages of one mailbox into another.
type copier struct {
	from, to *mailbox
	words    map[uint16]uint16 // keyword indexes there by those here
	f        flagger
}

func (c *copier) copy(v *visible) (uint32, error) {
	rec := v.rec
	if c.from.a != c.to.a {
		email, thread, err := c.adopt(rec.email)
		if err != nil {
			return 0, err
		}
		rec.email, rec.thread = email, thread
	}
	c.f = flagger{m: c.to, op: SetFlags, system: v.flags, fresh: true}
	for _, k := range v.keywords {
		there, ok, err := c.keyword(k)
		if err != nil {
			return 0, err
		}
		if ok {
			c.f.keywords = append(c.f.keywords, there)
		}
	}
	slices.Sort(c.f.keywords)
	return c.to.place(&rec, &c.f)
}

// keyword returns the index of a keyword in the other mailbox.
func (c *copier) keyword(k uint16) (uint16, bool, error) {
	if there, ok := c.words[k]; ok {
		return there, true, nil
	}
	names, err := c.from.keywordNames()
	if err != nil || int(k) >= len(names) {
		return 0, false, err
	}
	there, ok, err := c.to.keyword(names[k], c.to.rights.Of(true).Has(acl.Write))
	if err == nil && ok {
		if c.words == nil {
			c.words = make(map[uint16]uint16)
		}
		c.words[k] = there
	}
	return there, ok, err
}

// adopt makes an email of one account a new email of another. Both share the
// octets, which shows in nothing that either can see.
func (c *copier) adopt(email uint64) (adopted, thread uint64, err error) {
	t := c.to.t
	v, err := t.r.Get(t.key.start(c.from.a.id, tableEmail).u64(email).b)
	if err != nil {
		return 0, 0, err
	}
	e, err := decodeEmail(v)
	if err != nil {
		return 0, 0, err
	}
	c.to.a.rec.nextEmail++
	adopted = c.to.a.rec.nextEmail
	c.to.a.newEmails++
	if err := t.set(t.key.start(c.to.a.id, tableEmail).u64(adopted), e.encode(nil)); err != nil {
		return 0, 0, err
	}
	if err := t.refer(e.where, e.body, c.to.a.id, adopted); err != nil {
		return 0, 0, err
	}
	ids, err := e.threadHashes()
	if err != nil {
		return 0, 0, err
	}
	thread, err = t.thread(c.to.a, ids, adopted)
	return adopted, thread, err
}
