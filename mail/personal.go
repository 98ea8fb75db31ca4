package mail

import (
	"sync"
	"sync/atomic"

	"poststube/directory"
)

// What is known of one user in one mailbox, in memory: the modseq of the last
// change that only this user sees, and how many messages he has not seen. With
// it a list of thousands of shared mailboxes with their unseen messages costs
// about what one's own cost; without it, three more reads for each. And, under
// the key noMounts, who has mounted nothing.
//
// It rests, like recentChanges, on this engine being the only writer of its
// store. What was read in a snapshot is kept only if nothing has changed since
// before that snapshot was taken, and used only in snapshots taken since.
type personals struct {
	clock atomic.Uint64 // counts changes that begin or end

	mu      sync.Mutex
	kept    map[personalKey]personal
	pending map[personalKey]int    // commits under way that change what the user alone sees
	changed [personalShards]uint64 // the clock at the last change of any of them
}

type personalKey struct {
	id   MailboxID
	user directory.ID
}

// A personal is valid for the user's view of one mailbox until it is dropped.
type personal struct {
	private ModSeq // of the last change that only the user sees; 0 if none
	// unseen is how many messages the user had not seen when the mailbox had
	// the modseq counted, 0 if that is not known.
	counted ModSeq
	unseen  uint32
}

const (
	personalShards = 256
	// maxPersonals bounds the memory, at about 80 octets each; when it is
	// reached, all are dropped.
	maxPersonals = 1 << 18
)

func (k personalKey) shard() int {
	return int((uint32(k.id.Owner)*31 + k.id.Num*7 + uint32(k.user)) % personalShards)
}

// get returns what is known, for a snapshot that was taken when the clock was
// at began or later.
func (p *personals) get(k personalKey, began uint64) (personal, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.valid(k, began) {
		return personal{}, false
	}
	v, ok := p.kept[k]
	return v, ok
}

// put keeps what such a snapshot showed.
func (p *personals) put(k personalKey, v personal, began uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.valid(k, began) {
		return
	}
	if p.kept == nil || len(p.kept) >= maxPersonals {
		p.kept = make(map[personalKey]personal)
	}
	p.kept[k] = v
}

func (p *personals) valid(k personalKey, began uint64) bool {
	return p.changed[k.shard()] <= began && p.pending[k] == 0
}

// begin notes a change that is about to be committed, and end that it is durable
// or came to nothing.
func (p *personals) begin(k personalKey) { p.change(k, 1) }
func (p *personals) end(k personalKey)   { p.change(k, -1) }

func (p *personals) change(k personalKey, by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed[k.shard()] = p.clock.Add(1)
	delete(p.kept, k)
	if p.pending == nil {
		p.pending = make(map[personalKey]int)
	}
	if p.pending[k] += by; p.pending[k] == 0 {
		delete(p.pending, k)
	}
}

// clear forgets everything that was kept.
func (p *personals) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = nil
	for i := range p.changed {
		p.changed[i] = p.clock.Load()
	}
}

func (m *mailbox) personalKey() personalKey {
	return personalKey{m.id, m.t.u.principal.ID}
}

// privateModSeq returns the modseq of the last change that only the user sees.
func (m *mailbox) privateModSeq() (last ModSeq) {
	if m.policy.flags == 0 && !m.policy.keywords {
		return 0
	}
	known := &m.t.e.personals
	if m.t.w == nil {
		if p, ok := known.get(m.personalKey(), m.t.began); ok {
			return p.private
		}
	}
	lo, hi := m.privateLogRange(0)
	for p := range m.t.r.ScanDown(lo, hi) {
		last = ModSeq(suffix64(p.Key))
		break
	}
	if m.t.w == nil && m.t.r.Err() == nil {
		known.put(m.personalKey(), personal{private: last}, m.t.began)
	}
	return last
}

// unseen returns how many messages the user has not seen.
func (m *mailbox) unseen() (n uint32, err error) {
	if !m.privateSeen() {
		return m.c.exists - m.c.seen, nil
	}
	if m.c.exists == 0 {
		return 0, nil
	}
	known := &m.t.e.personals
	if m.t.w == nil {
		if p, ok := known.get(m.personalKey(), m.t.began); ok && p.counted == m.c.highestModSeq && p.counted > 0 {
			return p.unseen, nil
		}
	}
	private := m.privateModSeq()
	err = m.eachBlock(m.all(), 1, func(sp *span) (bool, error) {
		unseen := sp.bits.andNot(m.seenBits(sp))
		n += uint32(unseen.count())
		return true, nil
	})
	if m.t.w == nil && err == nil {
		known.put(m.personalKey(), personal{private, m.c.highestModSeq, n}, m.t.began)
	}
	return n, err
}
