package mail

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"poststube/acl"
	"poststube/kv"
	"poststube/message"
)

// A verdict says what becomes of the messages of an email. Emails without one
// are in order.
type verdict struct {
	lost  bool   // its octets are
	email uint64 // the one that its octets are now, with their
	size  int64
}

type verdicts map[uint64]verdict

// emails mends the records of emails from their octets.
func (r *repairer) emails(ctx context.Context, t *txn, a *account, v verdicts) error {
	sizes, threads := map[uint64]int64{}, map[uint64]uint64{}
	var rec messageRecord
	lo, hi := wholeTable(a.id, tableMessage)
	for p := range t.r.Scan(lo, hi) {
		if err := rec.decode(p.Value); err != nil {
			return err
		}
		sizes[rec.email], threads[rec.email] = rec.size, rec.thread
	}
	numbers := map[uint64]bool{}
	for n := range maps.Keys(sizes) {
		numbers[n] = true
	}
	for n := range r.uses[a.id] {
		numbers[n] = true
	}
	lo, hi = wholeTable(a.id, tableEmail)
	for p := range t.r.Scan(lo, hi) {
		numbers[suffix64(p.Key)] = true
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	for _, number := range slices.Sorted(maps.Keys(numbers)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		size, placed := sizes[number]
		if !placed {
			size = -1
		}
		if err := r.email(ctx, t, a, number, size, threads[number], v); err != nil {
			return fmt.Errorf("email %d: %w", number, err)
		}
	}
	return nil
}

// email mends one email. size is how long its messages say that it is, or -1.
func (r *repairer) email(ctx context.Context, t *txn, a *account, number uint64, size int64, thread uint64, v verdicts) error {
	var e emailRecord
	key := t.key.start(a.id, tableEmail).u64(number).clone()
	stored, err := t.r.Get(key)
	known := err == nil
	if known {
		if e, err = decodeEmail(bytes.Clone(stored)); err != nil {
			return err
		}
	} else if !errors.Is(err, kv.ErrNotFound) {
		return err
	} else if u, ok := r.uses[a.id][number]; ok {
		e.where, e.body = u.where, u.body
	} else {
		v[number] = verdict{lost: true}
		return nil
	}
	octets, close, err := r.e.openOctets(ctx, t.r, &e)
	if err == nil {
		defer close()
		var now emailRecord
		if now, err = renew(&e, octets); err == nil {
			changed := known && e.summed && e.sum != now.sum || size >= 0 && octets.Size() != size
			if changed {
				return r.replaceEmail(t, a, number, key, &e, &now, octets.Size(), v)
			}
			if !known || !bytes.Equal(now.rendered, e.rendered) {
				r.done(a.id, 0, 0, "the record of email %d is made anew from its octets", number)
				if err := t.w.Set(key, now.encode(nil)); err != nil {
					return err
				}
			}
			return r.findable(t, a, number, &now, thread)
		}
	}
	// Its octets are lost. What was kept of its header tells which it was.
	r.done(a.id, 0, 0, "the octets of email %d are lost: %v", number, err)
	if known {
		if err := r.o.Aside(fmt.Sprintf("lost-%d-%d", a.id, number), bytes.NewReader(e.rendered)); err != nil {
			return err
		}
	}
	v[number] = verdict{lost: true}
	return errors.Join(t.w.Delete(key), t.w.Delete(e.refKey(a.id, number)))
}

// renew makes the record of an email from its octets.
func renew(e *emailRecord, octets interface {
	ReadAt([]byte, int64) (int, error)
	Size() int64
}) (now emailRecord, err error) {
	h := crc32.New(octetSum)
	buf := make([]byte, 64<<10)
	for at := int64(0); at < octets.Size(); {
		n, err := octets.ReadAt(buf[:min(int64(len(buf)), octets.Size()-at)], at)
		h.Write(buf[:n])
		if at += int64(n); n == 0 {
			return now, err
		}
	}
	s, err := message.Summarize(octets, octets.Size())
	if err != nil {
		return now, err
	}
	return emailRecord{where: e.where, body: e.body, summed: true, sum: h.Sum32(), rendered: renderEmail(s)}, nil
}

// replaceEmail makes octets that have changed a new email: what clients know of
// the old one is no longer true.
func (r *repairer) replaceEmail(t *txn, a *account, number uint64, key []byte, old, now *emailRecord, size int64, v verdicts) error {
	a.rec.nextEmail++
	a.dirty = true
	fresh := a.rec.nextEmail
	v[number] = verdict{email: fresh, size: size}
	r.done(a.id, 0, 0, "the octets of email %d have changed: they are email %d now, as they are", number, fresh)
	if err := errors.Join(t.w.Delete(key), t.w.Delete(old.refKey(a.id, number))); err != nil {
		return err
	}
	if err := t.w.Set(t.key.start(a.id, tableEmail).u64(fresh).b, now.encode(nil)); err != nil {
		return err
	}
	return r.findable(t, a, fresh, now, fresh)
}

// findable puts an email into the indexes that lead to it.
func (r *repairer) findable(t *txn, a *account, number uint64, e *emailRecord, thread uint64) error {
	if _, err := t.r.Get(e.refKey(a.id, number)); errors.Is(err, kv.ErrNotFound) {
		r.done(a.id, 0, 0, "email %d was not marked as a user of its octets", number)
		if err := t.refer(e.where, e.body, a.id, number); err != nil {
			return err
		}
	}
	hashes, err := e.threadHashes()
	if err != nil {
		return err
	}
	if thread == 0 {
		thread = number
	}
	for _, h := range hashes {
		if _, err := t.r.Get(t.key.start(a.id, tableThread).u64(h).b); !errors.Is(err, kv.ErrNotFound) {
			continue
		}
		if err := t.set(t.key.start(a.id, tableThread).u64(h), appendU(t.val[:0], thread)); err != nil {
			return err
		}
		r.done(a.id, 0, 0, "email %d was not in the index of threads", number)
	}
	return nil
}

// places takes out of the index of places what is not there.
func (r *repairer) places(t *txn, a *account) error {
	var strays [][]byte
	var rec messageRecord
	lo, hi := wholeTable(a.id, tablePlace)
	for p := range t.r.Scan(lo, hi) {
		tail := p.Key[len(lo):]
		v, err := t.r.Get(t.key.start(a.id, tableMessage).u32(binary.BigEndian.Uint32(tail[8:])).u32(suffix32(tail)).b)
		if err != nil || rec.decode(v) != nil || rec.email != binary.BigEndian.Uint64(tail) {
			strays = append(strays, bytes.Clone(p.Key))
		}
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	for _, key := range strays {
		r.done(a.id, 0, suffix32(key), "was in the index of places, and is not there")
		if err := t.w.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// recovered is the mailbox for emails that are in no other.
const recovered = "Recovered"

// unplaced puts emails that are in no mailbox into one.
func (r *repairer) unplaced(t *txn, a *account) error {
	var m *mailbox
	lo, hi := wholeTable(a.id, tableEmail)
	for p := range t.r.Scan(lo, hi) {
		number := suffix64(p.Key)
		prefix := t.key.start(a.id, tablePlace).u64(number).clone()
		placed := false
		for range t.r.Scan(prefix, prefixEnd(slices.Clone(prefix))) {
			placed = true
			break
		}
		if placed {
			continue
		}
		e, err := decodeEmail(bytes.Clone(p.Value))
		if err != nil {
			return err
		}
		if m == nil {
			if m, err = t.recoveredMailbox(a); err != nil {
				return err
			}
		}
		if err := m.recover(r, number, &e); err != nil {
			return err
		}
	}
	return t.r.Err()
}

func (t *txn) recoveredMailbox(a *account) (*mailbox, error) {
	n := a.tree.find(recovered)
	if n == nil {
		n = t.addNode(a, rootNum, a.freeName(recovered))
		a.treeLog.action, a.treeLog.detail = actCreate, n.name
	}
	m, err := t.mailbox(MailboxID{a.id, n.num}, acl.None)
	if err == nil {
		m.log.action, m.log.detail = actAppend, "repaired"
	}
	return m, err
}

// recover puts an email into the mailbox, with the date that it bears itself.
func (m *mailbox) recover(r *repairer, number uint64, e *emailRecord) error {
	octets, close, err := r.e.openOctets(context.Background(), m.t.r, e)
	if err != nil {
		return err
	}
	size := octets.Size()
	var keys emailKeys
	if err := errors.Join(close(), e.keys(&keys)); err != nil {
		return err
	}
	rec := messageRecord{email: number, thread: number, size: size}
	hashes, err := e.threadHashes()
	if err != nil {
		return err
	}
	if len(hashes) > 0 {
		if rec.thread, err = m.t.thread(m.a, hashes, number); err != nil {
			return err
		}
	}
	rec.setDate(keys.sent, m.t.now)
	uid, err := m.place(&rec, &flagger{m: m, op: SetFlags, fresh: true})
	if err == nil {
		r.done(m.a.id, m.id.Num, uid, "email %d was in no mailbox and is in %s now", number, m.node.name)
	}
	return err
}
