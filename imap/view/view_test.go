package view

import (
	"math"
	"slices"
	"testing"

	"poststube/uidset"

	"pgregory.net/rapid"
)

// check compares every answer of the view with those of a naive one: a slice of
// UIDs whose index is the sequence number less one.
func check(t *rapid.T, v *View, naive []uint32) {
	t.Helper()
	if v.Len() != len(naive) {
		t.Fatalf("Len %d, want %d", v.Len(), len(naive))
	}
	// Of a large view some lookups are enough: checkChunks looks at all of it.
	step := 1 + len(naive)/100
	for i := len(naive) % step; i < len(naive); i += step {
		uid, seq := naive[i], uint32(i+1)
		if got, ok := v.UID(seq); !ok || got != uid {
			t.Fatalf("UID(%d) = %d, %v, want %d", seq, got, ok, uid)
		}
		if got, ok := v.Seq(uid); !ok || got != seq {
			t.Fatalf("Seq(%d) = %d, %v, want %d", uid, got, ok, seq)
		}
	}
	highest := uint32(0)
	if len(naive) > 0 {
		highest = naive[len(naive)-1]
	}
	if v.MaxUID() != highest {
		t.Fatalf("MaxUID %d, want %d", v.MaxUID(), highest)
	}
	for _, seq := range []uint32{0, uint32(len(naive)) + 1, math.MaxUint32} {
		if uid, ok := v.UID(seq); ok {
			t.Fatalf("UID(%d) = %d", seq, uid)
		}
	}
	all := v.All()
	if !all.Equal(uidset.Of(naive...)) {
		t.Fatalf("All: %v, want %v", all, naive)
	}
	absent := uidset.Range(1, highest+5).Subtract(all)
	for i, r := range absent.Runs() {
		uid := r.Last
		if i%step != 0 {
			continue
		}
		if seq, ok := v.Seq(uid); ok {
			t.Fatalf("Seq(%d) = %d", uid, seq)
		}
	}
	checkChunks(t, v)
}

// checkChunks checks what the structure promises to itself.
func checkChunks(t *rapid.T, v *View) {
	t.Helper()
	before, last := uint32(0), uint32(0)
	for i := range v.chunks {
		c := &v.chunks[i]
		if len(c.runs) == 0 || len(c.runs) > maxRuns || c.before != before || c.first != c.runs[0].first || c.runs[0].before != 0 {
			t.Fatalf("chunk %d of %d: %+v", i, len(v.chunks), c)
		}
		for j, r := range c.runs {
			if c.end(j) <= r.before || last > 0 && r.first <= last+1 {
				t.Fatalf("run %d of chunk %d touches or is empty: %+v", j, i, c)
			}
			last = c.last(j)
		}
		before += c.n
	}
	if extra := v.saved.Subtract(v.All()); !extra.Empty() {
		t.Fatalf("saved but not there: %v", extra)
	}
}

// history runs random operations on a view and on the naive one. Both start
// with the same UIDs; span is how far the UIDs of one operation reach.
func history(t *rapid.T, start uidset.Set, span int) {
	v := New(start)
	naive := slices.Collect(start.All())
	next := start.Max() + 1
	saved := uidset.Set{}
	drawSet := func(t *rapid.T, from, to uint32) uidset.Set {
		var s uidset.Set
		for range rapid.IntRange(1, 5).Draw(t, "ranges") {
			first := uint32(rapid.IntRange(int(from), int(to)).Draw(t, "first"))
			s.AddRange(first, first+uint32(rapid.IntRange(0, span).Draw(t, "length")))
		}
		return s
	}
	t.Repeat(map[string]func(*rapid.T){
		"": func(t *rapid.T) { check(t, &v, naive) },
		"append": func(t *rapid.T) {
			s := drawSet(t, next, next+uint32(span))
			if n := v.Append(s); n != s.Len() {
				t.Fatalf("%d of %d were appended", n, s.Len())
			}
			naive = slices.AppendSeq(naive, s.All())
			next = s.Max() + 1
		},
		"append again": func(t *rapid.T) {
			if next == 1 {
				t.Skip("no UID was used yet")
			}
			s := drawSet(t, 1, next-1).Subtract(uidset.Range(next, math.MaxUint32))
			if n := v.Append(s); n != 0 {
				t.Fatalf("%d UIDs came a second time", n)
			}
		},
		"expunge": func(t *rapid.T) {
			s := drawSet(t, 1, next)
			seqs := v.Expunge(s)
			saved = saved.Subtract(s)
			// A client that is told these numbers one by one ends where we do.
			for i, seq := range seqs {
				if i > 0 && seq >= seqs[i-1] {
					t.Fatalf("not descending: %v", seqs)
				}
				if !s.Contains(naive[seq-1]) {
					t.Fatalf("number %d is message %d, which is not in %v", seq, naive[seq-1], s)
				}
				naive = slices.Delete(naive, int(seq-1), int(seq))
			}
		},
		"riddle": func(t *rapid.T) {
			// One at a time, so that chunks change instead of being rebuilt.
			first := rapid.IntRange(1, int(next)).Draw(t, "first")
			stride := rapid.IntRange(1, 4).Draw(t, "stride")
			for uid := first; uid < first+stride*span; uid += stride {
				s := uidset.Of(uint32(uid))
				for _, seq := range v.Expunge(s) {
					naive = slices.Delete(naive, int(seq-1), int(seq))
				}
				saved = saved.Subtract(s)
			}
		},
		"save": func(t *rapid.T) {
			saved = drawSet(t, 1, next).Intersect(v.All())
			v.Save(saved)
		},
		"resolve": func(t *rapid.T) {
			if !v.Saved().Equal(saved) {
				t.Fatalf("$ is %v, want %v", v.Saved(), saved)
			}
			resolveRandom(t, &v, naive)
		},
		"sets": func(t *rapid.T) {
			s := drawSet(t, 1, next)
			var known, seqs uidset.Set
			for i, uid := range naive {
				if s.Contains(uid) {
					known.Add(uid)
					seqs.Add(uint32(i + 1))
				}
			}
			if got := v.Known(s); !got.Equal(known) {
				t.Fatalf("Known(%v) = %v, want %v", s, got, known)
			}
			if got := v.Seqs(s); !got.Equal(seqs) {
				t.Fatalf("Seqs(%v) = %v, want %v", s, got, seqs)
			}
			first, last := s.Min(), s.Max()
			if got, want := v.Count(first, last), v.All().Intersect(uidset.Range(first, last)).Len(); got != want {
				t.Fatalf("Count(%d, %d) = %d, want %d", first, last, got, want)
			}
		},
	})
}

