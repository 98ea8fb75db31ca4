package view

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"poststube/uidset"
)

var sizes = []int{1_000, 100_000, 1_000_000}

// fragmented returns the view of size messages half of which are expunged at
// random, one after the other if slowly.
func fragmented(size int, slowly bool) *View {
	v := New(uidset.Range(1, uint32(size)))
	rng := rand.New(rand.NewPCG(1, 2))
	var gone uidset.Set
	for uid := range uint32(size) {
		if rng.IntN(2) == 0 {
			gone.Add(uid + 1)
		}
	}
	if !slowly {
		v.Expunge(gone)
		return &v
	}
	var uids []uint32
	for uid := range gone.All() {
		uids = append(uids, uid)
	}
	rng.Shuffle(len(uids), func(i, j int) { uids[i], uids[j] = uids[j], uids[i] })
	for _, uid := range uids {
		v.Expunge(uidset.Of(uid))
	}
	return &v
}

func eachSize(b *testing.B, fn func(b *testing.B, size int)) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			fn(b, size)
		})
	}
}

func BenchmarkSeq(b *testing.B) {
	eachSize(b, func(b *testing.B, size int) {
		v := fragmented(size, false)
		rng := rand.New(rand.NewPCG(3, 4))
		for b.Loop() {
			v.Seq(rng.Uint32N(uint32(size)) + 1)
		}
	})
}

func BenchmarkUID(b *testing.B) {
	eachSize(b, func(b *testing.B, size int) {
		v := fragmented(size, false)
		rng := rand.New(rand.NewPCG(3, 4))
		n := uint32(v.Len())
		for b.Loop() {
			v.UID(rng.Uint32N(n) + 1)
		}
	})
}

// One message in the middle goes, one at the end comes.
func BenchmarkExpungeAppend(b *testing.B) {
	eachSize(b, func(b *testing.B, size int) {
		v := fragmented(size, false)
		rng := rand.New(rand.NewPCG(3, 4))
		next := uint32(size)
		for b.Loop() {
			uid, _ := v.UID(rng.Uint32N(uint32(v.Len())) + 1)
			v.Expunge(uidset.Of(uid))
			next += 2
			v.Append(uidset.Of(next))
		}
	})
}

func BenchmarkExpungeHalf(b *testing.B) {
	eachSize(b, func(b *testing.B, size int) {
		for b.Loop() {
			fragmented(size, false)
		}
	})
}

func BenchmarkResolveAll(b *testing.B) {
	eachSize(b, func(b *testing.B, size int) {
		v := fragmented(size, false)
		n := uidset.NumSet{Ranges: []uidset.NumRange{{First: 1, Last: uidset.Star}}}
		for b.Loop() {
			v.Resolve(n)
		}
	})
}

// BenchmarkMemory reports octets per message of a view that lost half of its
// messages one by one, and those of a whole one.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
	}
	var before, after runtime.MemStats
	measure := func(build func() *View) (octets, messages float64) {
		runtime.GC()
		runtime.ReadMemStats(&before)
		v := build()
		runtime.GC()
		runtime.ReadMemStats(&after)
		octets, messages = float64(after.HeapAlloc)-float64(before.HeapAlloc), float64(v.Len())
		runtime.KeepAlive(v)
		return octets, messages
	}
	octets, messages := measure(func() *View { return fragmented(1_000_000, true) })
	b.ReportMetric(octets/messages, "B/msg")
	octets, _ = measure(func() *View { v := New(uidset.Range(1, 1_000_000)); return &v })
	b.ReportMetric(octets, "B/whole")
}

func TestLookupsDontAllocate(t *testing.T) {
	v := fragmented(10_000, false)
	if n := testing.AllocsPerRun(100, func() {
		uid, _ := v.UID(77)
		v.Seq(uid)
		v.Count(5, 5000)
		v.MaxUID()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
