package search

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/kv"
	"poststube/message"
	"poststube/storetest"
)

// smallSizes let short histories have segments of many blocks and updates.
var smallSizes = sizes{block: 60, part: 12, flush: 200, window: 100}

var errCrash = errors.New("the test lets this update fail")

// A crashingDB fails one of its next updates, if told to, and all behind it.
type crashingDB struct {
	kv.DB
	left int // updates that will succeed; negative: all
}

func (db *crashingDB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	if db.left == 0 {
		return errCrash
	}
	db.left--
	return db.DB.Update(ctx, locks, fn)
}

// pieces of random text: few enough that needles are found, with all that is
// special about cutting and casemapping.
var pieces = rapid.OneOf(
	rapid.SampledFrom([]string{"a", "b", "A", "ab", "ba", "é", "É", "e", "\u0301", "\u0316", "ü", "ﬁ", "ß", "ﷺ", "漢", "字", "한", "😀", "\ufffd", "\xff", "\xe2\x80"}),
	rapid.SampledFrom([]string{" ", "  ", ",", ", ", ".", "-", "\n", "\r\n", "\x00", "\u00a0", "—", "…", "。", "«"}),
	rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(rapid.SampledFrom([]string{"a", "ab", "漢", "abcdefghi"}).Draw(t, "of"), rapid.IntRange(1, 90).Draw(t, "times"))
	}),
)

var randomText = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(t, "pieces"), "")
})

// writePieces writes a text cut at random places.
func writePieces(t *rapid.T, b *Batch, f Field, text string) {
	for len(text) > 0 {
		n := rapid.IntRange(1, len(text)).Draw(t, "cut")
		b.Write(f, []byte(text[:n]))
		text = text[n:]
	}
}

// TestModel runs random histories and compares every answer with brute force.
func TestModel(t *testing.T) {
	real := storetest.NewKV(t)
	owner := uint32(0)
	rapid.Check(t, func(t *rapid.T) {
		owner++
		h := &history{db: &crashingDB{real, -1}, owner: owner, texts: map[uint64]*[fields]string{}}
		h.reopen(t)
		// Close to the end of a chunk, so that histories cross it.
		h.last = rapid.SampledFrom([]uint64{0, chunkEmails - 5, 7*chunkEmails - 20}).Draw(t, "start")
		t.Repeat(map[string]func(*rapid.T){
			"add":    h.add,
			"remove": h.remove,
			"tidy":   h.tidy,
			"crash":  h.crash,
			"reopen": h.reopen,
			"drop":   h.drop,
			"":       h.check,
		})
	})
}

// A history is an index with what ought to be in it.
type history struct {
	db      *crashingDB
	x       *Index
	owner   uint32
	last    uint64
	numbers []uint64                   // of all emails, ascending
	texts   map[uint64]*[fields]string // of those that are not gone
}

func (h *history) reopen(t *rapid.T) {
	h.x = Open(h.db, Options{CacheSize: rapid.SampledFrom([]int{1, 1 << 20}).Draw(t, "cache")})
	h.x.sizes = smallSizes
}

// arrive makes up some emails.
func (h *history) arrive(t *rapid.T) {
	for range rapid.IntRange(0, 6).Draw(t, "emails") {
		h.last += rapid.SampledFrom([]uint64{1, 1, 1, 2, 40}).Draw(t, "gap")
		text := new([fields]string)
		for f := range fields {
			if rapid.IntRange(0, 2).Draw(t, "field") > 0 {
				text[f] = randomText.Draw(t, "text")
			}
		}
		h.numbers = append(h.numbers, h.last)
		h.texts[h.last] = text
	}
}

func (h *history) indexed(t *rapid.T) (n uint64) {
	h.view(t, func(r kv.Reader) (err error) {
		n, err = h.x.Indexed(r, h.owner)
		return err
	})
	return n
}

