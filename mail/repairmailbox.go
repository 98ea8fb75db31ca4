package mail

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
	"poststube/uidset"
)

// A mending is a mailbox while it is mended.
type mending struct {
	*mailbox
	r        *repairer
	v        verdicts
	recs     map[uint32]*messageRecord
	stored   map[uint32]bool // blocks, also those that should be there
	arrived  logged          // what the log says
	vanished uidset.Set
	seen     uint32 // the highest UID that anything shows
	holes    bool   // the change log is not complete
}

// mailbox mends one mailbox.
func (r *repairer) mailbox(t *txn, a *account, num uint32, v verdicts) error {
	id := MailboxID{a.id, num}
	m, err := t.mailbox(id, acl.None)
	if err != nil {
		return err
	}
	m.log.action, m.log.detail = actRestore, "repaired"
	w := &mending{mailbox: m, r: r, v: v}
	if err := w.read(); err != nil {
		return err
	}
	if err := w.keywords(); err != nil {
		return err
	}
	w.next()
	for _, n := range slices.Sorted(maps.Keys(w.stored)) {
		if err := w.block(n); err != nil {
			return err
		}
	}
	if err := w.privateFlags(); err != nil {
		return err
	}
	if err := w.count(); err != nil {
		return err
	}
	if w.holes {
		m.c.highestModSeq = a.next()
		m.c.logFrom, m.dirty = m.c.highestModSeq, true
		r.done(a.id, num, 0, "the change log had holes and begins anew: clients compare all flags once")
	}
	return nil
}

// read gathers what is there.
func (w *mending) read() error {
	w.recs, w.stored, w.arrived = map[uint32]*messageRecord{}, map[uint32]bool{}, logged{}
	t, owner, num := w.t, w.id.Owner, w.id.Num
	c := checker{e: t.e, owner: owner, emails: map[uint64]bool{}}
	if err := c.log(w.mailbox); err != nil {
		return err
	}
	w.holes = len(c.problems) > 0
	w.blocks = nil
	lo, hi := tableRange(owner, tableMessage, num)
	for p := range t.r.Scan(lo, hi) {
		rec := new(messageRecord)
		if err := rec.decode(p.Value); err != nil {
			return err
		}
		uid := suffix32(p.Key)
		w.recs[uid], w.seen = rec, max(w.seen, uid)
		w.stored[uid>>blockBits] = true
	}
	err := c.eachStoredBlock(w.mailbox, tableBlock, func(_ directory.ID, n uint32, b *block) {
		w.stored[n] = true
		for bit, ok := b.exists.next(0); ok; bit, ok = b.exists.next(bit + 1) {
			w.seen = max(w.seen, n<<blockBits|uint32(bit))
		}
	})
	if err != nil {
		return err
	}
	var l logEntry
	lo, hi = tableRange(owner, tableLog, num)
	for p := range t.r.Scan(lo, hi) {
		if err := l.decode(p.Value); err != nil {
			return err
		}
		w.arrived[ModSeq(suffix64(p.Key))] = l.arrived
		w.vanished = w.vanished.Union(l.vanished)
		for _, set := range []uidset.Set{l.arrived, l.changed, l.vanished} {
			if runs := set.Runs(); len(runs) > 0 {
				w.seen = max(w.seen, runs[len(runs)-1].Last)
			}
		}
	}
	return t.r.Err()
}

// next mends UIDNEXT. Where it was wrong, UIDs may have been given that nothing
// shows any more, so the mailbox gets a new UIDVALIDITY.
func (w *mending) next() {
	if w.c.uidNext > w.seen {
		return
	}
	w.a.rec.uidValidity = max(w.a.rec.uidValidity+1, uint32(w.t.now.Unix()))
	n := *w.node
	n.uidValidity = w.a.rec.uidValidity
	w.node = &n
	w.a.put = append(w.a.put, &n)
	w.a.treeLog.action, w.a.treeLog.other, w.a.treeLog.detail = actRestore, w.id, "repaired"
	w.c.uidNext, w.dirty, w.holes = w.seen+1, true, true
	w.r.done(w.id.Owner, w.id.Num, 0, "UIDNEXT was lost: it has a new UIDVALIDITY, clients fetch it anew")
}

