package mail

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sort"

	"poststube/acl"
	"poststube/kv"
	"poststube/uidset"
)

// A visible is a stored message as the user sees it.
type visible struct {
	uid      uint32
	rec      messageRecord
	priv     privateRecord // empty when the user has none
	flags    SystemFlags
	keywords []uint16
	modseq   ModSeq

	privChanged bool // priv is to be stored
}

// see joins the record with the user's private one.
func (m *mailbox) see(v *visible) {
	v.flags, v.keywords, v.modseq = v.rec.flags, v.rec.keywords, v.rec.modseq
	if m.own {
		v.modseq = max(v.modseq, v.rec.ownModSeq)
		return
	}
	v.flags = v.rec.flags&^m.policy.flags | v.priv.flags&m.policy.flags
	if m.policy.keywords {
		v.keywords = v.priv.keywords
	}
	v.modseq = max(v.modseq, v.priv.modseq)
}

// hasPrivate tells whether the user may have records beside the messages'.
func (m *mailbox) hasPrivate() bool { return !m.own && (m.policy.flags != 0 || m.policy.keywords) }

// each calls f for the messages of uids from the UID from on that exist, in
// ascending order, until f says stop. The visible is reused.
func (m *mailbox) each(uids uidset.Set, from uint32, f func(*visible) (more bool, err error)) error {
	if uids.Empty() {
		return nil
	}
	var records iter.Seq2[uint32, []byte]
	// One scan over the whole span is cheaper than jumps as soon as one key in
	// eight is wanted.
	if span := uint64(uids.Max()) - uint64(uids.Min()) + 1; uint64(uids.Len())*8 >= span {
		records = m.scan(uids, from)
	} else {
		records = m.pick(uids, from)
	}
	var private func(uid uint32) ([]byte, error)
	if m.hasPrivate() {
		next, stop := iter.Pull(m.privateScan(uids, from))
		defer stop()
		private = follow(next)
	}
	var v visible
	var c *chunk
	current := ^uint32(0)
	for uid, value := range records {
		num, bit := chunkOf(uid)
		if num != current {
			var err error
			if c, err = m.chunk(num); err != nil {
				return err
			}
			current = num
		}
		if !c.exists.get(bit) {
			continue
		}
		v.uid = uid
		if err := v.rec.decode(value); err != nil {
			return err
		}
		v.priv.flags, v.priv.modseq, v.priv.keywords = 0, 0, v.priv.keywords[:0]
		if private != nil {
			p, err := private(uid)
			if err == nil && p != nil {
				err = v.priv.decode(p)
			}
			if err != nil {
				return err
			}
		}
		m.see(&v)
		if more, err := f(&v); err != nil || !more {
			return err
		}
	}
	return m.t.r.Err()
}

// scan yields the records of uids by one pass over their span.
func (m *mailbox) scan(uids uidset.Set, from uint32) iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		var a, b keyBuf
		lo := a.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(max(uids.Min(), from)).b
		hi := append(b.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(uids.Max()).b, 0)
		runs := uids.Runs()
		for p := range m.t.r.Scan(lo, hi) {
			uid := suffix32(p.Key)
			for len(runs) > 0 && runs[0].Last < uid {
				runs = runs[1:]
			}
			if len(runs) == 0 {
				return
			}
			if uid >= runs[0].First && !yield(uid, p.Value) {
				return
			}
		}
	}
}

// pick yields the records of uids one by one.
func (m *mailbox) pick(uids uidset.Set, from uint32) iter.Seq2[uint32, []byte] {
	const batch = 256
	return func(yield func(uint32, []byte) bool) {
		runs := uids.Runs()
		first := sort.Search(len(runs), func(i int) bool { return runs[i].Last >= from })
		list := make([]uint32, 0, min(batch, uids.Len()))
		done := false
		emit := func() {
			for i, value := range m.t.r.GetMany(m.messageKeys(list)) {
				if !yield(list[i], value) {
					done = true
					return
				}
			}
			list = list[:0]
			done = m.t.r.Err() != nil
		}
		for _, r := range runs[first:] {
			for uid := uint64(max(r.First, from)); uid <= uint64(r.Last); uid++ {
				if list = append(list, uint32(uid)); len(list) == cap(list) {
					if emit(); done {
						return
					}
				}
			}
		}
		emit()
	}
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

// privateScan yields the user's private records within the span of uids.
func (m *mailbox) privateScan(uids uidset.Set, from uint32) iter.Seq[kv.Pair] {
	var a, b keyBuf
	user := uint32(m.t.u.principal.ID)
	lo := a.start(m.id.Owner, tablePrivate).u32(m.id.Num).u32(user).u32(max(uids.Min(), from)).b
	hi := append(b.start(m.id.Owner, tablePrivate).u32(m.id.Num).u32(user).u32(uids.Max()).b, 0)
	return m.t.r.Scan(lo, hi)
}

// follow returns a function that finds the value of ascending UIDs in an
// iteration over pairs whose keys end in UIDs.
func follow(next func() (kv.Pair, bool)) func(uint32) ([]byte, error) {
	p, ok := next()
	return func(uid uint32) ([]byte, error) {
		for ok && suffix32(p.Key) < uid {
			p, ok = next()
		}
		if ok && suffix32(p.Key) == uid {
			return p.Value, nil
		}
		return nil, nil
	}
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
		err := m.each(uids, max(from, 1), f.add)
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
	words   []string
	stopped bool
	next    uint32
}

const fetchBatch = 64

func (f *fetcher) add(v *visible) (more bool, err error) {
	if f.stopped { // the last one visited said no; v is where to go on
		f.next = v.uid
		return false, nil
	}
	if f.want == 0 {
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
	if len(f.batch) < fetchBatch {
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
	f.batch = f.batch[:0]
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
