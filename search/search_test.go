package search

import (
	"slices"
	"strings"
	"testing"

	"poststube/kv"
	"poststube/storetest"
)

// A mailbox is an index together with the texts that are in it.
type mailbox struct {
	t     testing.TB
	db    kv.DB
	x     *Index
	owner uint32
	texts map[uint64]*[fields]string
	last  uint64
}

func newMailbox(t testing.TB) *mailbox {
	db := storetest.NewKV(t)
	return &mailbox{t: t, db: db, x: Open(db, Options{}), owner: 7, texts: map[uint64]*[fields]string{}}
}

func (m *mailbox) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// put writes an email into a batch.
func (m *mailbox) put(b *Batch, number uint64, text [fields]string) {
	m.t.Helper()
	m.must(b.Email(number))
	for f := range fields {
		b.Write(f, []byte(text[f]))
	}
	m.texts[number] = &text
	m.last = number
}

// add adds emails with the bodies given, as one batch.
func (m *mailbox) add(bodies ...string) {
	m.t.Helper()
	b := NewBatch()
	for _, body := range bodies {
		m.put(b, m.last+1, [fields]string{Body: body})
	}
	m.must(m.x.Add(m.t.Context(), m.owner, b, m.last))
}

func (m *mailbox) find(f Field, text string) *Result {
	m.t.Helper()
	var res *Result
	m.must(m.db.View(m.t.Context(), func(r kv.Reader) (err error) {
		res, err = m.x.Find(m.t.Context(), r, m.owner, f, NewNeedle(text))
		return err
	}))
	return res
}

// brute returns the emails that contain a text.
func (m *mailbox) brute(f Field, text string) []uint64 {
	var list []uint64
	for n, texts := range m.texts {
		text := string(NewNeedle(text).mapped)
		hit := false
		for part := range fields {
			if part == f || f == Text && (part == Header || part == Body) {
				hit = hit || strings.Contains(string(NewNeedle(texts[part]).mapped), text)
			}
		}
		if hit {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// check compares an answer of the index with the truth.
func (m *mailbox) check(f Field, text string) *Result {
	m.t.Helper()
	res := m.find(f, text)
	truth := m.brute(f, text)
	for _, n := range truth {
		if n <= res.Indexed && !res.Certain.Contains(n) && !res.Possible.Contains(n) {
			m.t.Errorf("field %d: %q is in email %d, which is not found", f, text, n)
		}
	}
	for n := range res.Certain.All() {
		if m.texts[n] != nil && !slices.Contains(truth, n) {
			m.t.Errorf("field %d: %q is not in email %d, but certain", f, text, n)
		}
		if res.Possible.Contains(n) {
			m.t.Errorf("field %d: %q is certain and possible in email %d", f, text, n)
		}
	}
	return res
}

func TestFind(t *testing.T) {
	m := newMailbox(t)
	m.add("Die Sitzung war lang.", "Über die Übersicht", "no such thing")
	m.add("eine sitzungspause", "Quittung: 4711-0815")
	for _, c := range []struct {
		text              string
		certain, possible []uint64
	}{
		{"sitzung", []uint64{1, 4}, nil},
		{"SITZUNG", []uint64{1, 4}, nil},
		{"sitzungsp", []uint64{4}, nil},
		{"zung", []uint64{1, 4}, nil},
		{"über", []uint64{2}, nil},
		{"u", []uint64{1, 2, 3, 4, 5}, nil},
		{"ü", []uint64{2}, nil},
		{"die sitz", nil, []uint64{1}},
		{"ie sitzung war l", nil, []uint64{1}},
		{"e sit", nil, []uint64{1, 4}},
		{"4711-0", []uint64{5}, nil},
		{"g: 4711", nil, []uint64{5}},
		{" lang", nil, []uint64{1}},
		{" ", nil, []uint64{1, 2, 3, 4, 5}},
		{"nirgends", nil, nil},
	} {
		res := m.check(Body, c.text)
		if got := slices.Collect(res.Certain.All()); !slices.Equal(got, c.certain) {
			t.Errorf("%q: certain %v, want %v", c.text, got, c.certain)
		}
		if got := slices.Collect(res.Possible.All()); !slices.Equal(got, c.possible) {
			t.Errorf("%q: possible %v, want %v", c.text, got, c.possible)
		}
		if res.Indexed != 5 {
			t.Errorf("%q: indexed %d, want 5", c.text, res.Indexed)
		}
	}
}
