package mail

import (
	"context"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// A mount is a name in a person's own tree that stands for a mailbox, or the
// root, of another owner's tree, with all beneath it. It is for programs that
// show the personal namespace only. It gives no rights: whatever is done under
// its name is done to the mailbox itself, through the same door. It is seen by
// its person alone, and nobody else's name leads through it, so mounts never
// lead to mounts.
//
// Each mailbox is listed under one name (RFC 8474 section 4: no two mailboxes
// have one id): that of the mount, for those who have one. The other name keeps
// its meaning and is just not listed.

// MountEntry is the annotation of a mailbox that says where the user has mounted
// it. Set, it mounts the mailbox there; deleted, it is unmounted.
const MountEntry = "/private/vendor/poststube/mount"

// maxMounts is how many one person has. Listing costs a look at each.
const maxMounts = 200

// A Mount is one as its person sees it.
type Mount struct {
	Name string // in the own tree
	// Mailbox is what the user would call the mailbox without the mount; empty
	// if it is gone, or may not be seen any more.
	Mailbox string
}

func (n *node) isMount() bool { return n.target.Owner != 0 }

// crossing returns the mount at or above a path, and the rest of the path beneath
// it; nil if there is none.
func (t *tree) crossing(path string) (mount *node, rest string) {
	if len(t.mounts) == 0 {
		return nil, ""
	}
	var parent uint32 = rootNum
	for path != "" {
		level, below, _ := strings.Cut(path, separator)
		key := keyOf(parent, level)
		if m := t.mounts[key]; m != nil {
			return m, below
		}
		num, ok := t.byName[key]
		if !ok {
			return nil, ""
		}
		parent, path = num, below
	}
	return nil, ""
}

// mountOf returns the mount of a mailbox, or nil.
func (t *tree) mountOf(id MailboxID) *node {
	for _, m := range t.mounts {
		if m.target == id {
			return m
		}
	}
	return nil
}

// holdsMount tells whether there is a mount right beneath a mailbox.
func (t *tree) holdsMount(num uint32) bool {
	for key := range t.mounts {
		if key.parent == num {
			return true
		}
	}
	return false
}

// home returns the user's own tree. It is at least as new as the last change
// that was answered.
func (u *User) home(ctx context.Context) (*tree, error) {
	e := u.engine
	e.mu.Lock()
	home := e.trees[u.principal.ID]
	e.mu.Unlock()
	if home != nil {
		return home, nil
	}
	err := u.view(ctx, "open", func(t *txn) error {
		a, err := t.account(u.principal.ID)
		if err == nil {
			home = a.tree
		}
		return err
	})
	return home, err
}

// follow turns a location beneath a mount into the one that it stands for.
func (u *User) follow(ctx context.Context, loc location) (location, error) {
	home, err := u.home(ctx)
	if err != nil {
		return loc, err
	}
	m, rest := home.crossing(loc.path)
	if m == nil {
		return loc, nil
	}
	owner, err := u.engine.dir.ByID(ctx, m.target.Owner)
	if err != nil {
		return loc, errNoMailbox()
	}
	loc = location{owner: owner, space: spaceOf(owner)}
	err = u.view(ctx, "open", func(t *txn) error {
		a, err := t.account(owner.ID)
		if err != nil {
			return err
		}
		n := a.tree.nodes[m.target.Num]
		if n == nil {
			return errNoMailbox()
		}
		loc.path = joinPath(a.tree.path(n), rest)
		return nil
	})
	return loc, err
}

func spaceOf(owner directory.Principal) Namespace {
	if owner.Kind == directory.Group {
		return Shared
	}
	return OtherUsers
}

func joinPath(above, below string) string {
	if above == "" || below == "" {
		return above + below
	}
	return above + separator + below
}

// mountNamed finds out whether a name is that of a mount itself.
func (u *User) mountNamed(ctx context.Context, name string) (path string, ok bool, err error) {
	clean, err := cleanPath(name)
	if err != nil {
		return "", false, err
	}
	home, err := u.home(ctx)
	if err != nil {
		return "", false, err
	}
	m, rest := home.crossing(clean)
	return clean, m != nil && rest == "", nil
}

// mounted returns the path under which the user has mounted a node of another
// owner's tree, or a node above it, and is empty if it is not mounted.
func (t *txn) mounted(a *account, n *node) (string, error) {
	if a.id == t.u.principal.ID || t.u.principal.Kind != directory.Person {
		return "", nil
	}
	remembers := t.w == nil
	if _, none := t.e.personals.get(noMounts(t.u.principal.ID), t.began); none && remembers {
		return "", nil
	}
	home, err := t.account(t.u.principal.ID)
	if err != nil {
		return "", err
	}
	if len(home.tree.mounts) == 0 {
		if remembers {
			t.e.personals.put(noMounts(t.u.principal.ID), personal{}, t.began)
		}
		return "", nil
	}
	beneath := ""
	for {
		if m := home.tree.mountOf(MailboxID{a.id, n.num}); m != nil {
			return joinPath(home.tree.path(m), beneath), nil
		}
		if n.num == rootNum {
			return "", nil
		}
		beneath = joinPath(n.name, beneath)
		n = a.tree.nodes[n.parent]
	}
}

// noMounts is the key under which personals keeps that a user has no mounts, which
// spares most who open what is shared with them a look into their own tree. A root
// is no mailbox, so that nothing else is kept under it.
func noMounts(owner directory.ID) personalKey {
	return personalKey{MailboxID{owner, rootNum}, owner}
}

// nameOf is what the user calls a mailbox: what LIST says.
func (t *txn) nameOf(owner directory.Principal, a *account, n *node) (string, error) {
	name, err := t.mounted(a, n)
	if name == "" {
		name = t.u.nameOf(owner, a.tree.path(n))
	}
	return name, err
}

// Mount shows a mailbox of another owner, or the root of a team's tree, at a path
// in the user's own tree. If it is mounted already, the mount moves. The error is
// NotFound if the user may see neither the mailbox nor anything beneath it.
func (u *User) Mount(ctx context.Context, name, at string) error {
	target, err := u.resolve(ctx, "mount", name)
	if err != nil {
		return err
	}
	return u.update(ctx, "mount", []directory.ID{u.principal.ID}, func(t *txn) error {
		a, err := t.account(target.owner.ID)
		if err != nil {
			return err
		}
		n := a.tree.find(target.path)
		if n == nil {
			return errNoMailbox()
		}
		return t.mount(target.owner, a, n, at)
	})
}

// mount is Mount in a transaction that has the lock of the user.
func (t *txn) mount(owner directory.Principal, a *account, n *node, at string) error {
	u := t.u
	if !t.rightsAt(a, n).Has(acl.Lookup) && !t.showsBeneath(a, n) {
		return errNoMailbox()
	}
	if u.principal.Kind != directory.Person || owner.ID == u.principal.ID {
		return fail(Invalid, "only people mount, and only what is not theirs")
	}
	path, err := cleanPath(at)
	if err != nil {
		return err
	}
	own := location{owner: u.principal, path: path, space: Personal}
	if err := t.e.nameAllowed(own); err != nil {
		return err
	}
	home, err := t.account(u.principal.ID)
	if err != nil {
		return err
	}
	id := MailboxID{a.id, n.num}
	m := home.tree.mountOf(id)
	if m != nil && home.tree.path(m) == path {
		return nil
	}
	if m == nil && len(home.tree.mounts) >= maxMounts {
		return fail(Limit, "%d mounts are the limit: remove one", maxMounts)
	}
	if id.Num != rootNum { // who asks for it wants to see it, whatever was before
		if err := t.subscribe(id, 1); err != nil {
			return err
		}
	}
	if m == nil {
		m = &node{num: max(home.rec.nextMailbox, rootNum+1), target: id, created: t.now.Unix()}
		home.rec.nextMailbox = m.num + 1
	}
	home.treeLog.action, home.treeLog.detail = actMount, path+" = "+u.nameOf(owner, a.tree.path(n))
	return t.placeMount(home, m, path)
}

// placeMount puts a mount, new or not, at a path where nothing is.
func (t *txn) placeMount(home *account, m *node, path string) error {
	parent, rest, err := t.vacant(home, path, m)
	if err != nil {
		return err
	}
	placed := *m
	placed.parent, placed.name = t.addParents(home, parent, rest)
	home.put = append(home.put, &placed)
	home.dirty = true
	return nil
}

// changeMount runs change on the mount at a path of the user's own tree.
func (u *User) changeMount(ctx context.Context, op, path string, change func(t *txn, home *account, m *node) error) error {
	return u.update(ctx, op, []directory.ID{u.principal.ID}, func(t *txn) error {
		home, err := t.account(u.principal.ID)
		if err != nil {
			return err
		}
		m, rest := home.tree.crossing(path)
		if m == nil || rest != "" {
			return errNoMailbox()
		}
		return change(t, home, m)
	})
}

// Unmount removes the mount at a path of the user's own tree; the mailbox stays.
// The error is NotFound if nothing is mounted there.
func (u *User) Unmount(ctx context.Context, path string) error {
	path, err := cleanPath(path)
	if err != nil {
		return err
	}
	return u.changeMount(ctx, "unmount", path, func(_ *txn, home *account, m *node) error {
		home.removeMount(m)
		return nil
	})
}

func (home *account) removeMount(m *node) {
	home.gone = append(home.gone, m.num)
	home.dirty = true
	home.treeLog.action, home.treeLog.detail, home.treeLog.other = actUnmount, home.tree.path(m), MailboxID{home.id, m.num}
}

// moveMount gives a mount another place in the user's own tree.
func (u *User) moveMount(ctx context.Context, path, to string) error {
	dst, err := u.resolve(ctx, "rename", to)
	if err != nil {
		return err
	}
	if dst.space != Personal {
		return fail(Invalid, "a mount stays in your own tree, and outside of other mounts")
	}
	return u.changeMount(ctx, "rename", path, func(t *txn, home *account, m *node) error {
		if err := t.e.nameAllowed(dst); err != nil {
			return err
		}
		home.treeLog.action, home.treeLog.detail = actRename, path+" -> "+dst.path
		return t.placeMount(home, m, dst.path)
	})
}

// Mounts returns the user's mounts in the order of their names.
func (u *User) Mounts(ctx context.Context) ([]Mount, error) {
	var list []Mount
	err := u.view(ctx, "mounts", func(t *txn) error {
		home, err := t.account(u.principal.ID)
		if err != nil {
			return err
		}
		for _, m := range home.tree.mountsInOrder() {
			mount := Mount{Name: m.path}
			a, err := t.account(m.target.Owner)
			if err != nil {
				return err
			}
			owner, gone := t.e.dir.ByID(ctx, m.target.Owner)
			n := a.tree.nodes[m.target.Num]
			if gone == nil && n != nil && (t.rightsAt(a, n).Has(acl.Lookup) || t.showsBeneath(a, n)) {
				mount.Mailbox = u.nameOf(owner, a.tree.path(n))
			}
			list = append(list, mount)
		}
		return nil
	})
	return list, err
}

// setMount is what setting MountEntry does.
func (t *txn) setMount(p *notedPlace, value []byte) error {
	if value != nil {
		return t.mount(p.loc.owner, p.a, p.n, string(value))
	}
	home, err := t.account(t.u.principal.ID)
	if err != nil {
		return err
	}
	if m := home.tree.mountOf(MailboxID{p.a.id, p.n.num}); m != nil {
		home.removeMount(m)
	}
	return nil
}
