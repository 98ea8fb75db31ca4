package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"poststube/blob"
)

// Blob runs the conformance suite of blob.Store. open returns an empty store
// that is closed when its test ends.
func Blob(t *testing.T, open func(testing.TB) blob.Store) {
	tests := []struct {
		name string
		run  func(*testing.T, blob.Store)
	}{
		{"Committed objects can be read", testBlobRead},
		{"What is not committed does not exist", testBlobInvisible},
		{"A writer reads what it has written", testBlobReadBack},
		{"Exactly one of Commit and Abort ends a writer", testBlobEnd},
		{"IDs ascend, List shows them in order", testBlobList},
		{"Delete", testBlobDelete},
		{"Absent objects", testBlobAbsent},
		{"Readers at once", testBlobReaders},
		{"Writers at once", testBlobWriters},
		{"A cancelled context does nothing", testBlobCancelled},
		{"Random writes read back", testBlobModel},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// object returns n octets that tell themselves whether they are whole.
func object(seed uint64, n int) []byte {
	n = max(n, 8)
	p := make([]byte, n)
	rng := rand.New(rand.NewPCG(seed, 5))
	for i := range p[:n-4] {
		p[i] = byte(rng.Uint32())
	}
	binary.BigEndian.PutUint32(p[n-4:], crc32.ChecksumIEEE(p[:n-4]))
	return p
}

// whole tells whether p is an object as a whole.
func whole(p []byte) bool {
	n := len(p)
	return n >= 8 && binary.BigEndian.Uint32(p[n-4:]) == crc32.ChecksumIEEE(p[:n-4])
}

// putBlob commits one object.
func putBlob(s blob.Store, content []byte) (blob.ID, error) {
	w, err := s.Create(context.Background())
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(content); err != nil {
		return 0, errors.Join(err, w.Abort())
	}
	return w.Commit()
}

func mustPut(t testing.TB, s blob.Store, content []byte) blob.ID {
	t.Helper()
	id, err := putBlob(s, content)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// getBlob reads one object as a whole.
func getBlob(s blob.Store, id blob.ID) ([]byte, error) {
	r, err := s.Open(context.Background(), id)
	if err != nil {
		return nil, err
	}
	p := make([]byte, r.Size())
	if n, err := r.ReadAt(p, 0); n < len(p) {
		return nil, errors.Join(err, r.Close())
	}
	return p, r.Close()
}

func wantBlob(t testing.TB, s blob.Store, id blob.ID, want []byte) {
	t.Helper()
	if got, err := getBlob(s, id); err != nil || !bytes.Equal(got, want) {
		t.Errorf("object %d has %d octets, %v; want %d", id, len(got), err, len(want))
	}
}

func listBlobs(t testing.TB, s blob.Store) []blob.ID {
	t.Helper()
	var ids []blob.ID
	for id, err := range s.List(context.Background()) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		ids = append(ids, id)
	}
	return ids
}

func testBlobRead(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1, 100, 1 << 16, 1<<16 + 1, 3 << 20} {
		content := object(1, size)[:size]
		id := mustPut(t, s, content)
		wantBlob(t, s, id, content)
		r, err := s.Open(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 10)
		if n, err := r.ReadAt(p, int64(size)); n != 0 || err != io.EOF {
			t.Errorf("reading at the end: %d octets, %v; want io.EOF", n, err)
		}
		if size > 50 {
			if n, err := r.ReadAt(p, 40); n != 10 || err != nil || !bytes.Equal(p, content[40:50]) {
				t.Errorf("reading in the middle: %q, %v", p[:n], err)
			}
			if n, err := r.ReadAt(p, int64(size)-5); n != 5 || err != io.EOF {
				t.Errorf("reading over the end: %d octets, %v", n, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func testBlobInvisible(t *testing.T, s blob.Store) {
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(object(1, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if ids := listBlobs(t, s); len(ids) != 0 {
		t.Errorf("List shows %v before Commit", ids)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("Abort: %v", err)
	}
	if ids := listBlobs(t, s); len(ids) != 0 {
		t.Errorf("List shows %v after Abort", ids)
	}
}

func testBlobReadBack(t *testing.T, s blob.Store) {
	content := object(1, 200<<10)
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(content); {
		n := min(7777, len(content)-at)
		if k, err := w.Write(content[at : at+n]); k != n || err != nil {
			t.Fatalf("Write: %d, %v", k, err)
		}
		at += n
		if w.Size() != int64(at) {
			t.Fatalf("Size is %d after %d octets", w.Size(), at)
		}
		// A piece that begins in what was written long ago and ends in the newest.
		from := max(0, at-70<<10)
		p := make([]byte, at-from)
		if k, err := w.ReadAt(p, int64(from)); k != len(p) || err != nil && err != io.EOF || !bytes.Equal(p, content[from:at]) {
			t.Fatalf("ReadAt(%d) of %d octets: %d, %v", from, len(p), k, err)
		}
		if k, err := w.ReadAt(p, int64(at)); k != 0 || err != io.EOF {
			t.Fatalf("ReadAt the end: %d, %v; want io.EOF", k, err)
		}
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	wantBlob(t, s, id, content)
}

func testBlobEnd(t *testing.T, s blob.Store) {
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	content := object(1, 1000)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("Abort after Commit: %v", err)
	}
	wantBlob(t, s, id, content)
	if _, err := w.Commit(); err == nil {
		t.Error("a second Commit succeeds")
	}
	if _, err := w.Write(content); err == nil {
		t.Error("Write after Commit succeeds")
	}
	aborted, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := aborted.Abort(); err != nil {
		t.Errorf("Abort of an empty object: %v", err)
	}
	if _, err := aborted.Commit(); err == nil {
		t.Error("Commit after Abort succeeds")
	}
	if ids := listBlobs(t, s); len(ids) != 1 {
		t.Errorf("List shows %v, want one object", ids)
	}
}

func testBlobList(t *testing.T, s blob.Store) {
	var want []blob.ID
	for i := range 50 {
		id := mustPut(t, s, object(uint64(i), 10))
		if len(want) > 0 && id <= want[len(want)-1] {
			t.Errorf("ID %d after %d", id, want[len(want)-1])
		}
		want = append(want, id)
	}
	if got := listBlobs(t, s); !slices.Equal(got, want) {
		t.Errorf("List shows %v, want %v", got, want)
	}
	for range s.List(t.Context()) {
		break // must do no harm
	}
}

func testBlobDelete(t *testing.T, s blob.Store) {
	first, second := mustPut(t, s, object(1, 100)), mustPut(t, s, object(2, 100<<10))
	r, err := s.Open(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is absent, which is no error
		if err := s.Delete(t.Context(), second); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := s.Open(t.Context(), second); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open of a deleted object: %v, want blob.ErrNotFound", err)
	}
	p := make([]byte, r.Size())
	if n, err := r.ReadAt(p, 0); n != len(p) || !whole(p) {
		t.Errorf("an open reader of a deleted object reads %d octets, %v", n, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	wantBlob(t, s, first, object(1, 100))
	if third := mustPut(t, s, object(3, 10)); third <= second {
		t.Errorf("ID %d is given out after %d, which was deleted", third, second)
	}
	if err := s.Delete(t.Context(), first); err != nil {
		t.Error(err)
	}
}

func testBlobAbsent(t *testing.T, s blob.Store) {
	for _, id := range []blob.ID{0, 1, 1 << 40, 1<<64 - 1} {
		if _, err := s.Open(t.Context(), id); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Open(%d): %v, want blob.ErrNotFound", id, err)
		}
		if err := s.Delete(t.Context(), id); err != nil {
			t.Errorf("Delete(%d): %v", id, err)
		}
	}
}

func testBlobReaders(t *testing.T, s blob.Store) {
	content := object(1, 300<<10)
	r, err := s.Open(t.Context(), mustPut(t, s, content))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 9))
			p := make([]byte, 1000)
			for range 200 {
				at := rng.IntN(len(content) - len(p))
				if _, err := r.ReadAt(p, int64(at)); err != nil || !bytes.Equal(p, content[at:at+len(p)]) {
					t.Errorf("ReadAt(%d): %v", at, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func testBlobWriters(t *testing.T, s blob.Store) {
	const workers, each = 8, 25
	var mu sync.Mutex
	seen := map[blob.ID]bool{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			last := blob.ID(0)
			for i := range each {
				content := object(uint64(w*each+i), 100*i)
				id, err := putBlob(s, content)
				if err != nil {
					t.Error(err)
					return
				}
				if id <= last {
					t.Errorf("ID %d after %d", id, last)
				}
				last = id
				wantBlob(t, s, id, content)
				if i%3 == 0 {
					if err := s.Delete(context.Background(), id); err != nil {
						t.Error(err)
					}
					continue
				}
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	ids := listBlobs(t, s)
	if len(ids) != len(seen) || !slices.IsSorted(ids) {
		t.Errorf("List shows %d objects, want %d in order", len(ids), len(seen))
	}
	for _, id := range ids {
		if !seen[id] {
			t.Errorf("List shows %d, which nobody has kept", id)
		}
	}
}

func testBlobCancelled(t *testing.T, s blob.Store) {
	id := mustPut(t, s, object(1, 10))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Create(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v", err)
	}
	if _, err := s.Open(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
	if err := s.Delete(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete: %v", err)
	}
	var err error
	for _, err = range s.List(ctx) {
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("List: %v", err)
	}
	wantBlob(t, s, id, object(1, 10))
}

// testBlobModel writes in random pieces and reads random parts.
func testBlobModel(t *testing.T, s blob.Store) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := s.Create(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for range rapid.IntRange(0, 8).Draw(t, "pieces") {
			piece := object(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(8, 100<<10).Draw(t, "size"))
			if _, err := w.Write(piece); err != nil {
				t.Fatal(err)
			}
			want = append(want, piece...)
			checkPart(t, w, want)
		}
		id, err := w.Commit()
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		if r.Size() != int64(len(want)) {
			t.Fatalf("Size is %d, want %d", r.Size(), len(want))
		}
		checkPart(t, r, want)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func checkPart(t *rapid.T, r io.ReaderAt, want []byte) {
	at := rapid.IntRange(0, len(want)).Draw(t, "at")
	p := make([]byte, rapid.IntRange(1, 100<<10).Draw(t, "length"))
	n, err := r.ReadAt(p, int64(at))
	if expect := min(len(p), len(want)-at); n != expect || !bytes.Equal(p[:n], want[at:at+n]) {
		t.Fatalf("ReadAt(%d) of %d octets: %d, want %d; %v", at, len(p), n, expect, err)
	}
	if n < len(p) && err != io.EOF || n == len(p) && err != nil && err != io.EOF {
		t.Fatalf("ReadAt(%d): %d of %d octets with %v", at, n, len(p), err)
	}
}
