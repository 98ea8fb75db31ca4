package mail

import (
	"context"
	"encoding/binary"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// A Mailbox is an opened mailbox: a handle that names it for one user. It holds
// no rights; every call checks them anew in its own snapshot, so a grant or its
// end takes effect with the next call.
type Mailbox struct {
	user *User
	id   MailboxID
	name string

	horizon horizon
}

// Open returns a handle to a mailbox that the user may read (r). The error is
// NotFound, also for one that the user may not know of, or Denied.
func (u *User) Open(ctx context.Context, name string) (*Mailbox, error) {
	loc, err := u.resolve(ctx, "open", name)
	if err != nil {
		return nil, err
	}
	var b *Mailbox
	err = u.view(ctx, "open", func(t *txn) error {
		a, n, err := t.find(loc)
		if err != nil {
			return err
		}
		if _, err := t.place(a, n, acl.Read); err != nil {
			return err
		}
		b = &Mailbox{user: u, id: MailboxID{a.id, n.num}}
		b.name, err = t.nameOf(loc.owner, a, n)
		return err
	})
	return b, err
}

// OpenID is Open for a mailbox whose id is known from Info.
func (u *User) OpenID(ctx context.Context, id MailboxID) (*Mailbox, error) {
	owner, err := u.engine.dir.ByID(ctx, id.Owner)
	if err != nil {
		return nil, errNoMailbox()
	}
	b := &Mailbox{user: u, id: id}
	err = u.view(ctx, "open", func(t *txn) error {
		m, err := t.mailbox(id, acl.Read)
		if err != nil {
			return err
		}
		b.name, err = t.nameOf(owner, m.a, m.node)
		return err
	})
	return b, err
}

// ID names the mailbox for ever.
func (b *Mailbox) ID() MailboxID { return b.id }

// Name is what the user calls the mailbox, as of when it was opened.
func (b *Mailbox) Name() string { return b.name }

// view and update run fn with the mailbox, of which need is needed.
func (b *Mailbox) view(ctx context.Context, op string, need acl.Rights, fn func(*mailbox) error) error {
	return b.user.view(ctx, op, func(t *txn) error {
		m, err := t.mailbox(b.id, need)
		if err != nil {
			return err
		}
		return fn(m)
	})
}

func (b *Mailbox) update(ctx context.Context, op string, need acl.Rights, fn func(*mailbox) error) error {
	return b.user.update(ctx, op, []directory.ID{b.id.Owner}, func(t *txn) error {
		m, err := t.mailbox(b.id, need)
		if err != nil {
			return err
		}
		return fn(m)
	})
}

// recentFrom claims \Recent if asked to. s.Status.Recent holds what the
// counters say until then.
func (s *State) recentFrom(e *Engine, id MailboxID, claim bool) uint32 {
	if claim {
		return e.claimRecent(id, s.Status.Recent, s.UIDNext)
	}
	return max(s.Status.Recent, e.claimed(id))
}

func countFrom(s uidset.Set, from uint32) (n uint32) {
	runs := s.Runs()
	for i := len(runs) - 1; i >= 0 && runs[i].Last >= from; i-- {
		n += runs[i].Last - max(runs[i].First, from) + 1
	}
	return n
}

// status fills in what the counters know, and of the rest what is wanted. Recent
// is where it begins, not yet how many there are.
func (m *mailbox) status(s *Status, want StatusFields) (err error) {
	*s = Status{
		ID: m.id, Exists: m.c.exists, Deleted: m.c.deleted,
		UIDNext: m.c.uidNext, UIDValidity: m.node.uidValidity,
		Size: m.c.size, DeletedSize: m.c.deletedSize, Recent: max(m.c.recentFrom, 1),
	}
	if want&WantHighestModSeq != 0 {
		s.HighestModSeq = max(m.c.highestModSeq, m.privateModSeq(), 1) // RFC 7162 section 3.1.2.1: never 0
	}
	if want&WantUnseen != 0 {
		s.Unseen, err = m.unseen()
	}
	return err
}

// privateLogRange bounds the user's private log entries after since.
func (m *mailbox) privateLogRange(since ModSeq) (lo, hi []byte) {
	var a, b keyBuf
	user := uint32(m.t.u.principal.ID)
	lo = a.start(m.id.Owner, tablePrivateLog).u32(m.id.Num).u32(user).u64(uint64(since) + 1).b
	hi = prefixEnd(b.start(m.id.Owner, tablePrivateLog).u32(m.id.Num).u32(user).b)
	return lo, hi
}

// logRange bounds the mailbox's log entries after since.
func (m *mailbox) logRange(since ModSeq) (lo, hi []byte) {
	lo, hi = tableRange(m.id.Owner, tableLog, m.id.Num)
	return binary.BigEndian.AppendUint64(lo, uint64(since)+1), hi
}

// settable tells which flags the user may change for good, and whether the
// mailbox is read-only for the user (RFC 4314 section 5.2).
func (m *mailbox) settable() (flags SystemFlags, keywords, readOnly bool) {
	return m.policy.settable(m.rights, m.own)
}

// settable is the same for a user with rights r, who sees the mailbox with its
// owner's eyes or not.
func (p policy) settable(r acl.Rights, owner bool) (flags SystemFlags, keywords, readOnly bool) {
	own := r.Of(true) // some messages may be the user's own
	if r.Has(acl.Seen) {
		flags |= Seen
	}
	if own.Has(acl.Write) {
		flags |= Answered | Flagged | Draft
		keywords = true
	}
	if own.Has(acl.Delete) {
		flags |= Deleted
	}
	var shared acl.Rights
	if p.flags&Seen == 0 || owner {
		shared |= acl.Seen
	}
	if wholly := Answered | Flagged | Draft; p.flags&wholly != wholly || !p.keywords || owner {
		shared |= acl.Write
	}
	if p.flags&Deleted == 0 || owner {
		shared |= acl.Delete
	}
	return flags, keywords, !r.ReadWrite(shared)
}
