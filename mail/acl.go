package mail

import (
	"context"
	"errors"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// An ACLEntry is one entry of a mailbox's access control list as people see it.
type ACLEntry struct {
	Identifier acl.Identifier
	Rights     acl.Rights
	// From is the user's name of the mailbox, or of the root, at which the
	// entry was made; Inherited tells that it is another.
	From      string
	Inherited bool
	// Default: nobody made the entry, it is above all trees. From is empty.
	Default bool
}

// who finds whom an identifier means. On a person's mailbox its owner's name is
// the identifier "owner".
func (u *User) who(ctx context.Context, id acl.Identifier, owner directory.Principal) (acl.Who, error) {
	if id.Kind != acl.User && id.Kind != acl.Group {
		return id.Who(0), nil
	}
	p, err := u.engine.dir.ByName(ctx, id.Name)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrInvalid) {
		return acl.Who{}, fail(Invalid, "there is nobody called %q here", id.Name)
	}
	if err != nil {
		return acl.Who{}, u.engine.failure(ctx, "identifier", err)
	}
	if (p.Kind == directory.Group) != (id.Kind == acl.Group) {
		return acl.Who{}, fail(Invalid, "%q is a %s: write %q", id.Name, p.Kind, identifierOf(p).String())
	}
	if p.ID == owner.ID && p.Kind == directory.Person {
		return acl.Identifier{Kind: acl.Owner, Negative: id.Negative}.Who(0), nil
	}
	return id.Who(uint32(p.ID)), nil
}

func identifierOf(p directory.Principal) acl.Identifier {
	if p.Kind == directory.Group {
		return acl.Identifier{Kind: acl.Group, Name: p.Name}
	}
	return acl.Identifier{Kind: acl.User, Name: p.Name}
}

// identifier is who's inverse. ok is false for those who are gone.
func (u *User) identifier(ctx context.Context, who acl.Who, owner directory.Principal) (id acl.Identifier, ok bool) {
	if who.Kind == acl.Owner && owner.Kind == directory.Person {
		return acl.Identifier{Kind: acl.User, Negative: who.Negative, Name: owner.Name}, true
	}
	if !who.Named() {
		return who.Identifier(""), true
	}
	p, err := u.engine.dir.ByID(ctx, directory.ID(who.ID))
	if err != nil {
		return acl.Identifier{}, false
	}
	return who.Identifier(p.Name), true
}

// aclPath finds the node that an ACL command is about: a mailbox, or the root of
// a tree ("Shared/sales"), and what the user may do there.
func (t *txn) aclNode(loc location, need acl.Rights) (*account, *node, error) {
	a, err := t.account(loc.owner.ID)
	if err != nil {
		return nil, nil, err
	}
	n := a.tree.find(loc.path)
	if n == nil {
		return nil, nil, errNoMailbox()
	}
	_, err = t.place(a, n, need)
	return a, n, err
}

