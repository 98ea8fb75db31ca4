package mail

import (
	"context"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
	"poststube/uidset"
)

// visibleRights is what lets one know that a mailbox is there.
const visibleRights = acl.Lookup

// SpecialUses are the attributes that Create takes (RFC 6154 section 2).
var SpecialUses = []string{`\Archive`, `\Drafts`, `\Flagged`, `\Junk`, `\Sent`, `\Trash`, `\Important`}

// Create makes a mailbox, and its parents as needed (RFC 9051 section 6.3.4). It
// needs k on the nearest parent that exists. The new one inherits the rights of
// its parents for as long as they hold.
func (u *User) Create(ctx context.Context, name string, specialUse []string) (Info, error) {
	name = strings.TrimSuffix(name, separator)
	if _, taken, err := u.mountNamed(ctx, name); err != nil {
		return Info{}, err
	} else if taken {
		return Info{}, fail(Exists, "a mailbox of somebody else is mounted under that name: delete or rename that first")
	}
	loc, err := u.resolve(ctx, "create", name)
	if err != nil {
		return Info{}, err
	}
	uses, err := cleanUses(loc, specialUse)
	if err != nil {
		return Info{}, err
	}
	var i Info
	err = u.update(ctx, "create", []directory.ID{loc.owner.ID}, func(t *txn) error {
		a, err := t.account(loc.owner.ID)
		if err != nil {
			return err
		}
		n, err := t.create(a, loc, uses)
		if err != nil {
			return err
		}
		a.treeLog.action, a.treeLog.detail = actCreate, loc.path
		i = Info{ID: MailboxID{a.id, n.num}, Name: name, Namespace: loc.space, Owner: loc.owner, Rights: t.rightsAt(a, n)}
		if loc.space == Personal {
			i.SpecialUse = uses
		}
		return nil
	})
	return i, err
}

// cleanUses checks special-use attributes and gives them their usual spelling.
func cleanUses(loc location, uses []string) (clean []string, err error) {
	for _, use := range uses {
		i := slices.IndexFunc(SpecialUses, func(s string) bool { return strings.EqualFold(s, use) })
		if i < 0 || strings.EqualFold(use, `\Flagged`) || strings.EqualFold(use, `\Important`) {
			return nil, fail(UseAttr, "a mailbox cannot be created for the use %s", use)
		}
		if loc.space != Personal {
			return nil, fail(UseAttr, "special uses are for your own mailboxes only")
		}
		clean = append(clean, SpecialUses[i])
	}
	return clean, nil
}

// create adds the node for a path, and those above it that are missing.
func (t *txn) create(a *account, loc location, uses []string) (*node, error) {
	if err := t.e.nameAllowed(loc); err != nil {
		return nil, err
	}
	parent, rest, err := t.vacant(a, loc.path, nil)
	if err != nil {
		return nil, err
	}
	if len(a.tree.nodes)+len(a.put) > t.e.config.MaxMailboxes {
		return nil, fail(Limit, "%d mailboxes are the limit: delete some", t.e.config.MaxMailboxes)
	}
	for _, use := range uses {
		for _, n := range a.tree.all() {
			if slices.Contains(n.special, use) {
				return nil, fail(UseAttr, "%s is for %s already", a.tree.path(n), use)
			}
		}
	}
	levels := strings.Split(rest, separator)
	for i, level := range levels {
		n := t.addNode(a, parent.num, level)
		if i == len(levels)-1 {
			n.special = uses
		}
		parent = n
	}
	return parent, nil
}

// vacant returns where a mailbox with the path can be made: the nearest node
// above it that exists, on which the user needs k, and the rest of the path.
// except may be there already. Of nodes that the user may not see nothing can be
// told as long as the right is missing; with it, the name is just refused.
func (t *txn) vacant(a *account, path string, except *node) (parent *node, rest string, err error) {
	there := a.tree.find(path)
	if there == except {
		there = nil
	}
	m, _ := a.tree.crossing(path)
	if there != nil && t.rightsAt(a, there).HasAny(visibleRights) || m != nil && m != except {
		return nil, "", fail(Exists, "there is a mailbox of that name already")
	}
	parent, rest = a.nearest(path)
	if _, err := t.place(a, t.known(a, parent, acl.Create), acl.Create); err != nil {
		return nil, "", err
	}
	if there != nil || !t.rightsAt(a, parent).Has(acl.Create) {
		return nil, "", fail(Invalid, "this name cannot be used")
	}
	return parent, rest, nil
}

