package mail

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// info describes the mailbox under the name by which the user called it.
func (m *mailbox) info(name string) Info {
	i := Info{ID: m.id, Name: name, Rights: m.rights, NoSelect: !m.rights.Has(acl.Read)}
	i.Owner.ID = m.id.Owner
	if m.own {
		i.SpecialUse = m.node.special
	}
	return i
}

// Mailboxes returns everything that the user may see: the own mailboxes, INBOX
// first, then those of other people, then those of groups, each in the order of
// the hierarchy. Names that only hold visible ones are there as NonExistent.
func (u *User) Mailboxes(ctx context.Context) ([]Info, error) {
	if err := u.engine.Provision(ctx, u.principal); err != nil {
		return nil, err
	}
	var list []Info
	err := u.view(ctx, "list", func(t *txn) error {
		grants, err := t.grants(ctx)
		if err == nil {
			list, err = t.list(grants)
		}
		return err
	})
	return list, err
}

// list is Mailboxes in a transaction, when the grants are known.
func (t *txn) list(grants []grant) ([]Info, error) {
	subs, err := t.subscriptions()
	if err != nil {
		return nil, err
	}
	l := lister{t: t, u: t.u, subs: subs}
	if err := l.account(t.u.principal, Personal, true); err != nil {
		return nil, err
	}
	own := len(l.list)
	for _, g := range grants {
		if err := l.account(g.owner, g.space, false); err != nil {
			return nil, err
		}
	}
	list, err := t.withMounts(l.list, own, grants)
	if err != nil {
		return nil, err
	}
	inboxFirst(list)
	markChildren(list)
	return list, nil
}

// inboxFirst moves INBOX and what is beneath it, which stand together, to the
// front.
func inboxFirst(list []Info) {
	first := slices.IndexFunc(list, func(i Info) bool { return isInbox(i.Name) })
	if first <= 0 {
		return
	}
	end := first
	for end < len(list) && isInbox(list[end].Name) {
		end++
	}
	own := slices.Clone(list[first:end])
	copy(list[len(own):end], list[:first])
	copy(list, own)
}

func isInbox(name string) bool {
	first, _, _ := strings.Cut(name, separator)
	return first == inbox
}

// A grant is an owner in whose tree entries speak of the user or of others that
// the user is among.
type grant struct {
	owner directory.Principal
	space Namespace
}

// grants finds, by the reverse index, in whose trees the user may have rights.
func (t *txn) grants(ctx context.Context) ([]grant, error) {
	found := make(map[directory.ID]bool)
	for _, who := range t.identifiers() {
		t.granting(who, found)
	}
	delete(found, t.u.principal.ID)
	if err := t.r.Err(); err != nil {
		return nil, err
	}
	list := make([]grant, 0, len(found))
	for id := range found {
		p, err := t.e.dir.ByID(ctx, id)
		if err != nil {
			continue // the owner is gone; verify tells
		}
		space := OtherUsers
		if p.Kind == directory.Group {
			space = Shared
		}
		list = append(list, grant{p, space})
	}
	slices.SortFunc(list, func(a, b grant) int {
		if a.space != b.space {
			return int(a.space) - int(b.space)
		}
		return strings.Compare(a.owner.Name, b.owner.Name)
	})
	return list, nil
}

// granting adds the owners in whose trees there are entries about who. Which
// mailboxes those are, their trees tell; behind a few entries of one owner the
// scan goes on at the next.
func (t *txn) granting(who acl.Who, found map[directory.ID]bool) {
	const few = 8
	lo := reverseKey(who)
	n := len(lo)
	hi := prefixEnd(slices.Clone(lo))
	for more := true; more; {
		more = false
		last, entries := directory.ID(0), 0
		for p := range t.r.Scan(lo, hi) {
			owner := directory.ID(binary.BigEndian.Uint32(p.Key[n:]))
			if owner != last {
				last, entries = owner, 0
				found[owner] = true
			}
			if entries++; entries == few {
				lo = prefixEnd(binary.BigEndian.AppendUint32(lo[:n], uint32(owner)))
				more = true
				break
			}
		}
	}
}