// keywords gives names to keywords that have lost theirs.
func (w *mending) keywords() error {
	most := uint32(0)
	c := checker{e: w.t.e, owner: w.id.Owner}
	for _, table := range []byte{tableBlock, tablePrivate} {
		err := c.eachStoredBlock(w.mailbox, table, func(_ directory.ID, _ uint32, b *block) {
			for _, k := range b.keywords {
				most = max(most, uint32(k.index)+1)
			}
		})
		if err != nil {
			return err
		}
	}
	v, err := w.t.r.Get(w.t.key.start(w.id.Owner, tableKeywords).u32(w.id.Num).b)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	var names []string
	if err == nil {
		if names, err = decodeKeywords(v); err != nil {
			return err
		}
	}
	if len(names) == int(w.c.keywords) && len(names) >= int(most) {
		w.names = names
		return nil
	}
	for n := len(names); n < int(max(most, w.c.keywords)); n++ {
		names = append(names, fmt.Sprintf("lost-%d", n))
	}
	w.names, w.c.keywords = names, uint32(len(names))
	w.dirty, w.dirtyNames = true, true
	w.r.done(w.id.Owner, w.id.Num, 0, "keywords had lost their names")
	return nil
}

// block mends the messages of a block, and those of blocks that are lost: each
// UID with a record gets one.
func (w *mending) block(num uint32) error {
	b, err := w.mailbox.block(num)
	if err != nil {
		return err
	}
	for bit := range uint(blockSize) {
		uid := num<<blockBits | uint32(bit)
		rec := w.recs[uid]
		if rec == nil && b.exists.get(bit) {
			if rec, err = w.record(uid, w.created(uid, b.modseq[bit])); err != nil {
				return err
			}
		}
		if rec == nil {
			continue
		}
		if err := w.message(b, uid, bit, rec); err != nil {
			return err
		}
	}
	return nil
}

// record makes the record of a message anew from the index of places, or ends its
// existence: the email, if it is there, is in no mailbox then.
func (w *mending) record(uid uint32, created ModSeq) (*messageRecord, error) {
	t := w.t
	lo, hi := wholeTable(w.id.Owner, tablePlace)
	for p := range t.r.Scan(lo, hi) {
		tail := p.Key[len(lo):]
		if binary.BigEndian.Uint32(tail[8:]) != w.id.Num || suffix32(tail) != uid {
			continue
		}
		number := binary.BigEndian.Uint64(tail)
		e, err := t.email(w.id.Owner, number)
		if err != nil {
			break
		}
		octets, close, err := t.e.openOctets(context.Background(), t.r, &e)
		if err != nil {
			break
		}
		rec := &messageRecord{created: created, saved: t.now.Unix(), size: octets.Size(), email: number, thread: number}
		var keys emailKeys
		if err := errors.Join(close(), e.keys(&keys)); err != nil {
			return nil, err
		}
		rec.setDate(keys.sent, t.now)
		w.recs[uid] = rec
		w.r.done(w.id.Owner, w.id.Num, uid, "had lost its record: its date is that of its header now")
		return rec, w.write(uid, rec)
	}
	if err := t.r.Err(); err != nil {
		return nil, err
	}
	w.r.done(w.id.Owner, w.id.Num, uid, "had lost its record and is gone here")
	return nil, w.vanish(uid)
}

// created returns the modseq with which a message came: as the log has it, or the
// one of its last change.
func (w *mending) created(uid uint32, changed ModSeq) ModSeq {
	for modseq := range w.arrived {
		if w.arrived.has(modseq, uid) {
			return modseq
		}
	}
	w.holes = w.holes || changed > w.c.logFrom
	return changed
}

func (w *mending) write(uid uint32, rec *messageRecord) error {
	return w.t.set(w.t.key.start(w.id.Owner, tableMessage).u32(w.id.Num).u32(uid), rec.encode(w.t.val[:0]))
}

// vanish ends the existence of a message.
func (w *mending) vanish(uid uint32) error {
	num, bit := blockOf(uid)
	b, err := w.mailbox.block(num)
	if err != nil {
		return err
	}
	b.exists.clear(bit)
	w.touch(num)
	w.log.vanished.Add(uid)
	return nil
}

