package mail

// A forest is nodes with parents, without loops. Whether a link would make one is
// almost always seen at once or after a few steps upwards. For the rest, which
// takes chains longer than people write, it turns into a linkCut, so that
// nobody can make a THREAD slow by the mail that he sends.
type forest struct {
	parent []uint32 // none for those without
	degree []uint32 // number of children
	deep   *linkCut // once it was needed
}

func newForest(n int) forest {
	f := forest{parent: make([]uint32, n, n+n/2), degree: make([]uint32, n, n+n/2)}
	for i := range f.parent {
		f.parent[i] = none
	}
	return f
}

// add adds a node.
func (f *forest) add() uint32 {
	n := uint32(len(f.parent))
	f.parent = append(f.parent, none)
	f.degree = append(f.degree, 0)
	if f.deep != nil {
		f.deep.add()
	}
	return n
}

// link puts child, which has no parent, under parent, unless that makes a loop.
func (f *forest) link(parent, child uint32) {
	if f.under(child, parent) {
		return
	}
	f.parent[child] = parent
	f.degree[parent]++
	if f.deep != nil {
		f.deep.link(parent, child)
	}
}

// cut takes a node away from its parent, if it has one.
func (f *forest) cut(node uint32) {
	p := f.parent[node]
	if p == none {
		return
	}
	f.parent[node] = none
	f.degree[p]--
	if f.deep != nil {
		f.deep.cut(node)
	}
}

// walk is how many steps upwards are quicker than a linkCut. Threads of people
// are not that deep.
const walk = 256

// under tells whether a node lies in the tree of root, which has no parent.
func (f *forest) under(root, node uint32) bool {
	if f.degree[root] == 0 {
		return node == root
	}
	for range walk {
		p := f.parent[node]
		if p == none {
			return node == root
		}
		node = p
	}
	if f.deep == nil {
		f.deep = newLinkCut(f.parent)
	}
	return f.deep.root(node) == root
}

// A linkCut is a forest that finds roots, links and cuts in O(log n) amortized:
// Sleator and Tarjan's trees, with splay trees for the preferred paths and
// without a change of roots. Shallower nodes lie to the left; up leads to the
// parent in the splay tree, or from its top to the node that the path hangs on.
type linkCut struct{ left, right, up []uint32 }

// newLinkCut makes every node a path of its own.
func newLinkCut(parent []uint32) *linkCut {
	t := &linkCut{up: append([]uint32(nil), parent...)}
	t.left, t.right = make([]uint32, len(parent)), make([]uint32, len(parent))
	for i := range parent {
		t.left[i], t.right[i] = none, none
	}
	return t
}

func (t *linkCut) add() {
	t.left, t.right, t.up = append(t.left, none), append(t.right, none), append(t.up, none)
}

// top tells whether x is the top of its splay tree.
func (t *linkCut) top(x uint32) bool {
	p := t.up[x]
	return p == none || t.left[p] != x && t.right[p] != x
}

// rotate moves x one up in its splay tree.
func (t *linkCut) rotate(x uint32) {
	p := t.up[x]
	g, top := t.up[p], t.top(p)
	near, far := t.left, t.right
	if t.right[p] == x {
		near, far = far, near
	}
	child := far[x]
	near[p], far[x] = child, p
	if child != none {
		t.up[child] = p
	}
	t.up[p], t.up[x] = x, g
	if top {
		return
	}
	if t.left[g] == p {
		t.left[g] = x
	} else {
		t.right[g] = x
	}
}

// splay makes x the top of its splay tree.
func (t *linkCut) splay(x uint32) {
	for !t.top(x) {
		if p := t.up[x]; !t.top(p) {
			g := t.up[p]
			if (t.left[g] == p) == (t.left[p] == x) {
				t.rotate(p)
			} else {
				t.rotate(x)
			}
		}
		t.rotate(x)
	}
}

// access makes the way from the root to x a path, with x as its end and top.
func (t *linkCut) access(x uint32) {
	below := none
	for y := x; y != none; y = t.up[y] {
		t.splay(y)
		t.right[y] = below
		below = y
	}
	t.splay(x)
}

// root returns the root of the tree of x.
func (t *linkCut) root(x uint32) uint32 {
	t.access(x)
	for t.left[x] != none {
		x = t.left[x]
	}
	t.splay(x)
	return x
}

func (t *linkCut) link(parent, child uint32) {
	t.access(child)
	t.up[child] = parent
}

func (t *linkCut) cut(x uint32) {
	t.access(x)
	above := t.left[x]
	t.left[x], t.up[above] = none, none
}
