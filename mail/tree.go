package mail

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
)

// rootNum is the number of the root of an owner's tree. It is no mailbox; its
// rights and policy hold for all beneath.
const rootNum = 0

// A node is one mailbox in its owner's tree, as stored. Nodes are immutable; a
// change makes a new one. They point to their parent, so that RENAME of a tree
// changes one record, and rights hang on numbers, never on names.
type node struct {
	num, parent uint32
	name        string // the last component, UTF-8 NFC
	uidValidity uint32
	special     []string // RFC 6154 attributes, as "\\Sent"
	acl         acl.List // entries made here; those of parents hold as well
	policy      policy
	created     int64 // seconds since 1970
	// target is of mounts only, which are no mailboxes: see mount.go.
	target MailboxID
}

// A policy says which flags each user of a mailbox has for himself. A node
// without one has its parent's.
type policy struct {
	set      bool
	flags    SystemFlags
	keywords bool // all keywords
}

// defaultPolicy makes \Seen everybody's own. The owner's own flags lie in the
// message record, those of others beside it, so that sharing a mailbox later
// changes nothing that is stored.
var defaultPolicy = policy{set: true, flags: Seen}

// Versions of a stored node.
const (
	nodeVersion  = 1
	mountVersion = 2 // a node and, behind it, its target
)

func (n *node) encode(b []byte) []byte {
	version := byte(nodeVersion)
	if n.isMount() {
		version = mountVersion
	}
	b = append(b, version)
	b = appendU(b, uint64(n.parent))
	b = appendBytes(b, n.name)
	b = appendU(b, uint64(n.uidValidity))
	b = appendU(b, uint64(len(n.special)))
	for _, s := range n.special {
		b = appendBytes(b, s)
	}
	p := byte(n.policy.flags)
	if n.policy.set {
		p |= 1 << 6
	}
	if n.policy.keywords {
		p |= 1 << 7
	}
	b = append(b, p)
	b = appendI(b, n.created)
	b = appendACL(b, n.acl)
	if n.isMount() {
		b = appendU(appendU(b, uint64(n.target.Owner)), uint64(n.target.Num))
	}
	return b
}

func decodeNode(num uint32, b []byte) (*node, error) {
	d := dec{b: b}
	mount := len(b) > 0 && b[0] == mountVersion
	if mount {
		d.version(mountVersion)
	} else {
		d.version(nodeVersion)
	}
	n := &node{num: num, parent: uint32(d.u()), name: d.str(), uidValidity: uint32(d.u())}
	for range d.count() {
		n.special = append(n.special, d.str())
	}
	p := d.byte()
	n.policy = policy{set: p&(1<<6) != 0, keywords: p&(1<<7) != 0, flags: SystemFlags(p) & AllSystemFlags}
	n.created = d.i()
	n.acl = d.acl()
	if mount {
		n.target = MailboxID{directory.ID(d.u()), uint32(d.u())}
	}
	return n, d.err()
}

// A tree is all mailboxes of one owner at one tree modseq. It is immutable and
// shared by all sessions; whoever reads it compares its version with the owner
// record of his own snapshot.
type tree struct {
	owner   directory.ID
	version ModSeq
	nodes   map[uint32]*node
	byName  map[childName]uint32
	mounts  map[childName]*node // in none of the others

	once    sync.Once // guards order, entries, whos and sorted
	order   []placed
	entries []int     // where in the order there are mailboxes with rights entries
	whos    []acl.Who // that have entries anywhere
	sorted  []*node

	listsOnce      sync.Once // guards effectiveLists
	effectiveLists []acl.List

	mu     sync.Mutex // guards what follows
	rights map[uint32]acl.List
	prefix string   // that others than the owner last saw the names with
	names  []string // with prefix, in order

	sections map[sectionKey][]Info
}

type childName struct {
	parent uint32
	name   string // folded for INBOX
}

func keyOf(parent uint32, name string) childName {
	if parent == rootNum && strings.EqualFold(name, inbox) {
		name = inbox
	}
	return childName{parent, name}
}

func newTree(owner directory.ID, version ModSeq) *tree {
	return &tree{owner: owner, version: version, nodes: make(map[uint32]*node), byName: make(map[childName]uint32), rights: make(map[uint32]acl.List)}
}

