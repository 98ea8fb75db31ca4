package mail

import (
	"context"
	"slices"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// Replace puts a message into the mailbox name and removes the message uid from
// this one, in one commit (RFC 8508). It needs t and e here and i there; the quota
// counts what is there afterwards. Nothing of the old message goes over to the new
// one. Where the old one is no longer there nothing is done, and no UID returned.
// The error is NoParent if there is no such mailbox but one could be created.
func (b *Mailbox) Replace(ctx context.Context, uid uint32, name string, msg NewMessage) (Appended, error) {
	var done Appended
	u := b.user
	loc, err := u.resolve(ctx, "replace", name)
	if err != nil {
		return done, u.tryCreate(ctx, name, err)
	}
	if err := msg.Upload.prepare(); err != nil {
		return done, u.engine.failure(ctx, "replace", err)
	}
	owners := []directory.ID{b.id.Owner, loc.owner.ID}
	slices.Sort(owners)
	err = u.update(ctx, "replace", slices.Compact(owners), func(t *txn) error {
		done = Appended{}
		from, err := t.mailbox(b.id, acl.Read)
		if err != nil {
			return err
		}
		to, err := t.destination(loc, acl.Insert)
		if err != nil {
			return err
		}
		found, err := from.removeOne(uid)
		if err != nil || !found {
			return err
		}
		from.log.action, to.log.action = actReplace, actReplace
		if from != to {
			from.log.other, to.log.other = to.id, from.id
		}
		done = Appended{ID: to.id, UIDValidity: to.node.uidValidity, ModSeq: to.a.next()}
		added, err := to.appendNew(&msg)
		done.UIDs.Add(added)
		return err
	})
	return done, u.tryCreate(ctx, name, err)
}

// removeOne removes a message as UID EXPUNGE does, whether it has \Deleted or not.
// It tells whether it was there.
func (m *mailbox) removeOne(uid uint32) (found bool, err error) {
	if err := m.needOwn(acl.Delete | acl.Expunge); err != nil {
		return false, err
	}
	err = m.each(uidset.Of(uid), 1, true, func(v *visible) (bool, error) {
		if err := admit(m.rightsOn(v), acl.Delete|acl.Expunge); err != nil {
			return false, err
		}
		found = true
		m.a.next()
		return false, m.remove([]removed{{v.uid, v.rec.size}})
	})
	return found, err
}