// known returns the nearest node, from n upwards, of which the user may know:
// by l, or since the user has the rights r there.
func (t *txn) known(a *account, n *node, r acl.Rights) *node {
	for n.num != rootNum {
		if have := t.rightsAt(a, n); have.HasAny(visibleRights) || have.Has(r) {
			break
		}
		n = a.tree.nodes[n.parent]
	}
	return n
}

// nameAllowed refuses names that could never be reached.
func (e *Engine) nameAllowed(loc location) error {
	if loc.path == "" {
		return fail(Invalid, "this name stands for %s; create a mailbox beneath it", loc.owner.Name)
	}
	u := User{engine: e, principal: loc.owner}
	if u.reservedName(loc.path) {
		return fail(Invalid, "names that begin like this are kept for shared mailboxes")
	}
	return nil
}

// nearest returns the nearest node above a path that exists, and the rest.
func (a *account) nearest(path string) (*node, string) {
	n := a.tree.nodes[rootNum]
	for {
		level, rest, more := strings.Cut(path, separator)
		num, ok := a.tree.byName[keyOf(n.num, level)]
		if !ok || !more {
			return n, path
		}
		n, path = a.tree.nodes[num], rest
	}
}

// addNode makes a node in this transaction, with a UIDVALIDITY that no mailbox
// of the owner ever had.
func (t *txn) addNode(a *account, parent uint32, name string) *node {
	a.rec.uidValidity = max(a.rec.uidValidity+1, uint32(t.now.Unix()))
	a.rec.nextMailbox = max(a.rec.nextMailbox, rootNum+1)
	n := &node{num: a.rec.nextMailbox, parent: parent, name: name, uidValidity: a.rec.uidValidity, created: t.now.Unix()}
	a.rec.nextMailbox++
	a.put = append(a.put, n)
	a.dirty = true
	return n
}

// couldCreate tells whether Create would make the mailbox, as far as the user may
// know: it does not look at mailboxes that the user cannot see.
func (u *User) couldCreate(ctx context.Context, name string) bool {
	loc, err := u.resolve(ctx, "create", name)
	if err != nil || u.engine.nameAllowed(loc) != nil {
		return false
	}
	could := false
	err = u.view(ctx, "create", func(t *txn) error {
		a, err := t.account(loc.owner.ID)
		if err != nil {
			return err
		}
		parent, _ := a.nearest(loc.path)
		could = t.rightsAt(a, t.known(a, parent, acl.Create)).Has(acl.Create)
		return nil
	})
	return could && err == nil
}

// Delete removes a mailbox (RFC 9051 section 6.3.5). It needs x. INBOX stays, and
// so does a mailbox with others beneath it. Of a mount only the mount is removed.
func (u *User) Delete(ctx context.Context, name string) error {
	if path, ok, err := u.mountNamed(ctx, name); ok || err != nil {
		if err != nil {
			return err
		}
		return u.Unmount(ctx, path)
	}
	loc, err := u.resolve(ctx, "delete", name)
	if err != nil {
		return err
	}
	return u.update(kv.WithReserve(ctx), "delete", []directory.ID{loc.owner.ID}, func(t *txn) error {
		a, n, err := t.find(loc)
		if err != nil {
			return err
		}
		if _, err := t.place(a, n, acl.DeleteMailbox); err != nil {
			return err
		}
		if n.parent == rootNum && strings.EqualFold(n.name, inbox) {
			return fail(Invalid, "the INBOX cannot be deleted")
		}
		if len(a.tree.children(n.num)) > 0 || a.tree.holdsMount(n.num) {
			return fail(HasChildren, "the mailbox has others beneath it: delete or move them first")
		}
		if err := t.reindex(a, n.num, n.acl, nil); err != nil {
			return err
		}
		if loc.space == Personal { // RFC 9051 section 6.3.7: the name stays subscribed
			if err := t.keepSubscription(a, n, loc.path); err != nil {
				return err
			}
		}
		m, err := t.mailbox(MailboxID{a.id, n.num}, acl.DeleteMailbox)
		if err != nil {
			return err
		}
		a.credit(uint64(m.c.exists), m.c.size)
		a.gone = append(a.gone, n.num)
		a.treeLog.action, a.treeLog.detail, a.treeLog.other = actDelete, loc.path, MailboxID{a.id, n.num}
		t.topics = append(t.topics, mailboxTopic(MailboxID{a.id, n.num}))
		return nil
	})
}

