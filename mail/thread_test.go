package mail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/uidset"
)

// A letterRow is a message as THREAD sees it.
type letterRow struct {
	id      int // 0: none
	refs    []int
	subject int // 0: empty
	reply   bool
	sent    int64
}

// thread makes a threadable of messages with the UIDs 1, 2, …
func thread(list []letterRow) *threadable {
	var t table
	for i, m := range list {
		r := emailRow{sent: m.sent, id: uint32(m.id), refs: uint32(len(t.refs)), refCount: uint8(len(m.refs)), isReply: m.reply}
		r.text[subjectText] = uint32(m.subject)
		for _, ref := range m.refs {
			t.refs = append(t.refs, uint32(ref))
			t.ids = max(t.ids, ref)
		}
		t.ids, t.texts = max(t.ids, m.id), max(t.texts, m.subject+1)
		t.emails.append(uint32(i+1), r)
	}
	return t.threadable(uidset.Range(1, uint32(len(list))))
}

// A plainNode is a node of plainThreads.
type plainNode struct {
	uid      uint32 // 0: dummy
	row      *letterRow
	parent   *plainNode
	children []*plainNode
}

func (n *plainNode) over(other *plainNode) bool {
	for ; other != nil; other = other.parent {
		if other == n {
			return true
		}
	}
	return false
}

func (n *plainNode) put(child *plainNode) {
	if child.parent != nil {
		child.parent.children = slices.DeleteFunc(child.parent.children, func(c *plainNode) bool { return c == child })
	}
	if child.parent = n; n != nil {
		n.children = append(n.children, child)
	}
}

// first is the message by which a node is sorted and named.
func (n *plainNode) first() *plainNode {
	if n.uid == 0 {
		return n.children[0]
	}
	return n
}

func plainOrder(a, b *plainNode) int {
	a, b = a.first(), b.first()
	if a.row.sent != b.row.sent {
		return int(a.row.sent - b.row.sent)
	}
	return int(a.uid) - int(b.uid)
}

func (n *plainNode) sortAll() {
	for _, c := range n.children {
		c.sortAll()
	}
	slices.SortFunc(n.children, plainOrder)
}

func (n *plainNode) members() []ThreadMember {
	out := []ThreadMember{{UID: n.uid, Replies: uint32(len(n.children))}}
	for _, c := range n.children {
		out = append(out, c.members()...)
	}
	return out
}

// plainThreads is the REFERENCES algorithm as RFC 5256 section 3 writes it down,
// step by step.
func plainThreads(list []letterRow) []ThreadMember {
	byID := map[int]*plainNode{}
	var all []*plainNode
	for i := range list {
		n := &plainNode{uid: uint32(i + 1), row: &list[i]}
		all = append(all, n)
		if id := list[i].id; id != 0 && byID[id] == nil {
			byID[id] = n
		}
	}
	every := slices.Clone(all)
	for _, n := range all { // step 1
		var last *plainNode
		for _, ref := range n.row.refs {
			if byID[ref] == nil {
				byID[ref] = &plainNode{}
				every = append(every, byID[ref])
			}
			if r := byID[ref]; last != nil && r.parent == nil && !r.over(last) {
				last.put(r)
			}
			last = byID[ref]
		}
		if n.parent != last {
			(*plainNode)(nil).put(n)
			if last != nil && !n.over(last) {
				last.put(n)
			}
		}
	}
	root := &plainNode{} // step 2
	for _, n := range every {
		if n.parent == nil {
			root.put(n)
		}
	}
	prunePlain(root) // step 3
	for _, n := range root.children {
		slices.SortFunc(n.children, func(a, b *plainNode) int {
			if n.uid == 0 {
				return plainOrder(a, b)
			}
			return 0
		})
	}
	slices.SortFunc(root.children, plainOrder) // step 4
	gatherPlain(root)                          // step 5
	root.sortAll()                             // step 6
	return root.members()[1:]
}

func prunePlain(n *plainNode) {
	for again := true; again; {
		again = false
		for _, c := range slices.Clone(n.children) {
			if c.uid != 0 {
				continue
			}
			isRoot := n.parent == nil && n.uid == 0 && n.row == nil
			if len(c.children) > 1 && isRoot {
				continue
			}
			for _, g := range slices.Clone(c.children) {
				n.put(g)
			}
			(*plainNode)(nil).put(c)
			again = true
		}
	}
	for _, c := range n.children {
		pruneBelow(c)
	}
	// A dummy under the root may have had only dummies without children.
	for _, c := range slices.Clone(n.children) {
		if c.uid == 0 && len(c.children) <= 1 {
			for _, g := range slices.Clone(c.children) {
				n.put(g)
			}
			(*plainNode)(nil).put(c)
		}
	}
}

