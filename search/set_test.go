package search

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSet compares sets with maps.
func TestSet(t *testing.T) {
	number := rapid.OneOf(rapid.Uint64Range(0, 200), rapid.Uint64Range(chunkEmails-3, chunkEmails+3), rapid.Uint64Range(9*chunkEmails, 9*chunkEmails+99))
	list := rapid.SliceOfN(number, 0, 40)
	rapid.Check(t, func(t *rapid.T) {
		a, inA := setOf(list.Draw(t, "a"))
		b, inB := setOf(list.Draw(t, "b"))
		want := map[string]map[uint64]bool{"union": {}, "intersect": {}, "subtract": {}}
		for n := range inA {
			want["union"][n] = true
			if inB[n] {
				want["intersect"][n] = true
			} else {
				want["subtract"][n] = true
			}
		}
		for n := range inB {
			want["union"][n] = true
		}
		for name, got := range map[string]*Set{"union": a.Union(b), "intersect": a.Intersect(b), "subtract": a.Subtract(b)} {
			members := slices.Collect(got.All())
			if !slices.Equal(members, slices.Sorted(maps.Keys(want[name]))) || got.Len() != len(members) {
				t.Fatalf("%s of %v and %v: %v, length %d", name, slices.Collect(a.All()), slices.Collect(b.All()), members, got.Len())
			}
			for n := range inB {
				if got.Contains(n) != want[name][n] {
					t.Fatalf("%s: contains %d: %v", name, n, got.Contains(n))
				}
			}
		}
		if got := slices.Collect(a.All()); !slices.Equal(got, slices.Sorted(maps.Keys(inA))) {
			t.Fatalf("the set itself has become %v", got)
		}
		for range a.All() {
			break
		}
	})
}

func setOf(list []uint64) (*Set, map[uint64]bool) {
	s, in := &Set{}, map[uint64]bool{}
	for _, n := range list {
		var b bitmap
		b.add(uint16(n))
		s.or(n>>chunkBits, &b)
		in[n] = true
	}
	return s, in
}
