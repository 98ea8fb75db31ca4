package mail

import (
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// A lister gathers what a user sees.
type lister struct {
	t    *txn
	u    *User
	subs map[MailboxID]bool
	list []Info

	owners map[directory.ID]bool // of subs, see decided
}

// A frame is a name on the way from the root to where a walk is.
type frame struct {
	at, end int // where it is in the order, and where what is beneath it ends; -1 is the root
	rights  acl.Rights
	shown   bool
}

// A treeWalk goes through what a user may see of one owner's tree. Its cost grows
// with that, and with how many mailboxes have entries, not with the tree.
type treeWalk struct {
	*lister
	a       *account
	owner   directory.Principal
	space   Namespace
	subject acl.Subject
	prefix  string   // of the names, with a separator if there is one
	names   []string // as order; nil if they are the paths
	order   []placed
	above   []frame
}

// account adds what the user sees of an owner's tree: all of it, or what lies at
// and beneath entries that speak of the user or of others that the user is among.
// That is the same for all whom these entries mean.
func (l *lister) account(owner directory.Principal, space Namespace, all bool) error {
	a, err := l.t.account(owner.ID)
	if err != nil {
		return err
	}
	if all || l.u.admin || l.decided(owner.ID) {
		l.walk(a, owner, space, all)
		return nil
	}
	subject := l.t.subject
	subject.IsOwner = subject.User == uint32(a.id)
	key := sectionKey{l.u.nameOf(owner, ""), a.tree.means(subject)}
	list, ok := a.tree.section(key)
	if !ok {
		first := len(l.list)
		l.walk(a, owner, space, false)
		if first < len(l.list) && l.list[first].Owner.ID == 0 {
			first++ // the namespace
		}
		a.tree.keepSection(key, slices.Clone(l.list[first:]))
		return nil
	}
	if len(list) > 0 {
		l.namespace(space)
		l.list = append(l.list, list...)
	}
	return nil
}

// walk goes through an owner's tree.
func (l *lister) walk(a *account, owner directory.Principal, space Namespace, all bool) {
	w := treeWalk{lister: l, a: a, owner: owner, space: space, prefix: l.u.nameOf(owner, ""), order: a.tree.inOrder(), subject: l.t.subject}
	w.subject.IsOwner = w.subject.User == uint32(a.id)
	if w.prefix != "" {
		w.prefix += separator
		w.names = a.tree.named(w.prefix)
	}
	w.above = append(make([]frame, 0, 8), frame{at: -1, end: len(w.order)})
	if all || w.granted(a.tree.nodes[rootNum]) {
		w.above[0].rights = l.t.rightsAt(a, a.tree.nodes[rootNum])
		w.list = slices.Grow(w.list, len(w.order))
		w.visit(0, len(w.order))
		return
	}
	var tops []int
	size, next := 0, 0
	for _, i := range a.tree.entries {
		if i >= next && w.granted(w.order[i].node) {
			next = w.order[i].end
			size += next - i
			tops = append(tops, i)
		}
	}
	w.list = slices.Grow(w.list, size+len(tops[:min(len(tops), 8)])*4)
	for _, i := range tops {
		w.leave(i)
		w.climb(w.order[i].above)
		w.visit(i, w.order[i].end)
	}
}

// granted tells whether an entry at the node makes something visible to the user.
func (w *treeWalk) granted(n *node) bool {
	for _, e := range n.acl {
		if !e.Who.Negative && indexed(e) && w.subject.Matches(e.Who) {
			return true
		}
	}
	return false
}

// climb makes the names on the way to the node at i, and it, those above; what is
// above already lies on that way.
func (w *treeWalk) climb(i int) {
	if top := w.above[len(w.above)-1]; top.at != i {
		w.climb(w.order[i].above)
		w.above = append(w.above, frame{at: i, end: w.order[i].end})
	}
}

// leave takes away the names that are not above what is at i.
func (w *treeWalk) leave(i int) {
	for w.above[len(w.above)-1].end <= i {
		w.above = w.above[:len(w.above)-1]
	}
}

// visit goes from one place in the order to another. It begins beneath the root or
// where there are entries, so the rights are known.
func (w *treeWalk) visit(from, to int) {
	lists := w.a.tree.lists()
	for i := from; i < to; i++ {
		w.leave(i)
		p, r := &w.order[i], w.above[len(w.above)-1].rights
		if len(p.acl) > 0 && !w.u.admin {
			r = lists[i].Effective(w.subject)
		}
		shown := r.Has(acl.Lookup)
		if shown {
			w.show(i, r)
		}
		if p.end > i+1 {
			w.above = append(w.above, frame{at: i, end: p.end, rights: r, shown: shown})
		}
	}
}

// name is what the user calls the mailbox at i of the order.
func (w *treeWalk) name(i int) string {
	if w.names == nil {
		return w.order[i].path
	}
	return w.names[i]
}

// show adds a mailbox that the user sees.
func (w *treeWalk) show(i int, r acl.Rights) {
	w.parents()
	n := w.order[i].node
	info := Info{ID: MailboxID{w.a.id, n.num}, Name: w.name(i), Namespace: w.space, Owner: w.owner,
		NoSelect: !r.Has(acl.Read), Rights: r}
	sub, known := w.subs[info.ID]
	info.Subscribed = sub || w.space != Personal && !known
	if w.space == Personal {
		info.SpecialUse = n.special
	}
	w.list = append(w.list, info)
}

// parents adds the names above that are not shown yet, as names only.
func (w *treeWalk) parents() {
	first := len(w.above)
	for first > 0 && !w.above[first-1].shown {
		first--
	}
	for k := first; k < len(w.above); k++ {
		f := &w.above[k]
		f.shown = true
		switch {
		case f.at >= 0:
			w.list = append(w.list, Info{Name: w.name(f.at), Namespace: w.space, Owner: w.owner, NonExistent: true})
		case w.space != Personal:
			w.namespace(w.space)
			w.list = append(w.list, Info{Name: strings.TrimSuffix(w.prefix, separator), Namespace: w.space, Owner: w.owner, NonExistent: true})
		}
	}
}

// namespace adds the name above all owners of a namespace, once.
func (l *lister) namespace(space Namespace) {
	prefix := l.u.engine.config.OtherUsersPrefix
	if space == Shared {
		prefix = l.u.engine.config.SharedPrefix
	}
	name := strings.TrimSuffix(prefix, separator)
	for _, i := range slices.Backward(l.list) {
		if i.Name == name {
			return
		}
		if i.Namespace != space {
			break
		}
	}
	l.list = append(l.list, Info{Name: name, Namespace: space, NonExistent: true})
}

// markChildren sets HasChildren. In the list what is beneath a name follows it
// before anything else does, and the name right above each is there.
func markChildren(list []Info) {
	var open []int // names above the one that is looked at
	for i := range list {
		for len(open) > 0 {
			above := &list[open[len(open)-1]]
			if n := len(above.Name); len(list[i].Name) > n && list[i].Name[n] == separator[0] && list[i].Name[:n] == above.Name {
				above.HasChildren = true
				break
			}
			open = open[:len(open)-1]
		}
		open = append(open, i)
	}
}
