package uidset

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAddRemove(t *testing.T) {
	const top = math.MaxUint32
	tests := []struct {
		name string
		do   func(*Set)
		want string
	}{
		{"empty", func(s *Set) {}, ""},
		{"ascending", func(s *Set) { s.Add(1); s.Add(2); s.Add(4) }, "1:2,4"},
		{"descending", func(s *Set) { s.Add(4); s.Add(2); s.Add(1) }, "1:2,4"},
		{"twice", func(s *Set) { s.Add(3); s.Add(3) }, "3"},
		{"fills a gap", func(s *Set) { s.Add(1); s.Add(3); s.Add(2) }, "1:3"},
		{"zero", func(s *Set) { s.Add(0); s.AddRange(0, 2) }, "1:2"},
		{"backwards is nothing", func(s *Set) { s.AddRange(1, 0); s.AddRange(5, 4) }, ""},
		{"swallows runs", func(s *Set) { s.Add(2); s.Add(4); s.Add(9); s.AddRange(1, 5) }, "1:5,9"},
		{"touches both sides", func(s *Set) { s.AddRange(1, 2); s.AddRange(6, 7); s.Add(9); s.AddRange(3, 5) }, "1:7,9"},
		{"inserts in front", func(s *Set) { s.Add(9); s.Add(1) }, "1,9"},
		{"top", func(s *Set) { s.Add(top); s.Add(top - 1); s.Add(top) }, "4294967294:4294967295"},
		{"whole", func(s *Set) { s.AddRange(5, 6); s.AddRange(1, top) }, "1:4294967295"},
		{"remove in the middle", func(s *Set) { s.AddRange(1, 9); s.Remove(5) }, "1:4,6:9"},
		{"remove first and last", func(s *Set) { s.AddRange(1, 9); s.Remove(1); s.Remove(9) }, "2:8"},
		{"remove across runs", func(s *Set) { s.AddRange(1, 3); s.Add(5); s.AddRange(7, 9); s.RemoveRange(3, 7) }, "1:2,8:9"},
		{"remove what is absent", func(s *Set) { s.Add(3); s.Remove(2); s.Remove(4); s.Remove(0) }, "3"},
		{"remove all", func(s *Set) { s.Add(3); s.Add(8); s.RemoveRange(1, top) }, ""},
		{"remove top", func(s *Set) { s.AddRange(1, top); s.Remove(top) }, "1:4294967294"},
	}
	for _, tt := range tests {
		var s Set
		tt.do(&s)
		if got := s.String(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestBounds(t *testing.T) {
	var empty Set
	if empty.Min() != 0 || empty.Max() != 0 || empty.Len() != 0 || !empty.Empty() || empty.Contains(0) {
		t.Error("the empty set is not empty")
	}
	whole := Range(1, math.MaxUint32)
	if whole.Len() != math.MaxUint32 || whole.Min() != 1 || whole.Max() != math.MaxUint32 {
		t.Errorf("whole: Len %d, Min %d, Max %d", whole.Len(), whole.Min(), whole.Max())
	}
	s := Of(7, 3, 4, 3)
	if s.Len() != 3 || s.Min() != 3 || s.Max() != 7 {
		t.Errorf("3:4,7: Len %d, Min %d, Max %d", s.Len(), s.Min(), s.Max())
	}
	if !s.Contains(4) || s.Contains(5) || s.Contains(0) || s.Contains(8) {
		t.Error("3:4,7: Contains is wrong")
	}
}

func TestIterate(t *testing.T) {
	top := uint32(math.MaxUint32)
	s := Of(1, 2, 9, top)
	if got := slices.Collect(s.All()); !slices.Equal(got, []uint32{1, 2, 9, top}) {
		t.Errorf("All: %v", got)
	}
	if got := slices.Collect(s.Backward()); !slices.Equal(got, []uint32{top, 9, 2, 1}) {
		t.Errorf("Backward: %v", got)
	}
	for uid := range s.All() {
		if uid == 9 {
			break
		}
	}
	for uid := range s.Backward() {
		if uid == 9 {
			break
		}
	}
}

// The results of the algebra and the slice of Runs must not let anyone write
// into the storage of a set.
func TestNoSharing(t *testing.T) {
	s := Of(1, 5)
	for name, other := range map[string]Set{
		"Union": s.Union(Set{}), "Union2": Set{}.Union(s), "Intersect": s.Intersect(s),
		"Subtract": s.Subtract(Set{}), "Clone": s.Clone(), "FromRuns": FromRuns(s.Runs()),
	} {
		other.AddRange(1, 9)
		if s.String() != "1,5" {
			t.Fatalf("%s shares its storage: %v", name, s)
		}
	}
	s.Remove(5)
	mine := append(s.Runs(), Run{8, 8})
	s.Add(9)
	if s.String() != "1,9" || mine[1] != (Run{8, 8}) {
		t.Errorf("the set is %v, and what was appended to its runs is %v", s, mine)
	}
}

// model draws a small random set together with a naive copy of it.
func model(t *rapid.T, label string) (Set, map[uint32]bool) {
	var s Set
	naive := map[uint32]bool{}
	for _, op := range rapid.SliceOfN(rapid.IntRange(0, 1<<14-1), 0, 30).Draw(t, label) {
		first := uint32(op>>1) % 64
		last := first + uint32(op>>7)%20
		if op&1 == 0 {
			s.AddRange(first, last)
		} else {
			s.RemoveRange(first, last)
		}
		for uid := max(first, 1); uid <= last; uid++ {
			if op&1 == 0 {
				naive[uid] = true
			} else {
				delete(naive, uid)
			}
		}
	}
	return s, naive
}

func checkModel(t *rapid.T, what string, s Set, naive func(uint32) bool) {
	t.Helper()
	n := 0
	for uid := uint32(1); uid < 100; uid++ {
		if naive(uid) {
			n++
		}
		if s.Contains(uid) != naive(uid) {
			t.Fatalf("%s: %v contains %d: %v", what, s, uid, s.Contains(uid))
		}
	}
	if s.Len() != n {
		t.Fatalf("%s: Len %d, want %d", what, s.Len(), n)
	}
	for i, r := range s.Runs() {
		if r.First == 0 || r.First > r.Last || i > 0 && r.First <= s.Runs()[i-1].Last+1 {
			t.Fatalf("%s: runs not canonical: %v", what, s.Runs())
		}
	}
}

func TestAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, inA := model(t, "a")
		b, inB := model(t, "b")
		checkModel(t, "a", a, func(u uint32) bool { return inA[u] })
		checkModel(t, "union", a.Union(b), func(u uint32) bool { return inA[u] || inB[u] })
		checkModel(t, "intersect", a.Intersect(b), func(u uint32) bool { return inA[u] && inB[u] })
		checkModel(t, "subtract", a.Subtract(b), func(u uint32) bool { return inA[u] && !inB[u] })
		if !a.Union(b).Equal(b.Union(a)) || a.Equal(b) != (a.Subtract(b).Empty() && b.Subtract(a).Empty()) {
			t.Fatalf("Equal disagrees for %v and %v", a, b)
		}
		if back, err := Parse(a.String()); err != nil || !back.Equal(a) {
			t.Fatalf("Parse(%q) = %v, %v", a, back, err)
		}
		if back, rest, err := ParseBinary(append(a.AppendBinary(nil), 0xff)); err != nil || !back.Equal(a) || len(rest) != 1 {
			t.Fatalf("ParseBinary of %v = %v, %x, %v", a, back, rest, err)
		}
	})
}