// add puts a node into a tree that nobody sees yet.
func (t *tree) add(n *node) {
	if n.isMount() {
		if t.mounts == nil {
			t.mounts = make(map[childName]*node)
		}
		t.mounts[keyOf(n.parent, n.name)] = n
		return
	}
	t.nodes[n.num] = n
	if n.num != rootNum {
		t.byName[keyOf(n.parent, n.name)] = n.num
	}
}

// loadTree reads an owner's tree.
func loadTree(r kv.Reader, owner directory.ID, version ModSeq) (*tree, error) {
	t := newTree(owner, version)
	t.nodes[rootNum] = &node{}
	lo, hi := wholeTable(owner, tableMailbox)
	for p := range r.Scan(lo, hi) {
		n, err := decodeNode(suffix32(p.Key), p.Value)
		if err != nil {
			return nil, err
		}
		t.add(n)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	adoptOrphans(t.nodes, t.byName)
	return t, nil
}

// adoptOrphans puts mailboxes whose way to the root is broken right beneath it, so
// that one damaged record does not take those beneath it out of reach. It is how
// the tree is seen; verify reports it, and repair stores it.
func adoptOrphans(nodes map[uint32]*node, byName map[childName]uint32) {
	reaches := func(n *node) bool {
		for range nodes {
			if n == nil || n.num == rootNum {
				break
			}
			n = nodes[n.parent]
		}
		return n != nil && n.num == rootNum
	}
	var lost []uint32 // their parents are missing
	var cut []uint32  // they do not lead to the root, at first
	for num, n := range nodes {
		if nodes[n.parent] == nil {
			lost = append(lost, num)
		} else if !reaches(n) {
			cut = append(cut, num)
		}
	}
	slices.Sort(lost)
	slices.Sort(cut)
	for _, num := range append(lost, cut...) {
		n := nodes[num]
		if reaches(n) {
			continue // with one that was adopted before
		}
		adopted := *n
		adopted.parent = rootNum
		delete(byName, keyOf(n.parent, n.name))
		for byName[keyOf(rootNum, adopted.name)] != 0 {
			adopted.name += " (2)"
		}
		byName[keyOf(rootNum, adopted.name)] = num
		nodes[num] = &adopted
	}
}

// with returns the tree after nodes were put in and others taken out.
func (t *tree) with(version ModSeq, put []*node, gone []uint32) *tree {
	now := newTree(t.owner, version)
	now.nodes, now.byName, now.mounts = maps.Clone(t.nodes), maps.Clone(t.byName), maps.Clone(t.mounts)
	for _, num := range gone {
		now.remove(num)
	}
	for _, n := range put {
		if n.num != rootNum {
			now.remove(n.num) // it may have had another name
		}
		now.add(n)
	}
	return now
}

// remove is add's inverse.
func (t *tree) remove(num uint32) {
	if n := t.nodes[num]; n != nil {
		delete(t.byName, keyOf(n.parent, n.name))
		delete(t.nodes, num)
		return
	}
	maps.DeleteFunc(t.mounts, func(_ childName, n *node) bool { return n.num == num })
}

// find returns the node with the path inside the owner's tree, or nil. The
// empty path is the root.
func (t *tree) find(path string) *node {
	n := t.nodes[rootNum]
	for path != "" {
		name, rest, _ := strings.Cut(path, separator)
		num, ok := t.byName[keyOf(n.num, name)]
		if !ok {
			return nil
		}
		n, path = t.nodes[num], rest
	}
	return n
}

// path returns the names from the root to n, joined by the separator.
func (t *tree) path(n *node) string {
	if n.num == rootNum {
		return ""
	}
	if n.parent == rootNum {
		return n.name
	}
	return t.path(t.nodes[n.parent]) + separator + n.name
}

// under tells whether n is ancestor or beneath it.
func (t *tree) under(n *node, ancestor uint32) bool {
	for n.num != ancestor {
		if n.num == rootNum {
			return false
		}
		n = t.nodes[n.parent]
	}
	return true
}

// A placed is a mailbox in the order of the tree.
type placed struct {
	*node
	path  string
	above int // where its parent is in the order; -1 for the root
	end   int // where what is beneath it ends
}

// inOrder returns the mailboxes in the order of the hierarchy: what is beneath a
// mailbox follows it before anything else does.
func (t *tree) inOrder() []placed {
	t.once.Do(func() {
		type named struct {
			key string
			placed
		}
		list := make([]named, 0, len(t.nodes))
		for _, n := range t.nodes {
			if n.num != rootNum {
				path := t.path(n)
				list = append(list, named{strings.ReplaceAll(path, separator, "\x00"), placed{node: n, path: path}})
			}
		}
		slices.SortFunc(list, func(a, b named) int { return strings.Compare(a.key, b.key) })
		t.order, t.sorted = make([]placed, len(list)), make([]*node, len(list))
		var open []int // from below the root to what is above list[i]
		for i := range list {
			p := list[i].placed
			for len(open) > 0 && t.order[open[len(open)-1]].num != p.parent {
				t.order[open[len(open)-1]].end = i
				open = open[:len(open)-1]
			}
			p.above = -1
			if len(open) > 0 {
				p.above = open[len(open)-1]
			}
			open = append(open, i)
			t.order[i], t.sorted[i] = p, p.node
			if len(p.acl) > 0 {
				t.entries = append(t.entries, i)
			}
		}
		t.whos = t.mentioned()
		for _, i := range open {
			t.order[i].end = len(list)
		}
	})
	return t.order
}

// mentioned returns the identifiers that have entries anywhere, in the order in
// which they are met.
func (t *tree) mentioned() (list []acl.Who) {
	seen := make(map[acl.Who]bool)
	add := func(l acl.List) {
		for _, e := range l {
			if !seen[e.Who] {
				seen[e.Who] = true
				list = append(list, e.Who)
			}
		}
	}
	add(t.nodes[rootNum].acl)
	for _, i := range t.entries {
		add(t.order[i].acl)
	}
	return list
}

// lists returns the entries that hold at each mailbox, in their order.
func (t *tree) lists() []acl.List {
	order := t.inOrder()
	t.listsOnce.Do(func() {
		t.effectiveLists = make([]acl.List, len(order))
		root := t.effective(t.nodes[rootNum])
		for i := range order {
			above := root
			if up := order[i].above; up >= 0 {
				above = t.effectiveLists[up]
			}
			t.effectiveLists[i] = acl.Inherit(above, order[i].acl)
		}
	})
	return t.effectiveLists
}

// named returns the names of the mailboxes in their order, as those see them who
// see them beneath prefix. They are kept for the next one who asks.
func (t *tree) named(prefix string) []string {
	order := t.inOrder()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil || t.prefix != prefix {
		t.prefix, t.names = prefix, make([]string, len(order))
		for i := range order {
			t.names[i] = prefix + order[i].path
		}
	}
	return t.names
}

// all returns the mailboxes, parents before children.
func (t *tree) all() []*node {
	t.inOrder()
	return t.sorted
}

// children returns the mailboxes right beneath num.
func (t *tree) children(num uint32) (list []*node) {
	for _, n := range t.all() {
		if n.parent == num {
			list = append(list, n)
		}
	}
	return list
}

// effective returns the rights entries that hold at n: its own, and those of
// its ancestors for identifiers that have none nearer.
func (t *tree) effective(n *node) acl.List {
	t.mu.Lock()
	list, ok := t.rights[n.num]
	t.mu.Unlock()
	if ok {
		return list
	}
	above := acl.Default()
	if n.num != rootNum {
		above = t.effective(t.nodes[n.parent])
	}
	list = acl.Inherit(above, n.acl)
	t.mu.Lock()
	t.rights[n.num] = list
	t.mu.Unlock()
	return list
}

// policyOf returns the policy that holds at n.
func (a *account) policyOf(n *node) policy {
	for !n.policy.set {
		if n.num == rootNum {
			return defaultPolicy
		}
		n = a.node(n.parent)
	}
	return n.policy
}

// effective is tree.effective for a node as this transaction has left it.
func (a *account) effective(n *node) acl.List {
	if a.tree.nodes[n.num] == n && !a.treeChanged() {
		return a.tree.effective(n)
	}
	if n.num == rootNum {
		return acl.Inherit(acl.Default(), n.acl)
	}
	return acl.Inherit(a.effective(a.node(n.parent)), n.acl)
}
