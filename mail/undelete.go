package mail

import (
	"context"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/message"
	"poststube/uidset"
)

// An Expunged is a message that was expunged and can be had back.
type Expunged struct {
	UID  uint32
	Size int64
	Time time.Time           // of its removal
	By   directory.Principal // who removed it
	// From and Subject are those fields of its header, as people read them.
	From, Subject string
}

// Expunged lists what was removed from a mailbox for good since a time, by
// whomever, and has not been purged. It needs a, or t and e. Messages that were
// moved away are not in it: they are where they were moved to.
func (u *User) Expunged(ctx context.Context, name string, since time.Time) ([]Expunged, error) {
	b, err := u.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	var list []Expunged
	by := make(map[directory.ID]directory.Principal)
	err = b.view(ctx, "expunged", acl.Read, func(m *mailbox) error {
		if err := m.mayRestore(); err != nil {
			return err
		}
		gone, err := m.expunged(since, func(uint32) bool { return true })
		if err != nil {
			return err
		}
		for _, g := range gone {
			var keys emailKeys
			if err := g.email.keys(&keys); err != nil {
				return err
			}
			by[g.by] = directory.Principal{}
			list = append(list, Expunged{UID: g.uid, Size: g.rec.size, Time: g.at, By: directory.Principal{ID: g.by},
				From: headerText(keys.headers, "From"), Subject: headerText(keys.headers, "Subject")})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id := range by {
		if p, err := u.engine.dir.ByID(ctx, id); err == nil {
			by[id] = p
		}
	}
	for i := range list {
		list[i].By = by[list[i].By.ID]
	}
	return list, nil
}

// mayRestore admits those who administer the mailbox, and those who may expunge.
func (m *mailbox) mayRestore() error {
	if m.rights.Has(acl.Admin) {
		return nil
	}
	return m.need(acl.Delete | acl.Expunge)
}

// A tomb is an expunged message that can be had back.
type tomb struct {
	uid   uint32
	at    time.Time
	by    directory.ID
	rec   *messageRecord
	email emailRecord
}

// expunged reads from the log what was expunged after a time, as far as it is
// wanted, has not been purged and is not back already.
func (m *mailbox) expunged(since time.Time, want func(uid uint32) bool) (list []tomb, err error) {
	var l logEntry
	lo, hi := m.logRange(0)
	for p := range m.t.r.Scan(lo, hi) {
		if err := l.decode(p.Value); err != nil {
			return nil, err
		}
		if l.action != actExpunge && l.action != actReplace || l.time < since.UnixMilli() {
			continue
		}
		for uid := range l.vanished.All() {
			if want(uid) {
				list = append(list, tomb{uid: uid, at: time.UnixMilli(l.time).UTC(), by: l.actor})
			}
		}
	}
	if err := m.t.r.Err(); err != nil {
		return nil, err
	}
	kept := list[:0]
	for _, g := range list {
		if g.rec, g.email, err = m.tombstone(g.uid); err != nil {
			return nil, err
		}
		if g.rec == nil {
			continue
		}
		if back, err := m.holds(g.rec.email); err != nil {
			return nil, err
		} else if !back {
			kept = append(kept, g)
		}
	}
	return kept, nil
}

// tombstone returns the record and the email of a message that no longer exists,
// or nil if they were purged.
func (m *mailbox) tombstone(uid uint32) (*messageRecord, emailRecord, error) {
	for _, v := range m.t.r.GetMany(m.messageKeys([]uint32{uid})) {
		rec := new(messageRecord)
		if err := rec.decode(v); err != nil {
			return nil, emailRecord{}, err
		}
		e, err := m.t.email(m.id.Owner, rec.email)
		return rec, e, err
	}
	return nil, emailRecord{}, m.t.r.Err()
}

// Restore puts expunged messages back under new UIDs, with the flags that they
// had except \Deleted. Those that exist, or were purged, are left out. It needs a,
// or t and e.
func (u *User) Restore(ctx context.Context, name string, uids uidset.Set) (Copied, error) {
	var done Copied
	b, err := u.Open(ctx, name)
	if err != nil {
		return done, err
	}
	err = b.update(ctx, "undelete", acl.Read, func(m *mailbox) error {
		done = Copied{UIDValidity: m.node.uidValidity}
		if err := m.mayRestore(); err != nil {
			return err
		}
		gone, err := m.expunged(time.Time{}, uids.Contains)
		if err != nil {
			return err
		}
		m.log.action, m.log.detail = actUndelete, uids.String()
		for _, g := range gone {
			if back, err := m.holds(g.rec.email); err != nil {
				return err
			} else if back { // as a copy of it, just now
				continue
			}
			num, bit := blockOf(g.uid)
			old, err := m.block(num)
			if err != nil {
				return err
			}
			f := flagger{m: m, op: SetFlags, system: old.system(bit) &^ Deleted, keywords: old.appendWords(nil, bit), fresh: true}
			uid, err := m.place(g.rec, &f)
			if err != nil {
				return err
			}
			done.From.Add(g.uid)
			done.To.Add(uid)
		}
		return nil
	})
	return done, err
}

// holds tells whether an email is in the mailbox already: it was copied, or
// restored before.
func (m *mailbox) holds(email uint64) (bool, error) {
	var a, b keyBuf
	lo := a.start(m.id.Owner, tablePlace).u64(email).u32(m.id.Num).b
	hi := prefixEnd(b.start(m.id.Owner, tablePlace).u64(email).u32(m.id.Num).b)
	for p := range m.t.r.Scan(lo, hi) {
		if there, err := m.exists(suffix32(p.Key)); err != nil || there {
			return there, err
		}
	}
	return false, m.t.r.Err()
}

// headerText returns a header field as people read it, or "".
func headerText(header []byte, name string) string {
	v, _ := message.FieldValue(header, name)
	return message.DecodeHeader(v)
}