// keepSubscription turns the subscription of a mailbox that goes into one of its
// name.
func (t *txn) keepSubscription(a *account, n *node, path string) error {
	subs, err := t.subscriptions()
	if err != nil || !subs[MailboxID{a.id, n.num}] {
		return err
	}
	if err := t.w.Delete(t.key.start(a.id, tableSubscribed).u32(uint32(a.id)).u32(n.num).b); err != nil {
		return err
	}
	return t.w.Set(t.subscriptionKey(path), nil)
}

// Rename gives a mailbox, and with it all beneath, another name or place (RFC
// 9051 section 6.3.6). It needs x there and k at the new parent. Renaming INBOX
// moves its messages to a new mailbox and leaves it empty. Renaming a mount moves
// the mount.
func (u *User) Rename(ctx context.Context, from, to string) error {
	to = strings.TrimSuffix(to, separator)
	if path, ok, err := u.mountNamed(ctx, from); err != nil {
		return err
	} else if ok {
		return u.moveMount(ctx, path, to)
	}
	src, err := u.resolve(ctx, "rename", from)
	if err != nil {
		return err
	}
	dst, err := u.resolve(ctx, "rename", to)
	if err != nil {
		return err
	}
	if src.owner.ID != dst.owner.ID {
		return fail(Invalid, "a mailbox cannot change its owner: create one there and move the messages")
	}
	return u.update(ctx, "rename", []directory.ID{src.owner.ID}, func(t *txn) error {
		a, n, err := t.find(src)
		if err != nil {
			return err
		}
		isInbox := n.parent == rootNum && strings.EqualFold(n.name, inbox)
		if _, err := t.place(a, n, acl.DeleteMailbox); err != nil {
			return err
		}
		if err := t.e.nameAllowed(dst); err != nil {
			return err
		}
		if !isInbox && strings.HasPrefix(dst.path, a.tree.path(n)+separator) {
			return fail(Invalid, "a mailbox cannot be moved beneath itself")
		}
		a.treeLog.action, a.treeLog.detail = actRename, src.path+" -> "+dst.path
		if isInbox {
			return t.emptyInbox(a, n, dst)
		}
		return t.rename(a, n, dst)
	})
}

func (t *txn) rename(a *account, n *node, dst location) error {
	parent, rest, err := t.vacant(a, dst.path, n)
	if err != nil {
		return err
	}
	moved := *n
	moved.parent, moved.name = t.addParents(a, parent, rest)
	a.put = append(a.put, &moved)
	for _, child := range a.tree.all() { // sessions in them see their rights change
		if a.tree.under(child, n.num) {
			t.topics = append(t.topics, mailboxTopic(MailboxID{a.id, child.num}))
		}
	}
	return nil
}

// addParents makes the mailboxes that are missing between parent and the last level
// of rest, and returns the number of the last one and that level.
func (t *txn) addParents(a *account, parent *node, rest string) (num uint32, name string) {
	levels := strings.Split(rest, separator)
	last := len(levels) - 1
	for _, level := range levels[:last] {
		parent = t.addNode(a, parent.num, level)
	}
	return parent.num, levels[last]
}

// emptyInbox is RENAME of INBOX.
func (t *txn) emptyInbox(a *account, n *node, dst location) error {
	to, err := t.create(a, dst, nil)
	if err != nil {
		return err
	}
	if err := t.copyMetadata(a, n, to); err != nil {
		return err
	}
	src, err := t.mailbox(MailboxID{a.id, n.num}, acl.DeleteMailbox)
	if err != nil {
		return err
	}
	target, err := t.mailbox(MailboxID{a.id, to.num}, acl.None)
	if err != nil {
		return err
	}
	all := uidset.Range(1, max(src.c.uidNext, 2)-1)
	return src.transfer(target, all, true, new(Copied))
}
