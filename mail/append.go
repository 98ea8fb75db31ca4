package mail

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
)

// Append puts messages into a mailbox, all or none (RFC 9051 section 6.3.12,
// RFC 3502). It needs i; flags that the user may not set there are dropped
// (RFC 4314 section 4). The error is NoParent if there is no such mailbox but
// one could be created.
func (u *User) Append(ctx context.Context, name string, msgs []NewMessage) (Appended, error) {
	var done Appended
	loc, err := u.resolve(ctx, "append", name)
	if err != nil {
		return done, u.tryCreate(ctx, name, err)
	}
	for _, msg := range msgs {
		if err := msg.Upload.prepare(); err != nil {
			return done, u.engine.failure(ctx, "append", err)
		}
	}
	err = u.update(ctx, "append", []directory.ID{loc.owner.ID}, func(t *txn) error {
		m, err := t.destination(loc, acl.Insert)
		if err != nil {
			return err
		}
		m.log.action = actAppend
		done = Appended{ID: m.id, UIDValidity: m.node.uidValidity, ModSeq: m.a.next()}
		for i, msg := range msgs {
			if msg.Source != "" {
				known, err := m.imported(&msg, &done.Dropped)
				if err != nil {
					return err
				}
				if known {
					done.Known = append(done.Known, i)
					continue
				}
			}
			uid, err := m.appendNew(&msg)
			if err != nil {
				return err
			}
			done.UIDs.Add(uid)
		}
		return nil
	})
	return done, u.tryCreate(ctx, name, err)
}

// destination opens the mailbox that messages are to be put into.
func (t *txn) destination(loc location, need acl.Rights) (*mailbox, error) {
	a, n, err := t.find(loc)
	if err != nil {
		return nil, err
	}
	return t.mailbox(MailboxID{a.id, n.num}, need)
}

// tryCreate turns NotFound for a destination into NoParent when CREATE could
// help (RFC 9051 section 6.3.12, TRYCREATE).
func (u *User) tryCreate(ctx context.Context, name string, err error) error {
	if KindOf(err) != NotFound || err == nil || !u.couldCreate(ctx, name) {
		return err
	}
	return fail(NoParent, "there is no such mailbox; create it first")
}

// appendNew stores a message as a new email and puts it into the mailbox.
func (m *mailbox) appendNew(msg *NewMessage) (uint32, error) {
	t, a, up := m.t, m.a, msg.Upload
	email := a.rec.nextEmail + 1
	a.rec.nextEmail = email
	a.newEmails++
	thread, err := t.thread(a, threadHashes(up.summary.MessageID, up.summary.References), email)
	if err != nil {
		return 0, err
	}
	if err := up.store(t, a, email); err != nil {
		return 0, err
	}
	e := emailRecord{where: up.where(), body: up.body, summed: true, sum: up.sum, rendered: up.rendered}
	if err := t.set(t.key.start(a.id, tableEmail).u64(email), e.encode(t.val[:0])); err != nil {
		return 0, err
	}
	rec := messageRecord{email: email, thread: thread, size: up.size}
	rec.setDate(msg.InternalDate, t.now)
	f, err := m.newFlagger(FlagChange{Op: SetFlags, Flags: msg.Flags})
	if err != nil {
		return 0, err
	}
	f.fresh = true
	m.wantUID(msg.UID)
	return m.place(&rec, f)
}

// setDate sets the internal date, which is now if none was given.
func (r *messageRecord) setDate(d, now time.Time) {
	if d.IsZero() {
		d = now.UTC()
	}
	_, east := d.Zone()
	r.internal, r.zone = d.Unix(), int16(east/60)
}

// place puts an email into the mailbox under the next UID, with the flags that
// the user may set.
func (m *mailbox) place(rec *messageRecord, f *flagger) (uint32, error) {
	t := m.t
	if m.c.uidNext == ^uint32(0) {
		return 0, fail(Limit, "the mailbox has given all its UIDs: copy its messages to a new one")
	}
	uid := m.c.uidNext
	m.c.uidNext++
	modseq := m.a.next()
	rec.created = modseq
	rec.saved = t.now.Unix()
	rec.creator = t.u.creator()
	if err := m.a.charge(t, 1, rec.size); err != nil {
		return 0, err
	}
	num, bit := blockOf(uid)
	b, err := m.block(num)
	if err != nil {
		return 0, err
	}
	b.exists.set(bit)
	b.days.add(rec.day())
	b.modseq[bit] = modseq
	m.touch(num)
	m.c.exists++
	m.c.size += rec.size
	m.log.arrived.Add(uid)
	if err := t.w.Set(t.key.start(m.id.Owner, tablePlace).u64(rec.email).u32(m.id.Num).u32(uid).b, nil); err != nil {
		return 0, err
	}
	if err := t.set(t.key.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(uid), rec.encode(t.val[:0])); err != nil {
		return 0, err
	}
	s := span{num: num, b: b}
	if m.hasPrivate() {
		if s.p, err = m.privateBlock(num); err != nil {
			return 0, err
		}
	}
	v := visible{rec: *rec}
	m.look(&v, &s, bit)
	f.apply(&v)
	return uid, nil
}

// creator is who puts messages into mailboxes: nobody, for deliveries.
func (u *User) creator() directory.ID {
	if u.delivery {
		return 0
	}
	return u.principal.ID
}

// thread returns the thread of a new email: that of the first message it refers
// to which the owner has or knows of, else a new one (RFC 8474 section 5.2).
func (t *txn) thread(a *account, hashes []uint64, email uint64) (uint64, error) {
	var unknown []uint64
	thread := uint64(0)
	for _, h := range hashes {
		v, err := t.r.Get(t.key.start(a.id, tableThread).u64(h).b)
		if errors.Is(err, kv.ErrNotFound) {
			unknown = append(unknown, h)
			continue
		}
		if err != nil {
			return 0, err
		}
		if thread == 0 {
			d := dec{b: v}
			thread = d.u()
			if err := d.err(); err != nil {
				return 0, err
			}
		}
	}
	if thread == 0 {
		thread = email
	}
	for _, h := range unknown {
		if err := t.set(t.key.start(a.id, tableThread).u64(h), appendU(t.val[:0], thread)); err != nil {
			return 0, err
		}
	}
	return thread, nil
}

// maxThreadLinks bounds how many references of a message are followed and
// remembered: its own id, the message answered, and the newest before it.
const maxThreadLinks = 8

// threadHashes returns the hashes of the message's id and of those it refers
// to, nearest first.
func threadHashes(messageID string, references []string) []uint64 {
	ids := make([]string, 0, maxThreadLinks)
	add := func(id string) {
		if id != "" && len(ids) < maxThreadLinks && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add(messageID)
	for _, id := range slices.Backward(references) {
		add(id)
	}
	hashes := make([]uint64, len(ids))
	for i, id := range ids {
		hashes[i] = hashID(id)
	}
	return hashes
}

// hashID hashes a message id; stable, since the index is stored.
func hashID(id string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, id)
	return h.Sum64()
}
