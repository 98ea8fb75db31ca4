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
}

// A seenNode is what is found out about a mailbox on the way through a tree.
type seenNode struct {
	rights acl.Rights // only if inside
	inside bool       // entries may let the user see it
	shown  bool
}

// A treeWalk goes through one owner's tree.
type treeWalk struct {
	*lister
	a      *account
	owner  directory.Principal
	space  Namespace
	prefix string   // of the names, with a separator if there is one
	names  []string // as order; nil if they are the paths
	order  []placed
	seen   []seenNode // as order, and behind them the root
}

// account adds what the user sees of an owner's tree, at and beneath the nodes
// with the numbers roots; nil means everywhere.
func (l *lister) account(owner directory.Principal, space Namespace, roots []uint32) error {
	a, err := l.t.account(owner.ID)
	if err != nil {
		return err
	}
	w := treeWalk{lister: l, a: a, owner: owner, space: space, prefix: l.u.nameOf(owner, ""), order: a.tree.inOrder()}
	if w.prefix != "" {
		w.prefix += separator
		w.names = a.tree.named(w.prefix)
	}
	w.seen = make([]seenNode, len(w.order)+1)
	root := w.above(-1)
	root.inside = roots == nil // as for the administrator, always
	l.list = slices.Grow(l.list, len(roots))
	for _, num := range roots {
		if i, there := a.tree.at[num]; there {
			w.above(i).inside = true
		}
	}
	if root.inside {
		l.list = slices.Grow(l.list, len(w.order))
		root.rights = l.t.rightsAt(a, a.tree.nodes[rootNum])
	}
	lists := a.tree.lists()
	subject := l.t.subject
	subject.IsOwner = subject.User == uint32(a.id)
	for i := range w.order {
		n, s, above := w.order[i].node, &w.seen[i], w.above(w.order[i].above)
		s.inside = s.inside || above.inside
		if !s.inside {
			continue
		}
		if s.rights = above.rights; !l.u.admin && (len(n.acl) > 0 || !above.inside) {
			s.rights = lists[i].Effective(subject)
		}
		if s.rights.Has(acl.Lookup) {
			w.show(i)
		}
	}
	return nil
}

// above returns what was found about the node at i of the order; -1 is the root.
func (w *treeWalk) above(i int) *seenNode {
	if i < 0 {
		i = len(w.order)
	}
	return &w.seen[i]
}

// name is what the user calls the mailbox at i of the order.
func (w *treeWalk) name(i int) string {
	if w.names == nil {
		return w.order[i].path
	}
	return w.names[i]
}

// show adds a mailbox that the user sees.
func (w *treeWalk) show(i int) {
	w.parents(w.order[i].above)
	n, r := w.order[i].node, w.seen[i].rights
	w.seen[i].shown = true
	info := Info{ID: MailboxID{w.a.id, n.num}, Name: w.name(i), Namespace: w.space, Owner: w.owner,
		NoSelect: !r.Has(acl.Read), Rights: r}
	sub, known := w.subs[info.ID]
	info.Subscribed = sub || w.space != Personal && !known
	if w.space == Personal {
		info.SpecialUse = n.special
	}
	w.list = append(w.list, info)
}

// parents adds the names from the node at i upwards that are not shown yet, as
// names only.
func (w *treeWalk) parents(i int) {
	s := w.above(i)
	if s.shown {
		return
	}
	s.shown = true
	if i >= 0 {
		w.parents(w.order[i].above)
		w.list = append(w.list, Info{Name: w.name(i), Namespace: w.space, Owner: w.owner, NonExistent: true})
		return
	}
	if w.space != Personal {
		w.namespace(w.space)
		w.list = append(w.list, Info{Name: strings.TrimSuffix(w.prefix, separator), Namespace: w.space, Owner: w.owner, NonExistent: true})
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
