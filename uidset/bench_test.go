package uidset

import (
	"slices"
	"testing"
)

// gappy returns the set of each second number up to size.
func gappy(size uint32) Set {
	var s Set
	for uid := uint32(1); uid <= size; uid += 2 {
		s.Add(uid)
	}
	return s
}

func BenchmarkAdd(b *testing.B) {
	b.ReportAllocs()
	var s Set
	uid := uint32(0)
	for b.Loop() {
		if uid += 2; uid > 1<<24 {
			s, uid = Set{}, 2
		}
		s.Add(uid)
	}
}

func BenchmarkContains(b *testing.B) {
	s := gappy(1_000_000)
	uid := uint32(0)
	for b.Loop() {
		uid = uid*1664525 + 1013904223
		s.Contains(uid % 1_000_000)
	}
}

func BenchmarkIntersectFewWithMany(b *testing.B) {
	many := gappy(1_000_000)
	few := Of(5, 1000, 77_777, 500_001, 999_999)
	b.ReportAllocs()
	for b.Loop() {
		if few.Intersect(many).Empty() {
			b.Fatal("nothing in common")
		}
	}
}

func BenchmarkUnion(b *testing.B) {
	s, t := gappy(200_000), Range(50_000, 150_000)
	b.ReportAllocs()
	for b.Loop() {
		s.Union(t)
	}
}

func BenchmarkAppend(b *testing.B) {
	s := gappy(200_000)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Append(buf[:0])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/number")
}

func BenchmarkBinary(b *testing.B) {
	s := gappy(200_000)
	buf := s.AppendBinary(nil)
	for b.Loop() {
		if _, _, err := ParseBinary(buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(buf))/100_000, "B/run")
}

// Many runs, so that from has to leap.
func TestLargeAlgebra(t *testing.T) {
	many := gappy(10_000)
	for _, few := range []Set{Of(1), Of(9999), Of(10_001), Of(2, 4, 5000), Range(4000, 4010), Range(1, 1<<31), Of(3, 3333, 6667, 9999)} {
		var both, rest Set
		for uid := range many.All() {
			if few.Contains(uid) {
				both.Add(uid)
			} else {
				rest.Add(uid)
			}
		}
		if got := many.Intersect(few); !got.Equal(both) || !few.Intersect(many).Equal(both) {
			t.Errorf("with %v: %v, want %v", few, got, both)
		}
		if got := many.Subtract(few); !got.Equal(rest) {
			t.Errorf("without %v: %d numbers, want %d", few, got.Len(), rest.Len())
		}
		if got := few.Subtract(many); slices.ContainsFunc(got.Runs(), func(r Run) bool { return many.Contains(r.First) }) {
			t.Errorf("%v without many: %v", few, got)
		}
	}
}