// message mends one message that has a record.
func (w *mending) message(b *block, uid uint32, bit uint, rec *messageRecord) error {
	num := uid >> blockBits
	if !b.exists.get(bit) && !w.vanished.Contains(uid) {
		// Its flags are lost with its block: it is there, without any.
		b.exists.set(bit)
		b.modseq[bit] = w.a.next()
		w.log.changed.Add(uid)
		w.touch(num)
		w.holes = true
		w.r.done(w.id.Owner, w.id.Num, uid, "had lost its flags and has none now")
	}
	if v, bad := w.v[rec.email]; bad {
		return w.judge(b, uid, bit, rec, v)
	}
	if !b.exists.get(bit) {
		return w.placed(uid, rec)
	}
	if w.vanished.Contains(uid) {
		// The log says that it is gone. It is not: under a new UID.
		return w.again(b, uid, bit, rec, rec.email, rec.size)
	}
	if b.modseq[bit] < rec.created || b.modseq[bit] > max(w.c.highestModSeq, w.a.modseq) {
		b.modseq[bit] = w.a.next()
		w.log.changed.Add(uid)
		w.touch(num)
		w.r.done(w.id.Owner, w.id.Num, uid, "had a modseq out of order")
	}
	if rec.created > b.modseq[bit] {
		rec.created = b.modseq[bit]
		if err := w.write(uid, rec); err != nil {
			return err
		}
	}
	if day, d := rec.day(), b.days; !d.set || day < d.first || day > d.last {
		b.days.add(day)
		w.touch(num)
	}
	return w.placed(uid, rec)
}

// placed puts a message into the index of places.
func (w *mending) placed(uid uint32, rec *messageRecord) error {
	t := w.t
	key := t.key.start(w.id.Owner, tablePlace).u64(rec.email).u32(w.id.Num).u32(uid).clone()
	if _, err := t.r.Get(key); !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	w.r.done(w.id.Owner, w.id.Num, uid, "was missing in the index of places")
	return t.w.Set(key, nil)
}

// judge carries out a verdict on an email for a message of it.
func (w *mending) judge(b *block, uid uint32, bit uint, rec *messageRecord, v verdict) error {
	if !b.exists.get(bit) || v.lost {
		if b.exists.get(bit) {
			w.r.done(w.id.Owner, w.id.Num, uid, "has lost its octets and is gone")
			if err := w.vanish(uid); err != nil {
				return err
			}
		}
		return w.tomb(w.id, uid, rec, v)
	}
	return w.again(b, uid, bit, rec, v.email, v.size)
}

// tomb mends the record of a message that does not exist.
func (w *mending) tomb(id MailboxID, uid uint32, rec *messageRecord, v verdict) error {
	t := w.t
	if err := t.w.Delete(t.key.start(id.Owner, tablePlace).u64(rec.email).u32(id.Num).u32(uid).b); err != nil {
		return err
	}
	if v.lost {
		delete(w.recs, uid)
		return t.w.Delete(t.key.start(id.Owner, tableMessage).u32(id.Num).u32(uid).b)
	}
	rec.email, rec.size, rec.thread = v.email, v.size, v.email
	if err := t.set(t.key.start(id.Owner, tableMessage).u32(id.Num).u32(uid), rec.encode(t.val[:0])); err != nil {
		return err
	}
	return t.w.Set(t.key.start(id.Owner, tablePlace).u64(rec.email).u32(id.Num).u32(uid).b, nil)
}

// again puts a message under a new UID, with its flags, since under the old one it
// was something else or is gone.
func (w *mending) again(b *block, uid uint32, bit uint, old *messageRecord, email uint64, size int64) error {
	rec := *old
	if rec.email != email {
		rec.email, rec.thread = email, email
	}
	rec.size = size
	f := flagger{m: w.mailbox, op: SetFlags, system: b.system(bit), keywords: b.appendWords(nil, bit), fresh: true}
	if err := w.vanish(uid); err != nil {
		return err
	}
	if err := w.tomb(w.id, uid, old, verdict{lost: true}); err != nil {
		return err
	}
	fresh, err := w.place(&rec, &f)
	if err != nil {
		return err
	}
	w.recs[fresh] = &rec
	w.r.done(w.id.Owner, w.id.Num, uid, "is UID %d now", fresh)
	return nil
}

