// Package uidset holds sets of message numbers: UIDs and sequence numbers.
//
// A Set is kept as sorted runs, because that is what mailboxes look like: UIDs
// are given out in order and most of them stay. "All of a million messages" is
// one run of eight bytes. A NumSet is what a client writes on the wire, where
// "*" stands for a number that only the mailbox knows.
package uidset

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sort"
)

// A Run is the numbers First, First+1, …, Last. First is at least 1 and not
// greater than Last.
type Run struct {
	First, Last uint32
}

// Len returns how many numbers the run holds.
func (r Run) Len() int { return int(r.Last-r.First) + 1 }

// A Set is a set of numbers from 1 to 4294967295, the nz-number of RFC 9051
// section 9. Zero is no UID and no sequence number and is never in a set.
//
// The zero value is the empty set. Like a slice, a Set that was assigned shares
// its storage with the original: Clone it before one of the two is changed. The
// methods that return a Set never share storage with their operands, so only
// Add, AddRange, Remove and RemoveRange need that care. A Set that nobody
// changes may be read by any number of goroutines.
type Set struct {
	runs []Run // sorted, disjoint, not adjacent
}

// Of returns the set of the given numbers, in any order.
func Of(uids ...uint32) Set {
	runs := make([]Run, 0, len(uids))
	for _, uid := range uids {
		runs = append(runs, Run{uid, uid})
	}
	return Set{normalise(runs)}
}

// Range returns the set of all numbers from first to last, both included. It is
// empty if first is greater than last.
func Range(first, last uint32) Set {
	var s Set
	s.AddRange(first, last)
	return s
}

// FromRuns returns the union of runs, which may overlap and come in any order.
// Runs with First > Last are empty; the number 0 is left out. FromRuns does not
// keep the slice.
func FromRuns(runs []Run) Set {
	return Set{normalise(slices.Clone(runs))}
}

// normalise sorts and joins runs in place and returns what is left of them.
func normalise(runs []Run) []Run {
	byFirst := func(a, b Run) int { return cmp.Compare(a.First, b.First) }
	if !slices.IsSortedFunc(runs, byFirst) {
		slices.SortFunc(runs, byFirst)
	}
	out := runs[:0]
	for _, r := range runs {
		out = appendRun(out, r)
	}
	return out
}

// appendRun adds r to runs, none of which starts behind r.
func appendRun(runs []Run, r Run) []Run {
	r.First = max(r.First, 1)
	if r.First > r.Last {
		return runs
	}
	if n := len(runs); n > 0 && r.First-1 <= runs[n-1].Last {
		runs[n-1].Last = max(runs[n-1].Last, r.Last)
		return runs
	}
	return append(runs, r)
}

// Add puts uid into the set. Adding numbers in ascending order costs O(1) each.
// Adding 0 does nothing.
func (s *Set) Add(uid uint32) { s.AddRange(uid, uid) }

// AddRange puts first to last into the set, both included. It does nothing if
// first is greater than last, so that AddRange(1, n) is right for n = 0 too.
func (s *Set) AddRange(first, last uint32) {
	first = max(first, 1)
	if first > last {
		return
	}
	if n := len(s.runs); n == 0 || first >= s.runs[n-1].First {
		s.runs = appendRun(s.runs, Run{first, last})
		return
	}
	// i..j are the runs that touch first..last: they become one.
	i := s.search(first - 1)
	j := i
	for j < len(s.runs) && s.runs[j].First-1 <= last {
		j++
	}
	if i == j {
		s.runs = slices.Insert(s.runs, i, Run{first, last})
		return
	}
	joined := Run{min(first, s.runs[i].First), max(last, s.runs[j-1].Last)}
	s.runs = slices.Replace(s.runs, i, j, joined)
}

// Remove takes uid out of the set.
func (s *Set) Remove(uid uint32) { s.RemoveRange(uid, uid) }

// RemoveRange takes first to last out of the set, both included.
func (s *Set) RemoveRange(first, last uint32) {
	first = max(first, 1)
	if first > last {
		return
	}
	i := s.search(first)
	j := i
	for j < len(s.runs) && s.runs[j].First <= last {
		j++
	}
	if i == j {
		return
	}
	var keep [2]Run
	n := 0
	if head := s.runs[i].First; head < first {
		keep[n] = Run{head, first - 1}
		n++
	}
	if tail := s.runs[j-1].Last; tail > last {
		keep[n] = Run{last + 1, tail}
		n++
	}
	s.runs = slices.Replace(s.runs, i, j, keep[:n]...)
}

// search returns the index of the first run that ends at or behind uid.
func (s Set) search(uid uint32) int {
	return sort.Search(len(s.runs), func(i int) bool { return s.runs[i].Last >= uid })
}

// Contains reports whether uid is in the set, in O(log runs).
func (s Set) Contains(uid uint32) bool {
	i := s.search(uid)
	return i < len(s.runs) && uid >= s.runs[i].First
}

// Len returns how many numbers are in the set, in O(runs).
func (s Set) Len() int {
	n := 0
	for _, r := range s.runs {
		n += r.Len()
	}
	return n
}

// Empty reports whether the set holds nothing.
func (s Set) Empty() bool { return len(s.runs) == 0 }

// Min returns the smallest number, or 0 if the set is empty.
func (s Set) Min() uint32 {
	if len(s.runs) == 0 {
		return 0
	}
	return s.runs[0].First
}

// Max returns the largest number, or 0 if the set is empty.
func (s Set) Max() uint32 {
	if len(s.runs) == 0 {
		return 0
	}
	return s.runs[len(s.runs)-1].Last
}

// Runs returns the set as ascending runs with a gap between any two. The slice
// belongs to the set: read it only, and only until the set is changed.
func (s Set) Runs() []Run { return s.runs[:len(s.runs):len(s.runs)] }

// All yields the numbers in ascending order.
func (s Set) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, r := range s.runs {
			// Compared before the step: Last may be the largest uint32.
			for uid := r.First; ; uid++ {
				if !yield(uid) {
					return
				}
				if uid == r.Last {
					break
				}
			}
		}
	}
}

// Backward yields the numbers in descending order.
func (s Set) Backward() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := len(s.runs) - 1; i >= 0; i-- {
			for uid := s.runs[i].Last; uid >= s.runs[i].First; uid-- {
				if !yield(uid) {
					return
				}
			}
		}
	}
}

// Clone returns a copy with storage of its own.
func (s Set) Clone() Set { return Set{slices.Clone(s.runs)} }

// maxUID is the largest number that a set can hold.
const maxUID = math.MaxUint32
