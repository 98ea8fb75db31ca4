package mail

import (
	"context"

	"poststube/acl"
	"poststube/directory"
)

// A Reason is one entry that has, or would have, a say in what a person may do in
// a mailbox.
type Reason struct {
	Identifier acl.Identifier
	Rights     acl.Rights
	// At is the mailbox where the entry was made, in the asker's names.
	At string
	// Inherited: At is above the mailbox.
	Inherited bool
	// Hidden: an entry for the same identifier nearer to the mailbox counts
	// instead of this one.
	Hidden bool
	// Default: nobody made the entry, it is above all trees. At is empty.
	Default bool
	// Via are the groups through which the identifier means the person, from
	// the person outwards: anna is in the first, that is in the second, …
	Via []string
	// Effect is what the entry adds, or a negative one takes, that no entry
	// before it did.
	Effect acl.Rights
}

// An Explanation says why a person may do in a mailbox what they may.
type Explanation struct {
	Mailbox string
	// Original is what the person would call the mailbox, and Mount what they
	// call it, if they have mounted it; else both are empty. They are told to
	// the person and to the administrator.
	Original, Mount string
	Person          directory.Principal
	Rights          acl.Rights
	// Always is what the person has as the owner, whatever the entries say.
	Always  acl.Rights
	Reasons []Reason
	// Others are the entries that do not mean the person.
	Others []acl.Identifier
}

// Why explains what a person may do in a mailbox. It needs a there, or the
// person is the user, who then sees only the reasons that mean the user.
func (u *User) Why(ctx context.Context, name string, person directory.Principal) (*Explanation, error) {
	loc, err := u.resolveTree(ctx, "why", name)
	if err != nil {
		return nil, err
	}
	whose := u.engine.As(person, Origin{})
	subject, err := whose.identity(ctx)
	if err != nil {
		return nil, u.engine.failure(ctx, "why", err)
	}
	x := &Explanation{Mailbox: name, Person: person}
	var found []foundEntry
	self := person.ID == u.principal.ID && !u.admin
	err = u.view(ctx, "why", func(t *txn) error {
		need := acl.Admin
		if self {
			need = acl.None
		}
		a, n, err := t.aclNode(loc, need)
		if err != nil {
			return err
		}
		if self && !t.rightsAt(a, n).HasAny(acl.Visible) {
			return errNoMailbox()
		}
		subject.IsOwner = subject.User == uint32(a.id)
		if subject.IsOwner {
			x.Always = acl.OwnerAlways
		}
		x.Rights = a.tree.effective(n).Effective(subject)
		if self || u.admin {
			theirs := *t
			theirs.u = whose
			if x.Mount, err = theirs.mounted(a, n); err != nil {
				return err
			}
			if x.Mount != "" {
				x.Original = whose.nameOf(loc.owner, a.tree.path(n))
			}
		}
		found = a.entriesFor(n)
		for i := range found {
			if !found[i].above {
				found[i].at = u.nameOf(loc.owner, found[i].at)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	u.explain(ctx, x, found, subject, loc.owner, self)
	return x, nil
}

// A foundEntry is an entry on the way from a mailbox to the root.
type foundEntry struct {
	acl.Entry
	at        string
	inherited bool
	hidden    bool
	above     bool // made by nobody
}

// entriesFor returns all entries from n up to the root, and the one above it.
func (a *account) entriesFor(n *node) (list []foundEntry) {
	seen := make(map[acl.Who]bool)
	add := func(l acl.List, at string, inherited, above bool) {
		for _, e := range l {
			list = append(list, foundEntry{e, at, inherited, seen[e.Who], above})
			seen[e.Who] = true
		}
	}
	for at := n; ; at = a.tree.nodes[at.parent] {
		add(at.acl, a.tree.path(at), at != n, false)
		if at.num == rootNum {
			break
		}
	}
	add(acl.Default(), "", true, true)
	return list
}

// explain turns entries into reasons: those that grant before those that take.
func (u *User) explain(ctx context.Context, x *Explanation, found []foundEntry, subject acl.Subject, owner directory.Principal, self bool) {
	granted := x.Always
	for _, negative := range []bool{false, true} {
		for _, e := range found {
			if e.Who.Negative != negative || !subject.Matches(e.Who) {
				continue
			}
			id, ok := u.identifier(ctx, e.Who, owner)
			if !ok {
				continue
			}
			r := Reason{Identifier: id, Rights: e.Rights, At: e.at, Inherited: e.inherited, Hidden: e.hidden, Default: e.above}
			if e.Who.Kind == acl.Group {
				r.Via = u.chain(ctx, x.Person.ID, directory.ID(e.Who.ID))
			}
			switch {
			case e.hidden:
			case negative:
				r.Effect = e.Rights & granted &^ x.Always
				granted &^= r.Effect
			default:
				r.Effect = e.Rights &^ granted
				granted |= e.Rights
			}
			x.Reasons = append(x.Reasons, r)
		}
	}
	if self {
		return
	}
	for _, e := range found {
		if id, ok := u.identifier(ctx, e.Who, owner); ok && !e.hidden && !subject.Matches(e.Who) && e.Who.Kind != acl.Owner {
			x.Others = append(x.Others, id)
		}
	}
}

// chain returns the names of groups that lead from a person to a group: one
// shortest way of several.
func (u *User) chain(ctx context.Context, person, group directory.ID) []string {
	type step struct {
		id   directory.ID
		path []string
	}
	name := func(id directory.ID) string {
		p, err := u.engine.dir.ByID(ctx, id)
		if err != nil {
			return ""
		}
		return p.Name
	}
	reached := map[directory.ID]bool{group: true}
	for queue := []step{{group, []string{name(group)}}}; len(queue) > 0; queue = queue[1:] {
		members, err := u.engine.dir.Members(ctx, queue[0].id)
		if err != nil {
			return nil
		}
		for _, m := range members {
			if m.ID == person {
				return queue[0].path
			}
			if m.Kind == directory.Group && !reached[m.ID] {
				reached[m.ID] = true
				queue = append(queue, step{m.ID, append([]string{m.Name}, queue[0].path...)})
			}
		}
	}
	return nil
}