// identifiers returns all entries that can mean the user.
func (t *txn) identifiers() []acl.Who {
	list := []acl.Who{{Kind: acl.User, ID: t.subject.User}, {Kind: acl.Anyone}, {Kind: acl.Authenticated}}
	for _, g := range t.subject.Groups {
		list = append(list, acl.Who{Kind: acl.Group, ID: g})
	}
	return list
}

// Lookup describes one mailbox. The error is NotFound if the user may not know
// of it.
func (u *User) Lookup(ctx context.Context, name string) (Info, error) {
	var i Info
	loc, err := u.resolve(ctx, "lookup", name)
	if err != nil {
		return i, err
	}
	err = u.view(ctx, "lookup", func(t *txn) error {
		a, n, err := t.find(loc)
		if err != nil {
			return err
		}
		r, err := t.place(a, n, acl.Lookup)
		if err != nil {
			return err
		}
		subs, err := t.subscriptions()
		if err != nil {
			return err
		}
		called, err := t.nameOf(loc.owner, a, n)
		if err != nil {
			return err
		}
		i = Info{ID: MailboxID{a.id, n.num}, Name: called, Namespace: loc.space, Owner: loc.owner,
			NoSelect: !r.Has(acl.Read), Rights: r, HasChildren: t.showsBeneath(a, n)}
		sub, known := subs[i.ID]
		i.Subscribed = sub || loc.space != Personal && !known
		if loc.space == Personal {
			i.SpecialUse = n.special
		}
		return nil
	})
	return i, err
}

// showsBeneath tells whether the user sees a mailbox beneath n.
func (t *txn) showsBeneath(a *account, n *node) bool {
	for _, other := range a.tree.all() {
		if other != n && a.tree.under(other, n.num) && t.rightsAt(a, other).Has(acl.Lookup) {
			return true
		}
	}
	return false
}

// Status returns what STATUS asks; it needs r (RFC 4314 section 4).
func (u *User) Status(ctx context.Context, name string, want StatusFields) (Status, error) {
	var s Status
	loc, err := u.resolve(ctx, "status", name)
	if err != nil {
		return s, err
	}
	err = u.view(ctx, "status", func(t *txn) error {
		m, err := t.destination(loc, acl.Read)
		if err != nil {
			return err
		}
		return m.fullStatus(&s, want)
	})
	return s, err
}

// Statuses is Status for many mailboxes of one list, of one snapshot. Those that
// the user may not read, or that are gone, are left out.
func (u *User) Statuses(ctx context.Context, list []Info, want StatusFields, visit func(i int, s Status)) error {
	return u.view(ctx, "status", func(t *txn) error {
		for i := range list {
			if list[i].NonExistent || list[i].NoSelect {
				continue
			}
			m, err := t.mailbox(list[i].ID, acl.Read)
			if k := KindOf(err); err != nil && (k == NotFound || k == Denied) {
				continue
			}
			if err != nil {
				return err
			}
			t.boxes = t.boxes[:0] // nothing is kept of thousands
			var s Status
			if err := m.fullStatus(&s, want); err != nil {
				return err
			}
			visit(i, s)
		}
		return nil
	})
}

// fullStatus is status with the number of recent messages.
func (m *mailbox) fullStatus(s *Status, want StatusFields) error {
	if err := m.status(s, want); err != nil {
		return err
	}
	if want&WantRecent == 0 {
		s.Recent = 0
		return nil
	}
	from := max(s.Recent, m.t.e.claimed(m.id))
	s.Recent = 0
	if from >= m.c.uidNext {
		return nil
	}
	return m.eachBlock(m.all(), from, func(sp *span) (bool, error) {
		s.Recent += uint32(sp.bits.count())
		return true, nil
	})
}