// privateFlags makes lost blocks of users' own flags anew, empty. The messages
// get a new modseq, so that their clients learn it.
func (w *mending) privateFlags() error {
	t := w.t
	c := checker{e: t.e, owner: w.id.Owner}
	private, err := c.privateLogs(w.mailbox)
	if err != nil {
		return err
	}
	for user, log := range private {
		if user == w.id.Owner {
			continue
		}
		for _, uids := range log {
			for uid := range uids.All() {
				num, _ := blockOf(uid)
				key := t.key.start(w.id.Owner, tablePrivate).u32(w.id.Num).u32(uint32(user)).u32(num).clone()
				if _, err := t.r.Get(key); !errors.Is(err, kv.ErrNotFound) {
					continue
				}
				if err := t.w.Set(key, new(block).encode(nil)); err != nil {
					return err
				}
				b, err := w.mailbox.block(num)
				if err != nil {
					return err
				}
				for bit, ok := b.exists.next(0); ok; bit, ok = b.exists.next(bit + 1) {
					b.modseq[bit] = w.a.next()
					w.log.changed.Add(num<<blockBits | uint32(bit))
				}
				w.touch(num)
				w.r.done(w.id.Owner, w.id.Num, 0, "the own flags of %d for UIDs from %d on were lost; there are none now", user, num<<blockBits)
			}
		}
	}
	return nil
}

// count counts anew.
func (w *mending) count() error {
	was := w.c
	c := &w.c
	c.exists, c.seen, c.deleted, c.size, c.deletedSize = 0, 0, 0, 0, 0
	blocks := maps.Clone(w.stored)
	for num := range w.blocks {
		blocks[num] = true
	}
	for num := range blocks {
		b, err := w.mailbox.block(num)
		if err != nil {
			return err
		}
		seen, deleted := b.exists.and(&b.flags[atSeen]), b.exists.and(&b.flags[atDeleted])
		c.exists += uint32(b.exists.count())
		c.seen += uint32(seen.count())
		c.deleted += uint32(deleted.count())
		for bit, ok := b.exists.next(0); ok; bit, ok = b.exists.next(bit + 1) {
			rec := w.recs[num<<blockBits|uint32(bit)]
			if rec == nil {
				return errRecord
			}
			c.size += rec.size
			if deleted.get(bit) {
				c.deletedSize += rec.size
			}
		}
	}
	c.recentFrom = min(c.recentFrom, c.uidNext)
	if *c != was {
		w.dirty = true
		if len(w.dirtyBlocks) == 0 {
			w.r.done(w.id.Owner, w.id.Num, 0, "the counters were wrong")
		}
	}
	return nil
}

// deleted mends what is left of a mailbox that was deleted, so that it can be
// purged.
func (r *repairer) deleted(t *txn, a *account, num uint32, v verdicts) error {
	m := &mailbox{t: t, a: a, id: MailboxID{a.id, num}}
	w := &mending{mailbox: m, r: r, v: v, recs: map[uint32]*messageRecord{}}
	lo, hi := tableRange(a.id, tableMessage, num)
	for p := range t.r.Scan(lo, hi) {
		rec := new(messageRecord)
		if err := rec.decode(p.Value); err != nil {
			return err
		}
		w.recs[suffix32(p.Key)] = rec
		w.seen = max(w.seen, suffix32(p.Key))
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	for uid, rec := range maps.Clone(w.recs) {
		if v, bad := v[rec.email]; bad {
			if err := w.tomb(m.id, uid, rec, v); err != nil {
				return err
			}
			continue
		}
		if err := w.placed(uid, rec); err != nil {
			return err
		}
		n, _ := blockOf(uid)
		if _, err := t.r.Get(t.key.start(a.id, tableBlock).u32(num).u32(n).b); errors.Is(err, kv.ErrNotFound) {
			if err := t.set(t.key.start(a.id, tableBlock).u32(num).u32(n), new(block).encode(t.val[:0])); err != nil {
				return err
			}
			r.done(a.id, num, uid, "had lost its flags")
		}
	}
	if _, err := t.r.Get(t.key.start(a.id, tableCounters).u32(num).b); errors.Is(err, kv.ErrNotFound) && w.seen > 0 {
		r.done(a.id, num, 0, "the counters of a deleted mailbox were lost")
		c := counters{uidNext: w.seen + 1}
		return t.set(t.key.start(a.id, tableCounters).u32(num), c.encode(t.val[:0]))
	}
	return nil
}
