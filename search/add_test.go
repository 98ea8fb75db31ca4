package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"poststube/kv"
)

// state returns the manifest as it is stored.
func (m *mailbox) state() (s *manifest) {
	m.t.Helper()
	m.must(m.db.View(m.t.Context(), func(r kv.Reader) (err error) {
		s, _, err = m.x.manifest(r, m.owner)
		return err
	}))
	return s
}

func (m *mailbox) verify() {
	m.t.Helper()
	m.must(m.x.Check(m.t.Context(), m.owner))
}

func (m *mailbox) certain(f Field, text string) []uint64 {
	m.t.Helper()
	return slices.Collect(m.check(f, text).Certain.All())
}

// TestMergeFrom adds emails in batches of several sizes to a chunk and counts
// how often each is written, and how many segments there are.
func TestMergeFrom(t *testing.T) {
	for _, batch := range []uint32{1, 3, 100, 500, 5000, chunkEmails} {
		var segments []segment
		var written, most uint32
		total := uint32(0)
		for total < chunkEmails {
			n := min(batch, chunkEmails-total)
			total += n
			from := mergeFrom(segments, n, total == chunkEmails)
			for _, s := range segments[from:] {
				n += s.docs
			}
			segments = append(segments[:from], segment{docs: n})
			written += n
			most = max(most, uint32(len(segments)))
		}
		if len(segments) != 1 || segments[0].docs != chunkEmails {
			t.Errorf("batches of %d: the full chunk has %d segments", batch, len(segments))
		}
		if written/chunkEmails > 8 || most > 24 {
			t.Errorf("batches of %d: each email is written %d times, up to %d segments", batch, written/chunkEmails, most)
		}
	}
}

func TestAddOrder(t *testing.T) {
	m := newMailbox(t)
	b := NewBatch()
	m.must(b.Email(5))
	if err := b.Email(5); !errors.Is(err, ErrOrder) {
		t.Errorf("the same email twice: %v", err)
	}
	b.Write(Body, []byte("text"))
	if err := m.x.Add(t.Context(), m.owner, b, 4); !errors.Is(err, ErrOrder) {
		t.Errorf("an email beyond the last: %v", err)
	}
	m.must(m.x.Add(t.Context(), m.owner, b, 6))
	for _, upTo := range []uint64{5, 6, 7} {
		if err := m.x.Add(t.Context(), m.owner, b, upTo); !errors.Is(err, ErrOrder) {
			t.Errorf("the same batch again, up to %d: %v", upTo, err)
		}
	}
	b.Reset()
	m.must(m.x.Add(t.Context(), m.owner, b, 6))
	m.must(m.x.Add(t.Context(), m.owner, b, 9))
	if n := m.state().indexed; n != 9 {
		t.Errorf("indexed up to %d, not 9", n)
	}
	if err := m.x.Add(t.Context(), m.owner, b, 8); !errors.Is(err, ErrOrder) {
		t.Errorf("an index that shrinks: %v", err)
	}
}

// TestChunks adds emails on both sides of the end of a chunk, together and one
// by one.
func TestChunks(t *testing.T) {
	m := newMailbox(t)
	m.last = chunkEmails - 10
	for range 4 {
		m.add("früh")
	}
	if n := len(m.state().segments); n != 1 {
		t.Errorf("%d segments after four emails", n)
	}
	m.add("spät")
	m.add("um eins", "um zwei", "um drei", "um vier", "um fünf", "um sechs", "um sieben")
	s := m.state().segments
	if len(s) != 2 || s[0].chunk != 0 || s[0].docs != 9 || s[1].chunk != 1 || s[1].docs != 3 {
		t.Errorf("segments %+v", s)
	}
	// A chunk that is left behind unfinished is finished too.
	m.add("a")
	m.last += chunkEmails
	m.add("b")
	if s = m.state().segments; len(s) != 3 || s[1].docs != 4 {
		t.Errorf("segments %+v", s)
	}
	if got := m.certain(Body, "um"); len(got) != 7 || got[6] != chunkEmails+2 {
		t.Errorf("found %v", got)
	}
	m.verify()
}

