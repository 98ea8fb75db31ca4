package mail

import (
	"errors"

	"poststube/kv"
	"poststube/uidset"
)

// hasPrivate tells whether flags of the user may lie beside the mailbox's blocks:
// those that the policy makes private, unless the user sees the mailbox with its
// owner's eyes.
func (m *mailbox) hasPrivate() bool { return !m.own && (m.policy.flags != 0 || m.policy.keywords) }

// privateSeen tells it of \Seen.
func (m *mailbox) privateSeen() bool { return !m.own && m.policy.flags&Seen != 0 }

// block returns a block of the mailbox; after touch it may be changed.
func (m *mailbox) block(num uint32) (*block, error) {
	if b := m.blocks[num]; b != nil {
		return b, nil
	}
	b, err := m.t.loadBlock(m.t.key.start(m.id.Owner, tableBlock).u32(m.id.Num).u32(num))
	if err != nil {
		return nil, err
	}
	if m.blocks == nil {
		m.blocks = make(map[uint32]*block)
	}
	m.blocks[num] = b
	return b, nil
}

// privateBlock returns the user's own flags of a block.
func (m *mailbox) privateBlock(num uint32) (*block, error) {
	if b := m.private[num]; b != nil {
		return b, nil
	}
	user := uint32(m.t.u.principal.ID)
	b, err := m.t.loadBlock(m.t.key.start(m.id.Owner, tablePrivate).u32(m.id.Num).u32(user).u32(num))
	if err != nil {
		return nil, err
	}
	if m.private == nil {
		m.private = make(map[uint32]*block)
	}
	m.private[num] = b
	return b, nil
}

func (t *txn) loadBlock(k *keyBuf) (*block, error) {
	b := new(block)
	v, err := t.r.Get(k.b)
	if errors.Is(err, kv.ErrNotFound) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	return b, b.decode(v)
}

// touch says that a loaded block has been changed, touchPrivate that the user's
// own flags there have.
func (m *mailbox) touch(num uint32) {
	if m.dirtyBlocks == nil {
		m.dirtyBlocks = make(map[uint32]bool)
	}
	m.dirtyBlocks[num], m.dirty = true, true
}

func (m *mailbox) touchPrivate(num uint32) {
	if m.dirtyPrivate == nil {
		m.dirtyPrivate = make(map[uint32]bool)
	}
	m.dirtyPrivate[num], m.dirty = true, true
}

// A span is one block, the user's own flags there (nil if none are kept apart, or
// if they are in the block already), and those of the UIDs asked for that exist.
type span struct {
	num  uint32
	b, p *block
	bits bitmap
}

// scanFrom is from how many consecutive blocks on one scan is cheaper than
// single reads.
const scanFrom = 4

// eachBlock calls f for the blocks of uids, from the UID from on, in which any of
// them exist, ascending, until it returns false. In a transaction that only
// reads, the blocks must not be kept.
func (m *mailbox) eachBlock(uids uidset.Set, from uint32, f func(*span) (more bool, err error)) error {
	s := span{}
	visit := func() (bool, error) {
		if err := m.t.turn.Step(m.t.ctx); err != nil {
			return false, err
		}
		s.bits = bitsOf(uids, s.num)
		if num, bit := blockOf(from); num == s.num && bit > 0 {
			var below bitmap
			below.fill(0, bit-1)
			s.bits = s.bits.andNot(&below)
		}
		s.bits = s.bits.and(&s.b.exists)
		if s.bits.empty() {
			return true, nil
		}
		return f(&s)
	}
	for first, last := range blockSpans(uids, from, m.c.uidNext) {
		each := m.single
		if m.t.w == nil && last-first >= scanFrom {
			each = m.scanBlocks
		}
		if more, err := each(first, last, &s, visit); err != nil || !more {
			return err
		}
	}
	return nil
}

// single reads blocks one by one.
func (m *mailbox) single(first, last uint32, s *span, visit func() (bool, error)) (more bool, err error) {
	for s.num = first; ; s.num++ {
		if s.b, err = m.block(s.num); err != nil {
			return false, err
		}
		if m.hasPrivate() {
			if s.p, err = m.privateBlock(s.num); err != nil {
				return false, err
			}
		}
		if more, err := visit(); err != nil || !more {
			return false, err
		}
		if s.num == last {
			return true, nil
		}
	}
}

// scanBlocks reads a range of blocks in one go. They are as the user sees them,
// with nothing beside them.
func (m *mailbox) scanBlocks(first, last uint32, s *span, visit func() (bool, error)) (more bool, err error) {
	var private *privateReader
	if m.hasPrivate() {
		private = &privateReader{m: m, last: last}
	}
	var a, z keyBuf
	lo := a.start(m.id.Owner, tableBlock).u32(m.id.Num).u32(first).b
	hi := append(z.start(m.id.Owner, tableBlock).u32(m.id.Num).u32(last).b, 0)
	s.b, s.p = new(block), nil
	for p := range m.t.r.Scan(lo, hi) {
		s.num = suffix32(p.Key)
		s.b.reset()
		if err := s.b.decode(p.Value); err != nil {
			return false, err
		}
		if private != nil {
			own, err := private.at(s.num)
			if err != nil {
				return false, err
			}
			s.b.overlay(own, m.policy)
		}
		if more, err := visit(); err != nil || !more {
			return false, err
		}
	}
	return true, m.t.r.Err()
}

// all is every UID that the mailbox has given.
func (m *mailbox) all() uidset.Set {
	if m.c.uidNext <= 1 {
		return uidset.Set{}
	}
	return uidset.Range(1, m.c.uidNext-1)
}

// existing returns those of uids that are in the mailbox.
func (m *mailbox) existing(uids uidset.Set) (found uidset.Set, err error) {
	err = m.eachBlock(uids, 1, func(s *span) (bool, error) {
		s.bits.appendTo(&found, s.num)
		return true, nil
	})
	return found, err
}

// exists tells whether a message is in the mailbox.
func (m *mailbox) exists(uid uint32) (bool, error) {
	num, bit := blockOf(uid)
	b, err := m.block(num)
	return err == nil && uid != 0 && b.exists.get(bit), err
}

// seenBits are the UIDs of a span that the user has seen.
func (m *mailbox) seenBits(s *span) *bitmap {
	if m.privateSeen() && s.p != nil {
		return &s.p.flags[atSeen]
	}
	return &s.b.flags[atSeen]
}

// system returns the system flags of a message as the user sees them.
func (m *mailbox) system(s *span, bit uint) SystemFlags {
	flags := s.b.system(bit)
	if s.p == nil {
		return flags
	}
	return flags&^m.policy.flags | s.p.system(bit)&m.policy.flags
}

// appendWords appends the keywords of a message as the user sees them.
func (m *mailbox) appendWords(dst []uint16, s *span, bit uint) []uint16 {
	if s.p != nil && m.policy.keywords {
		return s.p.appendWords(dst, bit)
	}
	return s.b.appendWords(dst, bit)
}

// modseq returns the modseq of a message as the user sees it.
func (m *mailbox) modseq(s *span, bit uint) ModSeq {
	switch {
	case m.own:
		return max(s.b.modseq[bit], s.b.own[bit])
	case s.p != nil:
		return max(s.b.modseq[bit], s.p.modseq[bit])
	}
	return s.b.modseq[bit]
}
