package mail

import (
	"cmp"
	"context"
	"slices"

	"poststube/acl"
	"poststube/uidset"
)

// A visible is a stored message as the user sees it. rec is filled in only when
// it is asked for; keywords belong to the iteration.
type visible struct {
	*span
	uid      uint32
	bit      uint
	flags    SystemFlags
	keywords []uint16
	modseq   ModSeq
	rec      messageRecord
}

// look fills in what the user sees of a message of a span.
func (m *mailbox) look(v *visible, s *span, bit uint) {
	v.span, v.bit, v.uid = s, bit, s.num<<blockBits|uint32(bit)
	v.flags = m.system(s, bit)
	v.keywords = m.appendWords(v.keywords[:0], s, bit)
	v.modseq = m.modseq(s, bit)
}

// each calls f for the messages of uids from the UID from on that exist, in
// ascending order, until f says stop. The visible is reused. Only with records
// is v.rec read.
func (m *mailbox) each(uids uidset.Set, from uint32, records bool, f func(*visible) (more bool, err error)) error {
	var v visible
	return m.eachBlock(uids, from, func(s *span) (bool, error) {
		if records {
			return m.eachRecord(s, func(uid uint32, value []byte) (bool, error) {
				if err := v.rec.decode(value); err != nil {
					return false, err
				}
				m.look(&v, s, bitOf(uid))
				return f(&v)
			})
		}
		for bit, ok := s.bits.next(0); ok; bit, ok = s.bits.next(bit + 1) {
			m.look(&v, s, bit)
			if more, err := f(&v); err != nil || !more {
				return false, err
			}
		}
		return true, nil
	})
}

// eachRecord reads the records of a span: by one scan if they are many.
func (m *mailbox) eachRecord(s *span, f func(uid uint32, value []byte) (bool, error)) (bool, error) {
	base := s.num << blockBits
	first, _ := s.bits.next(0)
	found, count := 0, s.bits.count()
	if count < 16 {
		uids := make([]uint32, 0, count)
		for bit, ok := first, true; ok; bit, ok = s.bits.next(bit + 1) {
			uids = append(uids, base|uint32(bit))
		}
		for i, value := range m.t.r.GetMany(m.messageKeys(uids)) {
			found++
			if more, err := f(uids[i], value); err != nil || !more {
				return false, err
			}
		}
	} else {
		var a, z keyBuf
		lo := a.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(base | uint32(first)).b
		hi := append(z.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(base|(blockSize-1)).b, 0)
		for p := range m.t.r.Scan(lo, hi) {
			uid := suffix32(p.Key)
			if !s.bits.get(bitOf(uid)) {
				continue
			}
			found++
			if more, err := f(uid, p.Value); err != nil || !more {
				return false, err
			}
		}
	}
	if err := m.t.r.Err(); err != nil {
		return false, err
	}
	if found != count {
		return false, errRecord
	}
	return true, nil
}

// messageKeys returns the keys of the records of uids.
func (m *mailbox) messageKeys(uids []uint32) [][]byte {
	keys := make([][]byte, len(uids))
	flat := make([]byte, 0, len(uids)*14)
	for i, uid := range uids {
		start := len(flat)
		k := keyBuf{flat[start:]}
		k.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(uid)
		flat = append(flat, k.b...)
		keys[i] = flat[start:len(flat):len(flat)]
	}
	return keys
}