// TestManyBlocks has more blocks than a group of the filter.
func TestManyBlocks(t *testing.T) {
	m := newMailbox(t)
	m.x.sizes = smallSizes
	m.x.sizes.block = 16
	var text strings.Builder
	for i := range 4000 {
		fmt.Fprint(&text, i*7919%100003, " ")
	}
	m.add(text.String(), "7919", "no number")
	if blocks := m.state().segments[0].field[Body].blocks; blocks <= 2*groupBlocks {
		t.Fatalf("only %d blocks", blocks)
	}
	for _, needle := range []string{"7919", "91", "919 ", " 1583", "0", "999999", "5837 23757"} {
		m.check(Body, needle)
	}
	if got := m.certain(Body, "7919"); !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("found %v", got)
	}
	if got := m.find(Body, "5837 0").Possible.Len(); got != 0 {
		t.Errorf("%d emails may have what none has", got)
	}
	m.verify()
}

// TestOpaque gives one email more than the index takes.
func TestOpaque(t *testing.T) {
	m := newMailbox(t)
	b := NewBatch()
	m.must(b.Email(1))
	b.Write(Subject, []byte("long"))
	var text []byte
	for i := range MaxTokens + 10 {
		text = fmt.Append(text[:0], "w", i, " ")
		b.Write(Body, text)
	}
	if !b.Full() {
		t.Log("one email does not fill a batch")
	}
	m.must(b.Email(2))
	b.Write(Body, []byte("w5 short"))
	m.must(m.x.Add(t.Context(), m.owner, b, 2))
	for _, c := range []struct {
		field             Field
		text              string
		certain, possible []uint64
	}{
		{Body, "w5", []uint64{1, 2}, nil},
		{Body, "short", []uint64{2}, []uint64{1}},
		{Text, "short", []uint64{2}, []uint64{1}},
		{Body, "absent", nil, []uint64{1}},
		{Subject, "absent", nil, nil},
		{Header, "absent", nil, nil},
	} {
		res := m.find(c.field, c.text)
		certain, possible := slices.Collect(res.Certain.All()), slices.Collect(res.Possible.All())
		if !slices.Equal(certain, c.certain) || !slices.Equal(possible, c.possible) {
			t.Errorf("field %d, %q: certain %v, possible %v", c.field, c.text, certain, possible)
		}
	}
	m.verify()
}

// TestTextVersion opens an index that was made of other texts.
func TestTextVersion(t *testing.T) {
	m := newMailbox(t)
	m.add("alt", "älter")
	m.x = Open(m.db, Options{TextVersion: 2})
	if res := m.find(Body, "alt"); res.Indexed != 0 || res.Certain.Len() != 0 {
		t.Errorf("an old index answers %+v", res)
	}
	m.last = 0
	m.add("neu")
	if got := m.find(Body, "alt").Certain.Len(); got != 0 {
		t.Errorf("%d old texts are found", got)
	}
	if got := m.certain(Body, "neu"); len(got) != 1 {
		t.Errorf("found %v", got)
	}
	m.verify()
}

// TestConflict lets two processes write one index.
func TestConflict(t *testing.T) {
	m := newMailbox(t)
	m.add("one")
	m.x.sizes.flush = 1 // an update for each token
	other := Open(m.db, Options{})
	db := &interruptedDB{DB: m.db}
	m.x.db = db
	db.before = func() {
		db.before = nil
		b := NewBatch()
		m.must(b.Email(2))
		b.Write(Body, []byte("by the other"))
		m.must(other.Add(t.Context(), m.owner, b, 2))
	}
	b := NewBatch()
	m.must(b.Email(2))
	b.Write(Body, []byte("by this one"))
	if err := m.x.Add(t.Context(), m.owner, b, 2); !errors.Is(err, ErrConflict) {
		t.Fatalf("two writers: %v", err)
	}
	if n := m.find(Body, "other").Certain.Len(); n != 1 {
		t.Errorf("the other's email is found %d times", n)
	}
	m.verify()
}