func (h *history) view(t *rapid.T, fn func(kv.Reader) error) {
	t.Helper()
	if err := h.db.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// index adds what is not indexed.
func (h *history) index(t *rapid.T) error {
	b := NewBatch()
	indexed := h.indexed(t)
	for _, n := range h.numbers {
		text := h.texts[n]
		if n <= indexed || text == nil {
			continue
		}
		if err := b.Email(n); err != nil {
			t.Fatal(err)
		}
		for f := range fields {
			writePieces(t, b, f, text[f])
		}
		if rapid.IntRange(0, 30).Draw(t, "unreadable") == 0 {
			b.Opaque()
		}
	}
	return h.x.Add(t.Context(), h.owner, b, h.last)
}

func (h *history) add(t *rapid.T) {
	h.arrive(t)
	if err := h.index(t); err != nil {
		t.Fatal(err)
	}
	if n := h.indexed(t); n != h.last {
		t.Fatalf("indexed up to %d, not %d", n, h.last)
	}
}

// crash adds, or tidies up, and is interrupted.
func (h *history) crash(t *rapid.T) {
	h.arrive(t)
	h.db.left = rapid.IntRange(0, 6).Draw(t, "updates")
	err := h.index(t)
	if err == nil && rapid.Bool().Draw(t, "tidy") {
		err = h.x.Tidy(t.Context(), h.owner)
	}
	h.db.left = -1
	if err != nil && !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	h.reopen(t)
}

func (h *history) remove(t *rapid.T) {
	if len(h.numbers) == 0 {
		t.Skip("no emails")
	}
	var gone []uint64
	for range rapid.IntRange(1, 8).Draw(t, "removals") {
		n := rapid.SampledFrom(h.numbers).Draw(t, "email")
		gone = append(gone, n)
		delete(h.texts, n)
	}
	if err := h.x.Remove(t.Context(), h.owner, gone); err != nil {
		t.Fatal(err)
	}
}

func (h *history) tidy(t *rapid.T) {
	if err := h.x.Tidy(t.Context(), h.owner); err != nil {
		t.Fatal(err)
	}
}

func (h *history) drop(t *rapid.T) {
	if err := h.x.Drop(t.Context(), h.owner); err != nil {
		t.Fatal(err)
	}
	h.view(t, func(r kv.Reader) error {
		for p := range r.Scan(ownerRange(h.owner)) {
			t.Fatalf("%x is left", p.Key)
		}
		return nil
	})
	// An email that went before is not written again.
	h.numbers = slices.DeleteFunc(h.numbers, func(n uint64) bool { return h.texts[n] == nil })
}

// needle draws something that some text may contain.
func (h *history) needle(t *rapid.T) string {
	if len(h.numbers) == 0 || rapid.IntRange(0, 4).Draw(t, "foreign") == 0 {
		return randomText.Draw(t, "needle")
	}
	text := h.texts[rapid.SampledFrom(h.numbers).Draw(t, "of")]
	if text == nil {
		return "a"
	}
	runes := []rune(text[rapid.IntRange(0, int(fields)-1).Draw(t, "field")])
	from := rapid.IntRange(0, len(runes)).Draw(t, "from")
	to := rapid.IntRange(from, len(runes)).Draw(t, "to")
	return string(runes[from:to])
}

func casemap(text string) string { return string(message.AppendCasemap(nil, text)) }

// check looks for some needles.
func (h *history) check(t *rapid.T) {
	for range 3 {
		f := Field(rapid.IntRange(0, int(Text)).Draw(t, "in"))
		if f == fields {
			f = Text
		}
		h.checkOne(t, f, h.needle(t))
	}
	if err := h.x.Check(t.Context(), h.owner); err != nil {
		t.Fatal(err)
	}
}

func (h *history) checkOne(t *rapid.T, f Field, text string) {
	var res *Result
	h.view(t, func(r kv.Reader) (err error) {
		res, err = h.x.Find(t.Context(), r, h.owner, f, NewNeedle(text))
		return err
	})
	needle := casemap(text)
	for _, n := range h.numbers {
		certain, possible := res.Certain.Contains(n), res.Possible.Contains(n)
		truth := false
		if texts := h.texts[n]; texts != nil {
			for part := range fields {
				if part == f || f == Text && part >= Header {
					truth = truth || strings.Contains(casemap(texts[part]), needle)
				}
			}
		} else if certain || possible {
			t.Fatalf("field %d: %q: email %d is gone, but found", f, text, n)
		}
		switch {
		case certain && possible:
			t.Fatalf("field %d: %q: email %d is certain and possible", f, text, n)
		case n > res.Indexed && (certain || possible):
			t.Fatalf("field %d: %q: email %d is found, but only %d are indexed", f, text, n, res.Indexed)
		case certain && !truth:
			t.Fatalf("field %d: %q: email %d does not contain it, but is certain", f, text, n)
		case n <= res.Indexed && truth && !certain && !possible:
			t.Fatalf("field %d: %q: email %d contains it and is not found", f, text, n)
		}
	}
}
