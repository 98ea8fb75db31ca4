package mail

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"

	"poststube/acl"
	"poststube/kv"
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
		f := fetcher{m: m, want: want, visit: visit, fetchMemory: m.t.e.takeMemory()}
		defer m.t.e.giveMemory(f.fetchMemory)
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
	pending int64 // octets of bodies in the batch
	stopped bool
	next    uint32
	*fetchMemory
}

// A fetchMemory is what a fetcher works in. Messages is called again and again
// for a large mailbox, so the engine keeps some.
type fetchMemory struct {
	one    Message // visited by itself
	batch  []Message
	order  []int
	keys   [][]byte
	flat   []byte // where keys lie
	spans  [][2]int
	arena  []byte // emails
	bodies []bodyAt
	octets []byte // bodies
	words  []string
}

// keepMemory is the size from which on memory is not kept.
const keepMemory = 1 << 20

func (e *Engine) takeMemory() *fetchMemory {
	if f, ok := e.fetching.Get().(*fetchMemory); ok {
		return f
	}
	return new(fetchMemory)
}

// giveMemory takes memory back, without what is in it of messages.
func (e *Engine) giveMemory(f *fetchMemory) {
	if cap(f.arena)+cap(f.octets) > keepMemory {
		return
	}
	f.one = Message{}
	clear(f.batch[:cap(f.batch)])
	clear(f.words[:cap(f.words)])
	f.batch, f.words = f.batch[:0], f.words[:0]
	e.fetching.Put(f)
}

// What a batch holds. As many octets are read as a caller usually takes before it
// stops to send them: what was read beyond is read again.
const (
	fetchBatch  = 64
	fetchOctets = 128 << 10 // of bodies
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
		f.words = f.words[:0]
		f.one = Message{}
		f.fill(&f.one, v)
		f.stopped = !f.visit(&f.one)
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
		if i%stepEvery == 0 {
			if err := f.m.t.turn.Step(f.m.t.ctx); err != nil {
				return err
			}
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
	f.flat, f.keys = f.flat[:0], f.keys[:0]
	for _, b := range f.bodies {
		start := len(f.flat)
		f.flat = appendBodyKey(f.flat, b.body)
		f.keys = append(f.keys, f.flat[start:len(f.flat):len(f.flat)])
	}
	size := int64(0)
	for _, b := range f.bodies {
		size += f.batch[b.at].Size
	}
	f.octets = slices.Grow(f.octets[:0], int(size))
	got := 0
	span := f.bodies[len(f.bodies)-1].body - f.bodies[0].body
	for i, value := range values(f.m.t.r, f.keys, span) {
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
	f.flat, f.keys = f.flat[:0], f.keys[:0]
	for _, at := range f.order {
		start := len(f.flat)
		k := keyBuf{f.flat[start:]}
		k.start(f.m.id.Owner, tableEmail).u64(f.batch[at].EmailID)
		f.flat = append(f.flat, k.b...)
		f.keys = append(f.keys, f.flat[start:len(f.flat):len(f.flat)])
	}
	f.arena = f.arena[:0]
	f.spans = append(f.spans[:0], make([][2]int, len(f.batch))...)
	span := f.batch[f.order[len(f.order)-1]].EmailID - f.batch[f.order[0]].EmailID
	for i, value := range values(f.m.t.r, f.keys, span) {
		f.spans[f.order[i]] = [2]int{len(f.arena), len(f.arena) + len(value)}
		f.arena = append(f.arena, value...)
	}
	if err := f.m.t.r.Err(); err != nil {
		return err
	}
	for i, span := range f.spans {
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

// values yields what GetMany does. The keys end in numbers, the last of which is
// span more than the first: if most of what lies between them is wanted, as with
// messages that came one after the other, one scan is much cheaper.
func values(r kv.Reader, keys [][]byte, span uint64) iter.Seq2[int, []byte] {
	if len(keys) < 2 || span/4 > uint64(len(keys)) {
		return r.GetMany(keys)
	}
	return func(yield func(int, []byte) bool) {
		i := 0
		for p := range r.Scan(keys[0], append(bytes.Clone(keys[len(keys)-1]), 0)) {
			for i < len(keys) && bytes.Compare(keys[i], p.Key) < 0 {
				i++
			}
			for ; i < len(keys) && bytes.Equal(keys[i], p.Key); i++ {
				if !yield(i, p.Value) {
					return
				}
			}
		}
	}
}
