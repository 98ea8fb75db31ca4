package mail

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
	"poststube/message"
)

// A Problem is something that Check found to be wrong.
type Problem struct {
	Owner   directory.ID
	Mailbox uint32 // 0: the account
	UID     uint32 // 0: the mailbox
	Text    string
}

func (p Problem) String() string {
	s := fmt.Sprintf("owner %d", p.Owner)
	if p.Mailbox != 0 {
		s += fmt.Sprintf(", mailbox %d", p.Mailbox)
	}
	if p.UID != 0 {
		s += fmt.Sprintf(", UID %d", p.UID)
	}
	return s + ": " + p.Text
}

// CheckOptions say how thorough Check is.
type CheckOptions struct {
	// Bodies also reads and parses every message and compares with what is
	// kept of it.
	Bodies bool
	// Count, if not nil, is increased by what was looked at.
	Count *Checked
}

// Checked is how much Check has looked at.
type Checked struct {
	Owners, Mailboxes, Messages int
	Octets                      int64 // of the messages, also where only their records were read
}

// Check reads everything that the engine keeps and yields what does not fit
// together: records that cannot be read, counters, bitmaps and quota that differ
// from the messages, UIDs and modseqs out of range, emails without octets,
// entries of the indexes that point nowhere. It changes nothing and runs beside
// everything else, one snapshot per owner. The error of a pair is one of
// reading; it ends the iteration.
func (e *Engine) Check(ctx context.Context, o CheckOptions) iter.Seq2[Problem, error] {
	return func(yield func(Problem, error) bool) {
		owners, err := e.owners(ctx)
		if err != nil {
			yield(Problem{}, err)
			return
		}
		for _, owner := range owners {
			c := checker{e: e, o: o, owner: owner, refs: make(map[uint64]bool)}
			u := e.AsAdmin(directory.Principal{ID: owner}, "verify")
			if err := u.view(ctx, "verify", func(t *txn) error { return c.account(ctx, t) }); err != nil {
				c.found(0, 0, "cannot be read: %v", err)
			}
			if err := e.indexer.Check(ctx, uint32(owner)); err != nil && ctx.Err() == nil {
				c.found(0, 0, "the search index is damaged and should be made anew: %v", err)
			}
			if o.Count != nil {
				o.Count.Owners++
			}
			for _, p := range c.problems {
				if !yield(p, nil) {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(Problem{}, err)
				return
			}
		}
	}
}

// owners returns all owners that the store knows.
func (e *Engine) owners(ctx context.Context) (list []directory.ID, err error) {
	err = e.db.View(ctx, func(r kv.Reader) error {
		lo := []byte{ownerPrefix}
		for {
			found := false
			for p := range r.Scan(lo, []byte{ownerPrefix + 1}) {
				id := directory.ID(binary.BigEndian.Uint32(p.Key[1:]))
				list = append(list, id)
				lo, found = ownerKey(id + 1)[:5], true
				break
			}
			if !found {
				return r.Err()
			}
		}
	})
	return list, err
}

type checker struct {
	e        *Engine
	o        CheckOptions
	owner    directory.ID
	problems []Problem
	refs     map[uint64]bool // emails that were looked at
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
		if a.tree.nodes[n.parent] == nil {
			c.found(n.num, 0, "has no parent")
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
		if err := c.mailbox(ctx, m); err != nil {
			c.found(n.num, 0, "cannot be read: %v", err)
		}
	}
	if sum.Bytes != a.rec.bytes || sum.Messages != a.rec.messages {
		c.found(0, 0, "quota counts %d octets in %d messages, there are %d in %d", a.rec.bytes, a.rec.messages, sum.Bytes, sum.Messages)
	}
	return nil
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

func (c *checker) mailbox(ctx context.Context, m *mailbox) error {
	var want counters
	if _, err := m.keywordNames(); err != nil {
		c.found(m.id.Num, 0, "keywords cannot be read: %v", err)
	}
	err := m.each(m.all(), 1, true, func(v *visible) (bool, error) {
		c.message(ctx, m, v, &want)
		return true, nil
	})
	if err != nil {
		return err
	}
	if m.c.exists != want.exists || m.c.seen != want.seen || m.c.deleted != want.deleted || m.c.size != want.size || m.c.deletedSize != want.deletedSize {
		c.found(m.id.Num, 0, "counters say %d messages, %d seen, %d deleted, %d octets; there are %d, %d, %d, %d",
			m.c.exists, m.c.seen, m.c.deleted, m.c.size, want.exists, want.seen, want.deleted, want.size)
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
func (c *checker) message(ctx context.Context, m *mailbox, v *visible, want *counters) {
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
	if _, err := m.t.r.Get(m.t.key.start(m.id.Owner, tablePlace).u64(rec.email).u32(m.id.Num).u32(uid).b); err != nil {
		c.found(m.id.Num, uid, "is not in the index of places")
	}
	if rec.email == 0 || rec.email > m.a.rec.nextEmail {
		c.found(m.id.Num, uid, "has an email number that was never given")
	}
	if !c.refs[rec.email] {
		c.refs[rec.email] = true
		if err := c.email(ctx, m.t, rec); err != nil {
			c.found(m.id.Num, uid, "%v", err)
		}
	}
}

// email checks that an email is there with all its octets.
func (c *checker) email(ctx context.Context, t *txn, rec *messageRecord) error {
	e, err := t.email(c.owner, rec.email)
	if err != nil {
		return errors.New("has no email record that can be read")
	}
	var keys emailKeys
	if err := e.keys(&keys); err != nil {
		return errors.New("has a damaged email record")
	}
	ref := bodyRefKey(e.body, c.owner, rec.email)
	if e.where == bodyInBlob {
		ref = blobRefKey(e.body, c.owner, rec.email)
	}
	if _, err := t.r.Get(ref); err != nil {
		return errors.New("is not marked as a user of its octets")
	}
	if e.where == bodyInBlob {
		b, err := c.e.blobs.Open(ctx, blob.ID(e.body))
		if err != nil {
			return fmt.Errorf("has lost its octets: %w", err)
		}
		defer b.Close()
		if b.Size() != rec.size {
			return fmt.Errorf("has %d octets, %d are stored", rec.size, b.Size())
		}
	} else if raw, err := t.r.Get(bodyKey(e.body)); err != nil {
		return errors.New("has lost its octets")
	} else if int64(len(raw)) != rec.size {
		return fmt.Errorf("has %d octets, %d are stored", rec.size, len(raw))
	}
	if !c.o.Bodies {
		return nil
	}
	r, done, err := t.octets(ctx, &e)
	if err != nil {
		return err
	}
	defer done()
	s, err := message.Summarize(r, rec.size)
	if err != nil {
		return fmt.Errorf("its octets cannot be read: %w", err)
	}
	if string(renderEmail(s)) != string(e.rendered) {
		return errors.New("what was rendered at arrival differs from what its octets give now")
	}
	return nil
}

// log checks that the change log can be read and never runs ahead.
func (c *checker) log(m *mailbox) error {
	lo, hi := tableRange(m.id.Owner, tableLog, m.id.Num)
	var l logEntry
	for p := range m.t.r.Scan(lo, hi) {
		modseq := ModSeq(suffix64(p.Key))
		if err := l.decode(p.Value); err != nil {
			c.found(m.id.Num, 0, "the log at modseq %d is damaged", modseq)
		}
		if modseq > m.c.highestModSeq {
			c.found(m.id.Num, 0, "the log has modseq %d, above HIGHESTMODSEQ %d", modseq, m.c.highestModSeq)
		}
	}
	return m.t.r.Err()
}
