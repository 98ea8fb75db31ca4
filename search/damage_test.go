package search

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"poststube/kv"
)

// TestDamage changes and deletes each stored value in turn. Whatever reads it
// must not panic, and may fail only with ErrDamaged; a value that is missing must
// be noticed.
func TestDamage(t *testing.T) {
	m := newMailbox(t)
	m.x.sizes = smallSizes
	m.x.sizes.block = 20
	b := NewBatch()
	for _, text := range []string{
		"die Sitzung war lang, die Pause kurz", "1234 5678 90ab cdef ghij klmn opqr stuv wxyz 0987 6543 2109 8765 4321",
		"eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn",
		"x, y, z, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w", "die Sitzung",
	} {
		m.put(b, m.last+1, [fields]string{From: text, Body: text})
		m.must(m.x.Add(t.Context(), m.owner, b, m.last))
		b.Reset()
	}
	m.remove(2)
	type pair struct{ key, value []byte }
	var pairs []pair
	m.must(m.db.View(t.Context(), func(r kv.Reader) error {
		for p := range r.Scan(ownerRange(m.owner)) {
			pairs = append(pairs, pair{bytes.Clone(p.Key), bytes.Clone(p.Value)})
		}
		return nil
	}))
	for _, part := range []byte{partFilter, partPostings, partVocabulary} {
		if !slices.ContainsFunc(pairs, func(p pair) bool { return p.key[5] == tableSegment && p.key[keyBase] == part }) {
			t.Fatalf("of %d values none is of part %c", len(pairs), part)
		}
	}
	store := func(key, value []byte) {
		m.must(m.db.Update(t.Context(), nil, func(tx kv.Tx) error {
			if value == nil {
				return tx.Delete(key)
			}
			return tx.Set(key, value)
		}))
	}
	noticed, changed := 0, 0
	for _, p := range pairs {
		table := p.key[5]
		for n := 0; n < len(p.value); n += 1 + len(p.value)/8 {
			for _, broken := range [][]byte{
				p.value[:n],
				append(append(bytes.Clone(p.value[:n]), p.value[n]^0x81), p.value[n+1:]...),
				append(append(bytes.Clone(p.value[:n]), 0), p.value[n+1:]...),
			} {
				store(p.key, broken)
				changed++
				if m.readAll() {
					noticed++
				}
			}
		}
		store(p.key, nil)
		if !m.readAll() && table == tableSegment {
			t.Errorf("nobody notices that %x is missing", p.key)
		}
		store(p.key, p.value)
	}
	if noticed < changed/4 {
		t.Errorf("of %d changes only %d were noticed", changed, noticed)
	}
	m.verify()
	m.check(Body, "sitzung")
}

// readAll uses the index in all ways and tells whether damage is noticed.
func (m *mailbox) readAll() (noticed bool) {
	x := Open(m.db, Options{})
	x.sizes = smallSizes
	look := func(err error) {
		if err != nil && !errors.Is(err, ErrDamaged) {
			m.t.Errorf("damage is reported as %v", err)
		}
		noticed = noticed || err != nil
	}
	look(x.Check(m.t.Context(), m.owner))
	for _, text := range []string{"sitzung", "e", "s", "die pause", ","} {
		look(m.db.View(m.t.Context(), func(r kv.Reader) error {
			_, err := x.Find(m.t.Context(), r, m.owner, Body, NewNeedle(text))
			return err
		}))
	}
	return noticed
}