// An interruptedDB calls before before its next update.
type interruptedDB struct {
	kv.DB
	before func()
}

func (db *interruptedDB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	if db.before != nil {
		db.before()
	}
	return db.DB.Update(ctx, locks, fn)
}

// TestLeftovers checks that what a crash leaves goes with the next Add.
func TestLeftovers(t *testing.T) {
	m := newMailbox(t)
	db := &crashingDB{m.db, 1}
	m.x = Open(db, Options{})
	m.x.sizes = smallSizes
	b := NewBatch()
	m.put(b, 1, [fields]string{Body: strings.Repeat("many different words make many updates ", 9)})
	m.put(b, 2, [fields]string{Body: "0123456789 abcdefghijkl mnopqrstuvwxyz äöüß 123 456 789 012 345 678 901 234 567 890"})
	if err := m.x.Add(t.Context(), m.owner, b, 2); !errors.Is(err, errCrash) {
		t.Fatalf("not interrupted: %v", err)
	}
	if s := m.state(); len(s.building) != 1 || len(s.segments) != 0 || s.indexed != 0 {
		t.Fatalf("after the crash: %+v", s)
	}
	db.left = -1
	m.verify() // cleans up
	if s := m.state(); len(s.building) != 0 || s.indexed != 0 {
		t.Errorf("cleaned up: %+v", s)
	}
	m.must(m.x.Add(t.Context(), m.owner, b, 2))
	if s := m.state(); len(s.building) != 0 || len(s.segments) != 1 || s.indexed != 2 {
		t.Errorf("after the second try: %+v", s)
	}
	m.verify()
	m.check(Body, "words")
}

// TestWaiting gives up waiting for another writer.
func TestWaiting(t *testing.T) {
	m := newMailbox(t)
	release, err := m.x.acquire(t.Context(), m.owner)
	m.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.x.Add(ctx, m.owner, NewBatch(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: %v", err)
	}
	release()
	if len(m.x.writers) != 0 {
		t.Errorf("%d writers are left", len(m.x.writers))
	}
}

// TestBatchReuse uses one batch for emails of several owners.
func TestBatchReuse(t *testing.T) {
	m := newMailbox(t)
	b := NewBatch()
	for owner := range uint32(3) {
		for n := range uint64(50) {
			m.must(b.Email(n + 1))
			b.Write(Body, fmt.Append(nil, "owner ", owner, "-", n))
		}
		if b.Len() != 50 {
			t.Errorf("%d emails in the batch", b.Len())
		}
		m.must(m.x.Add(t.Context(), owner, b, 50))
		b.Reset()
	}
	for owner := range uint32(3) {
		m.owner = owner
		if n := m.find(Body, fmt.Sprint(owner, "-")).Certain.Len(); n != 50 {
			t.Errorf("owner %d: %d emails", owner, n)
		}
		if n := m.find(Body, fmt.Sprint(owner+1, "-")).Certain.Len(); n != 0 {
			t.Errorf("owner %d has %d emails of another", owner, n)
		}
		m.verify()
	}
}

func TestFull(t *testing.T) {
	b := NewBatch()
	n := 0
	for !b.Full() {
		if n++; n > 100 {
			t.Fatal("a batch of 100 large emails is not full")
		}
		if err := b.Email(uint64(n)); err != nil {
			t.Fatal(err)
		}
		var text []byte
		for i := range 20_000 {
			text = fmt.Append(text, n*i, " ")
		}
		b.Write(Body, text)
	}
	if n < 10 {
		t.Errorf("a batch of %d emails of 20,000 words is full", n)
	}
}