// ACL returns the entries that hold at a mailbox, those of its parents too, the
// owner's first. It needs a (RFC 4314 section 3.3). Entries about people who are gone are left
// out.
func (u *User) ACL(ctx context.Context, name string) ([]ACLEntry, error) {
	loc, err := u.resolveTree(ctx, "getacl", name)
	if err != nil {
		return nil, err
	}
	var stored []ACLEntry
	var whos []acl.Who
	err = u.view(ctx, "getacl", func(t *txn) error {
		a, n, err := t.aclNode(loc, acl.Admin)
		if err != nil {
			return err
		}
		for _, e := range a.tree.effective(n) {
			at := a.source(n, e.Who)
			if at == nil && (e.Who.Kind != acl.Owner || loc.owner.Kind == directory.Group) {
				continue
			}
			from := ""
			if at != nil {
				if from, err = t.nameOf(loc.owner, a, at); err != nil {
					return err
				}
			}
			whos = append(whos, e.Who)
			stored = append(stored, ACLEntry{Rights: e.Rights, From: from, Inherited: at != n, Default: at == nil})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list := make([]ACLEntry, 0, len(stored))
	owners := 0
	for i, e := range stored {
		var ok bool
		if e.Identifier, ok = u.identifier(ctx, whos[i], loc.owner); !ok {
			continue
		}
		at := len(list)
		if whos[i].Kind == acl.Owner {
			at = owners
			owners++
		}
		list = slices.Insert(list, at, e)
	}
	return list, nil
}

// source returns the nearest node, from n upwards, with an entry for who.
func (a *account) source(n *node, who acl.Who) *node {
	for {
		if _, ok := n.acl.Get(who); ok {
			return n
		}
		if n.num == rootNum {
			return nil
		}
		n = a.tree.nodes[n.parent]
	}
}

// resolveTree is resolve, and allows the root of a tree: the empty path.
func (u *User) resolveTree(ctx context.Context, op, name string) (location, error) {
	if name == "" {
		return location{owner: u.principal, space: Personal}, u.engine.Provision(ctx, u.principal)
	}
	return u.resolve(ctx, op, name)
}

// SetACL sets, or with + and - changes, the rights of an identifier at a mailbox
// and at all beneath it that has no entry of its own for that identifier. It
// needs a (RFC 4314 section 3.1).
func (u *User) SetACL(ctx context.Context, name string, id acl.Identifier, mod acl.Modification) error {
	return u.changeACL(ctx, "setacl", name, id, func(a *account, n *node, who acl.Who) (acl.List, error) {
		old, _ := a.tree.effective(n).Get(who)
		now := mod.Apply(old)
		if now == acl.None && (n.num == rootNum || !has(a.tree.effective(a.tree.nodes[n.parent]), who)) {
			list, _ := n.acl.Delete(who)
			return list, nil
		}
		list, err := n.acl.Set(who, now)
		if err != nil {
			return nil, fail(Limit, "the mailbox has %d entries already: put people into a group", acl.MaxEntries)
		}
		return list, nil
	})
}

func has(l acl.List, who acl.Who) bool { _, ok := l.Get(who); return ok }

// DeleteACL removes the entry of an identifier at a mailbox, so that what the
// parents say holds again. It needs a (RFC 4314 section 3.2).
func (u *User) DeleteACL(ctx context.Context, name string, id acl.Identifier) error {
	return u.changeACL(ctx, "deleteacl", name, id, func(a *account, n *node, who acl.Who) (acl.List, error) {
		list, found := n.acl.Delete(who)
		if at := a.source(n, who); !found && at != nil {
			return nil, fail(Invalid, "these rights come from a mailbox above: change them there, or set none here")
		}
		return list, nil
	})
}

func (u *User) changeACL(ctx context.Context, op, name string, id acl.Identifier, change func(*account, *node, acl.Who) (acl.List, error)) error {
	loc, err := u.resolveTree(ctx, op, name)
	if err != nil {
		return err
	}
	// Whether the identifier exists is told only to those who may change the
	// list; the order of the checks keeps it so.
	who, whoErr := u.who(ctx, id, loc.owner)
	var path string
	var granted acl.Rights
	err = u.update(ctx, op, []directory.ID{loc.owner.ID}, func(t *txn) error {
		a, n, err := t.aclNode(loc, acl.Admin)
		if err != nil {
			return err
		}
		if whoErr != nil {
			return whoErr
		}
		list, err := change(a, n, who)
		if err != nil {
			return err
		}
		if err := t.reindex(a, n.num, n.acl, list); err != nil {
			return err
		}
		changed := *n
		changed.acl = list
		a.put = append(a.put, &changed)
		before, _ := n.acl.Get(who)
		after, _ := list.Get(who)
		a.treeLog.action = actACL
		a.treeLog.other = MailboxID{a.id, n.num}
		a.treeLog.detail = strings.Join([]string{id.String(), before.Letters(), "->", after.Letters()}, " ")
		held, _ := a.tree.effective(n).Get(who)
		if path, granted = a.tree.path(n), acl.None; after.Has(acl.Lookup) && !held.Has(acl.Lookup) {
			granted = after
		}
		return nil
	})
	if err == nil && granted != acl.None && !u.quiet {
		u.announce(ctx, who, loc, path, granted)
	}
	return err
}

// MyRights returns what the user may do in a mailbox (RFC 4314 section 3.5). The
// error is NotFound if none of the rights is there of which one is needed to
// know of the mailbox.
func (u *User) MyRights(ctx context.Context, name string) (acl.Rights, error) {
	var r acl.Rights
	loc, err := u.resolveTree(ctx, "myrights", name)
	if err != nil {
		return r, err
	}
	err = u.view(ctx, "myrights", func(t *txn) error {
		a, err := t.account(loc.owner.ID)
		if err != nil {
			return err
		}
		n := a.tree.find(loc.path)
		if n == nil {
			return errNoMailbox()
		}
		if r = t.rightsAt(a, n); !r.HasAny(acl.Visible) {
			return errNoMailbox()
		}
		return nil
	})
	return r, err
}

// ListRights returns what an identifier always has in a mailbox, and what it can
// be given (RFC 4314 section 3.4). It needs a.
func (u *User) ListRights(ctx context.Context, name string, id acl.Identifier) (acl.Grantable, error) {
	var g acl.Grantable
	loc, err := u.resolveTree(ctx, "listrights", name)
	if err != nil {
		return g, err
	}
	who, whoErr := u.who(ctx, id, loc.owner)
	err = u.view(ctx, "listrights", func(t *txn) error {
		if _, _, err := t.aclNode(loc, acl.Admin); err != nil {
			return err
		}
		if whoErr != nil {
			return whoErr
		}
		g = acl.ListRights(who, false, acl.Supported) // who makes owners Owner
		return nil
	})
	return g, err
}
