package mail

import (
	"context"

	"poststube/acl"
	"poststube/kv"
	"poststube/uidset"
)

// Expunge removes those of uids that have \Deleted (RFC 9051 section 6.4.3, RFC
// 4315). It needs e, or for messages that the user put there the right 2. What
// is removed can be had back until it is purged.
func (b *Mailbox) Expunge(ctx context.Context, uids uidset.Set) (vanished uidset.Set, modseq ModSeq, err error) {
	err = b.update(kv.WithReserve(ctx), "expunge", acl.Read, func(m *mailbox) error {
		vanished, modseq = uidset.Set{}, 0
		if err := m.needOwn(acl.Expunge); err != nil {
			return err
		}
		deleted, err := m.deleted(uids)
		if err != nil {
			return err
		}
		var gone []removed
		err = m.each(deleted, 1, true, func(v *visible) (bool, error) {
			if m.rightsOn(v).Has(acl.Expunge) {
				gone = append(gone, removed{v.uid, v.rec.size})
				vanished.Add(v.uid)
			}
			return true, nil
		})
		if err != nil || len(gone) == 0 {
			return err
		}
		m.log.action = actExpunge
		modseq = m.a.next()
		return m.remove(gone)
	})
	return vanished, modseq, err
}

// needOwn is need for rights that one may have for one's own messages only.
func (m *mailbox) needOwn(r acl.Rights) error {
	if m.rights.Of(true).Has(r) {
		return nil
	}
	return m.need(r)
}

// rightsOn returns the rights on one message.
func (m *mailbox) rightsOn(v *visible) acl.Rights {
	me := m.t.u.principal.ID
	return m.rights.Of(v.rec.creator == me && me != 0)
}

// deleted returns those of uids that exist and have \Deleted.
func (m *mailbox) deleted(uids uidset.Set) (found uidset.Set, err error) {
	if m.c.deleted == 0 {
		return found, nil
	}
	err = m.eachBlock(uids, 1, func(s *span) (bool, error) {
		hit := s.bits.and(&s.b.flags[atDeleted])
		hit.appendTo(&found, s.num)
		return true, nil
	})
	return found, err
}

type removed struct {
	uid  uint32
	size int64
}

// remove ends the existence of messages. Their records and flags stay until they
// are purged; only the bits of existence go.
func (m *mailbox) remove(gone []removed) error {
	for _, r := range gone {
		num, bit := blockOf(r.uid)
		b, err := m.block(num)
		if err != nil {
			return err
		}
		if b.flags[atSeen].get(bit) {
			m.c.seen--
		}
		if b.flags[atDeleted].get(bit) {
			m.c.deleted--
			m.c.deletedSize -= r.size
		}
		b.exists.clear(bit)
		m.touch(num)
		m.c.exists--
		m.c.size -= r.size
		m.a.credit(1, r.size)
		m.log.vanished.Add(r.uid)
	}
	return nil
}