// pruneBelow removes all dummies under a node.
func pruneBelow(n *plainNode) {
	for i := 0; i < len(n.children); {
		c := n.children[i]
		if c.uid != 0 {
			pruneBelow(c)
			i++
			continue
		}
		for _, g := range slices.Clone(c.children) {
			n.put(g)
		}
		(*plainNode)(nil).put(c)
	}
}

func gatherPlain(root *plainNode) {
	subject := func(n *plainNode) int { return n.first().row.subject }
	reply := func(n *plainNode) bool { return n.uid != 0 && n.row.reply }
	table := map[int]*plainNode{}
	for _, n := range root.children {
		s := subject(n)
		if s == 0 {
			continue
		}
		if t := table[s]; t == nil || t.uid != 0 && (n.uid == 0 || reply(t) && !reply(n)) {
			table[s] = n
		}
	}
	for _, n := range slices.Clone(root.children) {
		s := subject(n)
		t := table[s]
		switch {
		case s == 0 || t == n || n.parent != root:
		case t.uid == 0 && n.uid == 0:
			for _, c := range slices.Clone(n.children) {
				t.put(c)
			}
			(*plainNode)(nil).put(n)
		case t.uid == 0, reply(n) && !reply(t):
			t.put(n)
		default:
			dummy := &plainNode{}
			dummy.put(n)
			dummy.put(t)
			root.put(dummy)
			table[s] = dummy
		}
	}
}

// showThreads writes threads as RFC 5256 section 4 does.
func showThreads(list []ThreadMember) string {
	var b strings.Builder
	var walk func()
	walk = func() {
		m := list[0]
		list = list[1:]
		if m.UID != 0 {
			fmt.Fprint(&b, m.UID)
		}
		if m.Replies == 1 {
			b.WriteByte(' ')
			walk()
			return
		}
		for i := range m.Replies {
			if i == 0 && m.UID != 0 {
				b.WriteByte(' ')
			}
			b.WriteByte('(')
			walk()
			b.WriteByte(')')
		}
	}
	for len(list) > 0 {
		b.WriteByte('(')
		walk()
		b.WriteByte(')')
	}
	return b.String()
}

func TestReferences(t *testing.T) {
	for _, c := range []struct {
		name string
		list []letterRow
		want string
	}{
		{"answers", []letterRow{{id: 1}, {id: 2, refs: []int{1}, sent: 1}, {id: 3, refs: []int{1, 2}, sent: 2}}, "(1 2 3)"},
		{"answers of one", []letterRow{{id: 1}, {id: 2, refs: []int{1}, sent: 2}, {id: 3, refs: []int{1}, sent: 1}}, "(1 (3)(2))"},
		{"the parent is not there", []letterRow{{id: 1, refs: []int{9}}, {id: 2, refs: []int{9}, sent: 1}}, "((1)(2))"},
		{"only one of a missing parent", []letterRow{{id: 1, refs: []int{9}}}, "(1)"},
		{"a chain of missing ones", []letterRow{{id: 1, refs: []int{7, 8, 9}}, {id: 2, refs: []int{7, 6}, sent: 1}}, "((1)(2))"},
		{"a missing one in the middle", []letterRow{{id: 1}, {id: 2, refs: []int{1, 9}, sent: 1}}, "(1 2)"},
		{"a reference to itself", []letterRow{{id: 1, refs: []int{1}}}, "(1)"},
		{"a loop of two", []letterRow{{id: 1, refs: []int{2}}, {id: 2, refs: []int{1}}}, "(2 1)"},
		{"truncated references are corrected", []letterRow{{id: 1}, {id: 3, refs: []int{1, 4}, sent: 3}, {id: 2, refs: []int{1}, sent: 1}, {id: 4, refs: []int{2}, sent: 2}}, "(1 3 4 2)"},
		{"the same id twice", []letterRow{{id: 1}, {id: 1, sent: 1}, {id: 2, refs: []int{1}, sent: 2}}, "(1 3)(2)"},
		{"no id", []letterRow{{}, {}}, "(1)(2)"},
		{"equal subjects", []letterRow{{id: 1, subject: 5}, {id: 2, subject: 5, sent: 1}}, "((1)(2))"},
		{"an answer by subject", []letterRow{{id: 1, subject: 5, sent: 9}, {id: 2, subject: 5, reply: true, sent: 1}}, "(1 2)"},
		{"answers without a question", []letterRow{{id: 1, subject: 5, reply: true}, {id: 2, subject: 5, reply: true, sent: 1}}, "((1)(2))"},
		{"empty subjects are not equal", []letterRow{{id: 1}, {id: 2}}, "(1)(2)"},
		{"two dummies", []letterRow{{id: 1, refs: []int{8}, subject: 5}, {id: 2, refs: []int{8}, subject: 5}, {id: 3, refs: []int{9}, subject: 5}, {id: 4, refs: []int{9}, subject: 5}}, "((1)(2)(3)(4))"},
	} {
		got := showThreads(thread(c.list).references())
		plain := showThreads(plainThreads(c.list))
		if got != c.want || plain != c.want {
			t.Errorf("%s: %s, and as the RFC has it %s; want %s", c.name, got, plain, c.want)
		}
	}
}

