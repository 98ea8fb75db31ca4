package uidset

import (
	"slices"
	"sort"
)

// Union returns the numbers that are in s or in t.
func (s Set) Union(t Set) Set {
	if s.Empty() {
		return t.Clone()
	}
	if t.Empty() {
		return s.Clone()
	}
	out := make([]Run, 0, len(s.runs)+len(t.runs))
	a, b := s.runs, t.runs
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].First <= b[0].First {
			out, a = appendRun(out, a[0]), a[1:]
		} else {
			out, b = appendRun(out, b[0]), b[1:]
		}
	}
	return Set{out}
}

// Intersect returns the numbers that are in both s and t.
func (s Set) Intersect(t Set) Set {
	var out []Run
	if s.Empty() || t.Empty() {
		return Set{}
	}
	a, b := s.runs, t.runs
	for {
		// A few messages against a large mailbox: leap over what is between them.
		if a = from(a, b[0].First); len(a) == 0 {
			break
		}
		if b = from(b, a[0].First); len(b) == 0 {
			break
		}
		r := Run{max(a[0].First, b[0].First), min(a[0].Last, b[0].Last)}
		if r.First <= r.Last {
			out = append(out, r)
		}
		if a[0].Last < b[0].Last {
			a = a[1:]
		} else {
			b = b[1:]
		}
		if len(a) == 0 || len(b) == 0 {
			break
		}
	}
	return Set{out}
}

// from returns runs from the first one on that ends at or behind uid. It leaps
// ever farther, so that near ones cost little and far ones O(log n).
func from(runs []Run, uid uint32) []Run {
	leap := 1
	for leap < len(runs) && runs[leap-1].Last < uid {
		runs = runs[leap:]
		leap *= 2
	}
	i := sort.Search(min(leap, len(runs)), func(i int) bool { return runs[i].Last >= uid })
	return runs[i:]
}

// Subtract returns the numbers that are in s but not in t.
func (s Set) Subtract(t Set) Set {
	var out []Run
	b := t.runs
	for _, r := range s.runs {
		b = from(b, r.First)
		first, rest := r.First, true
		for i := 0; i < len(b) && b[i].First <= r.Last; i++ {
			if b[i].First > first {
				out = append(out, Run{first, b[i].First - 1})
			}
			if b[i].Last >= r.Last {
				rest = false
				break
			}
			first = b[i].Last + 1
		}
		if rest {
			out = append(out, Run{first, r.Last})
		}
	}
	return Set{out}
}

// Equal reports whether s and t hold the same numbers.
func (s Set) Equal(t Set) bool { return slices.Equal(s.runs, t.runs) }
