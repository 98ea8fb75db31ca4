package mail

import (
	"errors"
	"strings"

	"poststube/acl"
	"poststube/kv"
	"poststube/uidset"
)

// A mailbox is a mailbox inside a transaction, with what the transaction has
// changed in it so far. Only (*txn).mailbox makes one.
type mailbox struct {
	t      *txn
	a      *account
	id     MailboxID
	node   *node
	rights acl.Rights
	policy policy
	own    bool // the user sees it with its owner's eyes

	c        counters
	names    []string // of keywords; loaded when asked for
	blocks   map[uint32]*block
	private  map[uint32]*block // the user's own flags, where they are kept apart
	log      logEntry
	unshared uidset.Set // changes that only this user sees

	dirtyBlocks  map[uint32]bool
	dirtyPrivate map[uint32]bool
	dirtyNames   bool
	dirty        bool
	recent       *recentEntry // once flushed
}

func (m *mailbox) load() error {
	v, err := m.t.r.Get(m.t.key.start(m.id.Owner, tableCounters).u32(m.id.Num).b)
	if errors.Is(err, kv.ErrNotFound) {
		m.c.uidNext = 1
		return nil
	}
	if err != nil {
		return err
	}
	m.c, err = decodeCounters(v)
	return err
}

// need refuses what the user's rights do not cover. Who may read the mailbox may
// know of it, also without l.
func (m *mailbox) need(r acl.Rights) error {
	if m.rights.Has(r) || !m.rights.Has(acl.Read) {
		return admit(m.rights, r)
	}
	return lacking(r &^ m.rights)
}

// keywordNames returns the mailbox's keywords by index.
func (m *mailbox) keywordNames() ([]string, error) {
	if m.names != nil || m.c.keywords == 0 {
		return m.names, nil
	}
	e := m.t.e
	e.mu.Lock()
	cached := e.keywords[m.id]
	e.mu.Unlock()
	// The table only grows, and a committed one is never taken back, so a
	// longer one serves as well.
	if len(cached) >= int(m.c.keywords) {
		m.names = cached[:m.c.keywords:m.c.keywords]
		return m.names, nil
	}
	v, err := m.t.r.Get(m.t.key.start(m.id.Owner, tableKeywords).u32(m.id.Num).b)
	if err != nil {
		return nil, err
	}
	if m.names, err = decodeKeywords(v); err != nil || len(m.names) != int(m.c.keywords) {
		return nil, errRecord
	}
	if m.t.w == nil {
		e.mu.Lock()
		if len(e.keywords) >= maxTrees {
			clear(e.keywords)
		}
		e.keywords[m.id] = m.names
		e.mu.Unlock()
	}
	return m.names, nil
}

func decodeKeywords(v []byte) (names []string, err error) {
	d := dec{b: v}
	d.version(1)
	for range d.count() {
		names = append(names, d.str())
	}
	return names, d.err()
}

// keyword returns the index of a keyword, and gives it one if add is set.
func (m *mailbox) keyword(name string, add bool) (index uint16, ok bool, err error) {
	names, err := m.keywordNames()
	if err != nil {
		return 0, false, err
	}
	for i, n := range names {
		if strings.EqualFold(n, name) {
			return uint16(i), true, nil
		}
	}
	if !add {
		return 0, false, nil
	}
	if err := checkKeyword(name); err != nil {
		return 0, false, err
	}
	if len(names) >= m.t.e.config.MaxKeywords {
		return 0, false, fail(Limit, "the mailbox has %d different keywords already, which is the limit", len(names))
	}
	m.names = append(names[:len(names):len(names)], name)
	m.c.keywords++
	m.dirtyNames, m.dirty = true, true
	return uint16(len(m.names) - 1), true, nil
}

// flush writes counters, blocks, keyword table and log entry.
func (m *mailbox) flush() error {
	if !m.dirty {
		return nil
	}
	t, owner, num := m.t, m.id.Owner, m.id.Num
	modseq := m.a.next()
	for n := range m.dirtyBlocks {
		if err := t.set(t.key.start(owner, tableBlock).u32(num).u32(n), m.blocks[n].encode(t.val[:0])); err != nil {
			return err
		}
	}
	user := uint32(t.u.principal.ID)
	for n := range m.dirtyPrivate {
		if err := t.set(t.key.start(owner, tablePrivate).u32(num).u32(user).u32(n), m.private[n].encode(t.val[:0])); err != nil {
			return err
		}
	}
	if m.dirtyNames {
		v := appendU(append(t.val[:0], 1), uint64(len(m.names)))
		for _, name := range m.names {
			v = appendBytes(v, name)
		}
		if err := t.set(t.key.start(owner, tableKeywords).u32(num), v); err != nil {
			return err
		}
	}
	if !m.unshared.Empty() {
		if err := t.set(t.key.start(owner, tablePrivateLog).u32(num).u32(user).u64(uint64(modseq)), m.unshared.AppendBinary(t.val[:0])); err != nil {
			return err
		}
	}
	if l := &m.log; !l.arrived.Empty() || !l.changed.Empty() || !l.vanished.Empty() {
		l.time, l.actor, l.origin = t.now.UnixMilli(), t.u.principal.ID, t.u.originText()
		m.c.highestModSeq = modseq
		if err := t.set(t.key.start(owner, tableLog).u32(num).u64(uint64(modseq)), l.encode(t.val[:0])); err != nil {
			return err
		}
	}
	m.recent = &recentEntry{modseq: modseq, arrived: m.log.arrived, changed: m.log.changed, vanished: m.log.vanished,
		user: t.u.principal.ID, unshared: m.unshared, keywords: m.names}
	t.e.recentChanges.add(m.id, m.recent)
	if m.changesPersonal() {
		t.e.personals.begin(m.personalKey())
	}
	m.c.recentFrom = max(m.c.recentFrom, t.e.claimed(m.id))
	t.topics = append(t.topics, mailboxTopic(m.id))
	return t.set(t.key.start(owner, tableCounters).u32(num), m.c.encode(t.val[:0]))
}

// changesPersonal tells whether the transaction changes what only the user sees.
func (m *mailbox) changesPersonal() bool { return len(m.dirtyPrivate) > 0 || !m.unshared.Empty() }

// claimed returns the UID below which \Recent has been claimed since the start.
func (e *Engine) claimed(id MailboxID) uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recent[id]
}

// claimRecent gives the session that asks all recent messages below next, and
// returns the first of them.
func (e *Engine) claimRecent(id MailboxID, stored, next uint32) uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	from := max(stored, e.recent[id])
	if next > from {
		e.recent[id] = next
	}
	return from
}