// TestReferencesAgainstPlain compares with the algorithm as it is written in the
// RFC, on mail that refers to anything.
func TestReferencesAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.IntRange(0, rapid.SampledFrom([]int{3, 8, 30}).Draw(t, "ids"))
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) letterRow {
			return letterRow{
				id:      ids.Draw(t, "id"),
				refs:    rapid.SliceOfN(rapid.Map(ids, func(n int) int { return n + 1 }), 0, 6).Draw(t, "refs"),
				subject: rapid.IntRange(0, 6).Draw(t, "subject"),
				reply:   rapid.Bool().Draw(t, "reply"),
				sent:    rapid.Int64Range(0, 5).Draw(t, "sent"),
			}
		}), 1, 40).Draw(t, "messages")
		got, want := showThreads(thread(list).references()), showThreads(plainThreads(list))
		if got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func TestOrderedSubject(t *testing.T) {
	list := []letterRow{
		{subject: 1, sent: 5}, {subject: 2, sent: 1}, {subject: 1, sent: 2}, {subject: 1, sent: 9}, {subject: 2, sent: 1}, {subject: 3, sent: 2}, {sent: 7}, {sent: 8},
	}
	if got, want := showThreads(thread(list).orderedSubject()), "(2 5)(3 (1)(4))(6)(7 8)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestForest compares a forest that asks its linkCut with one that walks.
func TestForest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 30
		f := newForest(n)
		f.deep = newLinkCut(f.parent)
		plain := make([]int, n)
		for i := range plain {
			plain[i] = -1
		}
		node := rapid.IntRange(0, n-1)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			a, b := node.Draw(t, "a"), node.Draw(t, "b")
			root := b
			for plain[root] >= 0 {
				root = plain[root]
			}
			if got := int(f.deep.root(uint32(b))); got != root {
				t.Fatalf("root of %d is %d, want %d", b, got, root)
			}
			if plain[a] >= 0 {
				f.cut(uint32(a))
				plain[a] = -1
				continue
			}
			f.link(uint32(b), uint32(a))
			if root != a {
				plain[a] = b
			}
		}
		for i, p := range plain {
			want := none
			if p >= 0 {
				want = uint32(p)
			}
			if f.parent[i] != want {
				t.Fatalf("parent of %d is %d, want %d", i, f.parent[i], want)
			}
		}
	})
}

// hostile is mail of which one half is a chain of answers, and the other half
// answers, each already answered itself, to the end of the chain: for each of
// them one has to know that it is not above.
func hostile(n int) []letterRow {
	list := make([]letterRow, n)
	for i := range list {
		list[i] = letterRow{id: i + 1, sent: int64(i)}
		switch {
		case i == 0:
		case i < n/2:
			list[i].refs = []int{i}
		case i%2 == 0:
			list[i].refs = []int{i + 2}
		default:
			list[i].refs = []int{n / 2}
		}
	}
	return list
}

// TestReferencesHostile threads mail that is as hard as possible, and finds the
// chain whole.
func TestReferencesHostile(t *testing.T) {
	const n = 4000
	got := thread(hostile(n)).references()
	if len(got) != n {
		t.Fatalf("%d members of %d messages", len(got), n)
	}
	for i, m := range got[:n/2-1] {
		if m.UID != uint32(i+1) || m.Replies != 1 {
			t.Fatalf("the chain is broken at %d: %+v", i, m)
		}
	}
	if last := got[n/2-1]; last.Replies != n/4 {
		t.Errorf("%d answers to the last one of the chain, want %d", last.Replies, n/4)
	}
}

func BenchmarkReferences(b *testing.B) {
	const n = 100000
	real := make([]letterRow, n)
	for i := range real {
		real[i] = letterRow{id: i + 1, sent: int64(i), subject: 1 + i/8}
		if i%8 != 0 && i%3 != 0 {
			for r := i - i%8; r < i; r++ {
				real[i].refs = append(real[i].refs, r+1)
			}
			real[i].reply = true
		}
	}
	for _, c := range []struct {
		name string
		list []letterRow
	}{{"mail", real}, {"hostile", hostile(n)}} {
		l := thread(c.list)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				l.references()
			}
		})
	}
}
