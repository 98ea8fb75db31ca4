package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"poststube/acl"
	"poststube/directory"
)

type checker struct {
	e        *Engine
	o        CheckOptions
	owner    directory.ID
	problems []Problem
	emails   map[uint64]bool // that are in some mailbox
}

// maxProblems bounds what is reported of one owner.
const maxProblems = 1000

func (c *checker) found(mailbox, uid uint32, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{c.owner, mailbox, uid, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) account(ctx context.Context, t *txn) error {
	a, err := t.account(c.owner)
	if err != nil {
		return err
	}
	if c.owner != server && c.lost(ctx, c.owner) {
		c.found(0, 0, "belongs to nobody in the directory")
	}
	var sum Quota
	for _, n := range a.tree.all() {
		if n.num >= a.rec.nextMailbox {
			c.found(n.num, 0, "has a number that was never given")
		}
		if n.uidValidity > a.rec.uidValidity {
			c.found(n.num, 0, "has UIDVALIDITY %d, and the last one given is %d", n.uidValidity, a.rec.uidValidity)
		}
		c.entries(ctx, t, n)
		m, err := t.mailbox(MailboxID{c.owner, n.num}, acl.None)
		if err != nil {
			c.found(n.num, 0, "cannot be opened: %v", err)
			continue
		}
		t.boxes = t.boxes[:0]
		sum.Bytes += m.c.size
		sum.Messages += uint64(m.c.exists)
		if err := c.mailbox(m); err != nil {
			c.found(n.num, 0, "cannot be read: %v", err)
		}
	}
	if sum.Bytes != a.rec.bytes || sum.Messages != a.rec.messages {
		c.found(0, 0, "quota counts %d octets in %d messages, there are %d in %d", a.rec.bytes, a.rec.messages, sum.Bytes, sum.Messages)
	}
	if err := c.tree(t, a); err != nil {
		return err
	}
	if err := c.gone(t, a); err != nil {
		return err
	}
	return c.allEmails(ctx, t, a)
}

// lost tells whether the directory lacks somebody, who is not leaving.
func (c *checker) lost(ctx context.Context, id directory.ID) bool {
	if _, err := c.e.dir.ByID(ctx, id); !errors.Is(err, directory.ErrNotFound) {
		return false
	}
	leaving, err := c.e.retired(ctx)
	return err == nil && !slices.ContainsFunc(leaving, func(p directory.Principal) bool { return p.ID == id })
}

// entries checks a node's ACL against the directory and the reverse index.
func (c *checker) entries(ctx context.Context, t *txn, n *node) {
	for _, e := range n.acl {
		if e.Who.Named() {
			if c.lost(ctx, directory.ID(e.Who.ID)) {
				c.found(n.num, 0, "has rights for %d, who is not in the directory", e.Who.ID)
			}
		}
		if _, err := t.r.Get(reverseEntry(e.Who, c.owner, n.num)); indexed(e) != (err == nil) {
			c.found(n.num, 0, "the index of shares differs from the rights of %v", e.Who)
		}
	}
}

func (c *checker) mailbox(m *mailbox) error {
	var want counters
	if v, err := m.t.r.Get(m.t.key.start(m.id.Owner, tableKeywords).u32(m.id.Num).b); m.c.keywords > 0 || err == nil {
		if err != nil {
			c.found(m.id.Num, 0, "has lost the names of its keywords: %v", err)
		} else if names, err := decodeKeywords(v); err != nil || len(names) != int(m.c.keywords) {
			c.found(m.id.Num, 0, "has %d names of keywords, and counts %d", len(names), m.c.keywords)
		}
	}
	err := m.eachBlock(m.all(), 1, func(s *span) (bool, error) { return true, c.span(m, s, &want) })
	if err != nil {
		return err
	}
	if m.c.exists != want.exists || m.c.seen != want.seen || m.c.deleted != want.deleted || m.c.size != want.size || m.c.deletedSize != want.deletedSize {
		c.found(m.id.Num, 0, "counters say %d messages, %d seen, %d deleted, %d octets, %d of them deleted; there are %d, %d, %d, %d, %d",
			m.c.exists, m.c.seen, m.c.deleted, m.c.size, m.c.deletedSize, want.exists, want.seen, want.deleted, want.size, want.deletedSize)
	}
	if n := c.o.Count; n != nil {
		n.Mailboxes++
		n.Messages += int(want.exists)
		n.Octets += want.size
	}
	if err := c.beyond(m); err != nil {
		return err
	}
	return c.log(m)
}

// span checks the messages of a block, each with its record.
func (c *checker) span(m *mailbox, s *span, want *counters) error {
	uids := make([]uint32, 0, blockSize)
	for bit, ok := s.bits.next(0); ok; bit, ok = s.bits.next(bit + 1) {
		uids = append(uids, s.num<<blockBits|uint32(bit))
	}
	v, found := visible{}, make(map[uint32]bool, len(uids))
	for i, value := range m.t.r.GetMany(m.messageKeys(uids)) {
		if err := v.rec.decode(value); err != nil {
			return err
		}
		found[uids[i]] = true
		m.look(&v, s, bitOf(uids[i]))
		c.message(m, &v, want)
	}
	if err := m.t.r.Err(); err != nil {
		return err
	}
	for _, uid := range uids {
		if !found[uid] {
			want.exists++
			c.found(m.id.Num, uid, "has lost its record")
		}
	}
	return nil
}

// beyond finds messages with UIDs that were never given.
func (c *checker) beyond(m *mailbox) error {
	var a keyBuf
	_, hi := tableRange(m.id.Owner, tableMessage, m.id.Num)
	for p := range m.t.r.Scan(a.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(m.c.uidNext).b, hi) {
		c.found(m.id.Num, suffix32(p.Key), "is not below UIDNEXT %d", m.c.uidNext)
	}
	return m.t.r.Err()
}

// message checks one message and counts it.
func (c *checker) message(m *mailbox, v *visible, want *counters) {
	uid, rec := v.uid, &v.rec
	want.exists++
	want.size += rec.size
	if v.b.flags[atSeen].get(v.bit) {
		want.seen++
	}
	if v.b.flags[atDeleted].get(v.bit) {
		want.deleted++
		want.deletedSize += rec.size
	}
	if modseq := v.b.modseq[v.bit]; modseq > m.c.highestModSeq || rec.created > modseq || v.b.own[v.bit] > m.a.rec.modseq {
		c.found(m.id.Num, uid, "modseq %d, created at %d, out of order with HIGHESTMODSEQ %d", modseq, rec.created, m.c.highestModSeq)
	}
	if day, d := rec.day(), v.b.days; !d.set || day < d.first || day > d.last {
		c.found(m.id.Num, uid, "its date is not among those of its block")
	}
	for _, w := range v.keywords {
		if uint32(w) >= m.c.keywords {
			c.found(m.id.Num, uid, "has a keyword without a name")
		}
	}
}