// resolveRandom resolves a random set as sequence numbers and as UIDs.
func resolveRandom(t *rapid.T, v *View, naive []uint32) {
	bound := rapid.OneOf(rapid.Just(uidset.Star), rapid.Uint32Range(1, v.MaxUID()+3))
	var n uidset.NumSet
	for range rapid.IntRange(1, 3).Draw(t, "ranges") {
		n.Ranges = append(n.Ranges, uidset.NumRange{First: bound.Draw(t, "first"), Last: bound.Draw(t, "last")})
	}
	length := uint32(len(naive))
	numbers := n.Resolve(length)
	wantOK := length > 0 && numbers.Max() <= length
	var bySeq, byUID uidset.Set
	uids := n.Resolve(v.MaxUID())
	for i, uid := range naive {
		if numbers.Contains(uint32(i + 1)) {
			bySeq.Add(uid)
		}
		if uids.Contains(uid) {
			byUID.Add(uid)
		}
	}
	if got, ok := v.Resolve(n); ok != wantOK || !got.Equal(bySeq) {
		t.Fatalf("Resolve(%v) = %v, %v, want %v, %v", n, got, ok, bySeq, wantOK)
	}
	if got := v.ResolveUIDs(n); !got.Equal(byUID) {
		t.Fatalf("ResolveUIDs(%v) = %v, want %v", n, got, byUID)
	}
}

func TestHistorySmall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { history(t, uidset.Set{}, 6) })
}

// Many runs, so that chunks are halved, joined, dropped and rebuilt.
func TestHistoryFragmented(t *testing.T) {
	var start uidset.Set
	for uid := uint32(1); uid < 3*maxRuns*2; uid += 2 {
		start.Add(uid)
	}
	rapid.Check(t, func(t *rapid.T) { history(t, start, 300) })
	rapid.Check(t, func(t *rapid.T) { history(t, uidset.Range(1, 1600), 700) })
}

func TestZeroValue(t *testing.T) {
	var v View
	star := uidset.NumSet{Ranges: []uidset.NumRange{{First: uidset.Star, Last: uidset.Star}}}
	if uids, ok := v.Resolve(star); ok || !uids.Empty() {
		t.Errorf("* in an empty mailbox: %v, %v", uids, ok)
	}
	if uids := v.ResolveUIDs(star); !uids.Empty() {
		t.Errorf("UID * in an empty mailbox: %v", uids)
	}
	if uids, ok := v.Resolve(uidset.NumSet{Saved: true}); !ok || !uids.Empty() {
		t.Errorf("$ before any search: %v, %v", uids, ok)
	}
	if seqs := v.Expunge(uidset.Of(1, 2)); seqs != nil {
		t.Errorf("expunged %v", seqs)
	}
	if v.Append(uidset.Of(math.MaxUint32)) != 1 || v.MaxUID() != math.MaxUint32 || v.Append(uidset.Of(5)) != 0 {
		t.Error("the largest UID")
	}
}

// RFC 9051 section 7.5.1: the last five messages of a nine-message mailbox,
// from the higher to the lower numbers.
func TestExpungeOrder(t *testing.T) {
	v := New(uidset.Range(101, 109))
	if seqs := v.Expunge(uidset.Range(105, 109)); !slices.Equal(seqs, []uint32{9, 8, 7, 6, 5}) {
		t.Errorf("%v", seqs)
	}
	if seqs := v.Expunge(uidset.Of(101, 103, 200)); !slices.Equal(seqs, []uint32{3, 1}) {
		t.Errorf("%v", seqs)
	}
	if all := v.All(); all.String() != "102,104" {
		t.Errorf("left are %v", all)
	}
}

// RFC 5182 section 2.1: expunged messages leave the saved result.
func TestSaved(t *testing.T) {
	v := New(uidset.Range(1, 10))
	v.Save(uidset.Of(2, 4, 99))
	v.Expunge(uidset.Of(1, 4))
	v.Append(uidset.Of(99))
	if uids, ok := v.Resolve(uidset.NumSet{Saved: true}); !ok || uids.String() != "2" {
		t.Errorf("$ is %v, %v", uids, ok)
	}
	saved := v.Saved()
	saved.Add(7)
	if uids := v.ResolveUIDs(uidset.NumSet{Saved: true}); uids.String() != "2" {
		t.Errorf("a caller has changed $ to %v", uids)
	}
}
