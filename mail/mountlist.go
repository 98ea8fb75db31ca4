package mail

import (
	"cmp"
	"slices"
	"strings"
)

// mountsInOrder returns the mounts with their paths, in the order of the
// hierarchy.
func (t *tree) mountsInOrder() []placed {
	list := make([]placed, 0, len(t.mounts))
	for _, m := range t.mounts {
		list = append(list, placed{node: m, path: t.path(m)})
	}
	slices.SortFunc(list, func(a, b placed) int { return compareNames(a.path, b.path) })
	return list
}

// compareNames orders names by the hierarchy: what is beneath a name follows it
// before anything else does.
func compareNames(a, b string) int {
	for i := range min(len(a), len(b)) {
		switch x, y := a[i], b[i]; {
		case x == y:
		case x == separator[0]:
			return -1
		case y == separator[0]:
			return 1
		default:
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// withMounts takes what the user has mounted out of the mailboxes of other owners,
// which follow the first own ones of list, and puts it among these. A mount of which nothing is to
// be seen is a mere name.
func (t *txn) withMounts(list []Info, first int, grants []grant) ([]Info, error) {
	home, err := t.account(t.u.principal.ID)
	if err != nil {
		return nil, err
	}
	if len(home.tree.mounts) == 0 {
		return list, nil
	}
	own, others := list[:first:first], list[first:]
	mounts := home.tree.mountsInOrder()
	paths := make(map[string]string, len(mounts)) // name without mount -> path of the mount
	for _, m := range mounts {
		at := slices.IndexFunc(grants, func(g grant) bool { return g.owner.ID == m.target.Owner })
		if at < 0 {
			continue
		}
		a, err := t.account(m.target.Owner)
		if err != nil {
			return nil, err
		}
		if n := a.tree.nodes[m.target.Num]; n != nil {
			paths[t.u.nameOf(grants[at].owner, a.tree.path(n))] = m.path
		}
	}
	shown := make(map[string]bool, len(mounts))
	rest := others[:0]
	for _, info := range others {
		name, ok := throughMount(paths, info.Name)
		if !ok {
			rest = append(rest, info)
			continue
		}
		info.Name = name
		shown[name] = true
		own = append(own, info)
	}
	for _, m := range mounts {
		if !shown[m.path] {
			own = append(own, Info{Name: m.path, Namespace: Personal, Owner: t.u.principal, NonExistent: true})
		}
	}
	slices.SortStableFunc(own, func(a, b Info) int { return compareNames(a.Name, b.Name) })
	return append(own, withoutEmptyNames(rest)...), nil
}

// throughMount returns what a mailbox is called in the own tree, if it or a name
// above it is mounted. Of several such mounts the nearest counts.
func throughMount(paths map[string]string, name string) (string, bool) {
	for above := name; ; {
		if path, ok := paths[above]; ok {
			return path + name[len(above):], true
		}
		i := strings.LastIndexByte(above, separator[0])
		if i < 0 {
			return "", false
		}
		above = above[:i]
	}
}

// withoutEmptyNames leaves out names above others of which no other is left.
func withoutEmptyNames(list []Info) []Info {
	below := ""
	keep := make([]bool, len(list))
	for i, info := range slices.Backward(list) {
		keep[i] = !info.NonExistent || strings.HasPrefix(below, info.Name+separator)
		if keep[i] {
			below = info.Name
		}
	}
	kept := list[:0]
	for i, info := range list {
		if keep[i] {
			kept = append(kept, info)
		}
	}
	return kept
}