// Messages reads the messages of uids from the UID from on, ascending, all of
// one snapshot, and calls visit for each until it returns false. It returns the
// UID to go on from, or 0 when none is left. Messages that are no longer there
// are left out.
//
// visit must only append to a buffer. When Messages has returned, all that was
// seen is durable and may be sent to the client.
func (b *Mailbox) Messages(ctx context.Context, uids uidset.Set, from uint32, want Fields, visit func(*Message) bool) (next uint32, err error) {
	err = b.view(ctx, "fetch", acl.Read, func(m *mailbox) error {
		f := fetcher{m: m, want: want, visit: visit}
		if f.names, err = m.keywordNames(); err != nil {
			return err
		}
		err := m.each(uids, max(from, 1), want&WantFlagsOnly == 0, f.add)
		if err == nil && !f.stopped {
			err = f.flush()
		}
		if f.stopped {
			next = f.next
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return next, nil
}

// A fetcher gathers messages into batches, so that the emails of a batch are
// read in one go, in the order in which they lie.
type fetcher struct {
	m       *mailbox
	want    Fields
	names   []string
	visit   func(*Message) bool
	batch   []Message
	order   []int
	arena   []byte
	bodies  []bodyAt
	octets  []byte
	pending int64 // octets of bodies in the batch
	words   []string
	stopped bool
	next    uint32
}

// What a batch holds. A caller stops when its buffer is full; what was read beyond
// is read again, so batches are small against such a buffer.
const (
	fetchBatch  = 32
	fetchOctets = 48 << 10 // of bodies
)

func (f *fetcher) add(v *visible) (more bool, err error) {
	if f.stopped {
		// The last one visited said no. It goes on with the rest of its batch,
		// or, if it was the last there, with v.
		if f.next == 0 {
			f.next = v.uid
		}
		return false, nil
	}
	if f.want&^WantFlagsOnly == 0 {
		var msg Message
		f.words = f.words[:0]
		f.fill(&msg, v)
		f.stopped = !f.visit(&msg)
		return true, nil
	}
	if len(f.batch) == 0 {
		f.words = f.words[:0]
	}
	f.batch = append(f.batch, Message{})
	f.fill(&f.batch[len(f.batch)-1], v)
	if f.want&WantRaw != 0 && v.rec.size <= inlineMax {
		f.pending += v.rec.size
	}
	if len(f.batch) < fetchBatch && f.pending < fetchOctets {
		return true, nil
	}
	return true, f.flush()
}

func (f *fetcher) fill(msg *Message, v *visible) {
	msg.UID, msg.ModSeq = v.uid, v.modseq
	msg.Flags.System = v.flags
	start := len(f.words)
	for _, k := range v.keywords {
		if int(k) < len(f.names) {
			f.words = append(f.words, f.names[k])
		}
	}
	if len(f.words) > start {
		msg.Flags.Keywords = f.words[start:len(f.words):len(f.words)]
	}
	msg.internal, msg.zone, msg.saved = v.rec.internal, v.rec.zone, v.rec.saved
	msg.Size, msg.Creator = v.rec.size, v.rec.creator
	msg.EmailID, msg.ThreadID = v.rec.email, v.rec.thread
}

// flush reads the emails of the batch and visits its messages.
func (f *fetcher) flush() error {
	if len(f.batch) == 0 {
		return nil
	}
	if err := f.read(); err != nil {
		return err
	}
	for i := range f.batch {
		if f.stopped {
			f.next = f.batch[i].UID
			break
		}
		f.stopped = !f.visit(&f.batch[i])
	}
	f.batch, f.pending = f.batch[:0], 0
	return nil
}

// read fills in what is wanted of the emails of the batch.
func (f *fetcher) read() error {
	f.bodies = f.bodies[:0]
	err := f.emails(func(i int, e emailRecord) error {
		if f.want&WantRaw != 0 && e.where == bodyInStore {
			f.bodies = append(f.bodies, bodyAt{e.body, i})
		}
		return e.render(&f.batch[i], f.want)
	})
	if err != nil || len(f.bodies) == 0 {
		return err
	}
	return f.readBodies()
}

// A bodyAt is a body in the store and the message of the batch that it is of.
type bodyAt struct {
	body uint64
	at   int
}

// readBodies reads the octets of the batch in the order in which they lie.
func (f *fetcher) readBodies() error {
	slices.SortFunc(f.bodies, func(a, b bodyAt) int { return cmp.Compare(a.body, b.body) })
	keys := make([][]byte, len(f.bodies))
	for i, b := range f.bodies {
		keys[i] = bodyKey(b.body)
	}
	size := int64(0)
	for _, b := range f.bodies {
		size += f.batch[b.at].Size
	}
	f.octets = slices.Grow(f.octets[:0], int(size))
	got := 0
	for i, value := range f.m.t.r.GetMany(keys) {
		start := len(f.octets)
		f.octets = append(f.octets, value...)
		f.batch[f.bodies[i].at].Raw = f.octets[start:len(f.octets):len(f.octets)]
		got++
	}
	if err := f.m.t.r.Err(); err != nil {
		return err
	}
	if got != len(f.bodies) {
		return errRecord
	}
	return nil
}

// emails reads the emails of the batch in the order in which they lie, and then
// calls use with each in the order of the batch.
func (f *fetcher) emails(use func(i int, e emailRecord) error) error {
	f.order = f.order[:0]
	for i := range f.batch {
		f.order = append(f.order, i)
	}
	slices.SortFunc(f.order, func(a, b int) int {
		return cmp.Compare(f.batch[a].EmailID, f.batch[b].EmailID)
	})
	keys := make([][]byte, len(f.order))
	flat := make([]byte, 0, len(f.order)*14)
	for i, at := range f.order {
		start := len(flat)
		k := keyBuf{flat[start:]}
		k.start(f.m.id.Owner, tableEmail).u64(f.batch[at].EmailID)
		flat = append(flat, k.b...)
		keys[i] = flat[start:len(flat):len(flat)]
	}
	f.arena = f.arena[:0]
	spans := make([][2]int, len(f.batch))
	for i, value := range f.m.t.r.GetMany(keys) {
		spans[f.order[i]] = [2]int{len(f.arena), len(f.arena) + len(value)}
		f.arena = append(f.arena, value...)
	}
	if err := f.m.t.r.Err(); err != nil {
		return err
	}
	for i, span := range spans {
		// An absent email leaves an empty span, which is no record.
		e, err := decodeEmail(f.arena[span[0]:span[1]])
		if err != nil {
			return err
		}
		if err := use(i, e); err != nil {
			return err
		}
	}
	return nil
}
