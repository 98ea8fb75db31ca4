package search

import (
	"slices"
	"testing"

	"poststube/kv"
)

func (m *mailbox) remove(emails ...uint64) {
	m.t.Helper()
	for _, n := range emails {
		delete(m.texts, n)
	}
	m.must(m.x.Remove(m.t.Context(), m.owner, emails))
}

// removed counts records of removed emails.
func (m *mailbox) removed() (n int) {
	m.must(m.db.View(m.t.Context(), func(r kv.Reader) error {
		for range r.Scan(tableRange(m.owner, tableRemoved)) {
			n++
		}
		return nil
	}))
	return n
}

func (m *mailbox) tidy() {
	m.t.Helper()
	m.must(m.x.Tidy(m.t.Context(), m.owner))
	m.verify()
}

func TestRemove(t *testing.T) {
	m := newMailbox(t)
	m.remove() // nothing
	for range 8 {
		m.add("eins", "zwei")
	}
	m.remove(3, 2)
	if got := m.certain(Body, "eins"); slices.Contains(got, 3) || len(got) != 7 {
		t.Errorf("found %v", got)
	}
	m.tidy()
	if m.removed() != 1 {
		t.Error("a chunk was rewritten for an eighth of its emails")
	}
	m.remove(3, 4, 5)
	m.tidy()
	s := m.state()
	if m.removed() != 0 || len(s.segments) != 1 || s.segments[0].docs != 12 {
		t.Errorf("%d records, segments %+v", m.removed(), s.segments)
	}
	if got := m.certain(Body, "zwei"); len(got) != 6 {
		t.Errorf("found %v", got)
	}
	m.remove(1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
	m.tidy()
	if s = m.state(); len(s.segments) != 0 || s.indexed != 16 || m.removed() != 0 {
		t.Errorf("an index without emails: %+v", s)
	}
	m.add("drei")
	if got := m.certain(Body, "drei"); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

// TestRemoveEarly removes emails that are still on their way into the index.
func TestRemoveEarly(t *testing.T) {
	m := newMailbox(t)
	m.add("eins", "eins", "eins", "eins")
	b := NewBatch()
	for n := range uint64(4) {
		m.put(b, 5+n, [fields]string{Body: "zwei"})
	}
	m.remove(4, 5, 8)
	m.tidy() // must not forget 5 and 8
	if m.removed() != 1 {
		t.Error("removed emails are forgotten")
	}
	if s := m.state(); len(s.segments) != 1 || s.segments[0].docs != 3 {
		t.Errorf("segments %+v", s.segments)
	}
	m.must(m.x.Add(t.Context(), m.owner, b, m.last))
	if got := slices.Collect(m.find(Body, "zwei").Certain.All()); !slices.Equal(got, []uint64{6, 7}) {
		t.Errorf("found %v", got)
	}
	m.tidy()
	if m.removed() != 0 {
		t.Error("emails that are in no segment are remembered as removed")
	}
}

func TestKeepUpTo(t *testing.T) {
	for _, last := range []uint64{0, 1, 62, 63, 64, 127, chunkEmails - 2, chunkEmails - 1, chunkEmails, 1 << 40} {
		var b bitmap
		for i := range b {
			b[i] = ^uint64(0)
		}
		b.keepUpTo(3, 3*chunkEmails+last)
		if want := min(int(last)+1, chunkEmails); b.count() != want || !b.contains(uint16(want-1)) {
			t.Errorf("up to %d: %d emails", last, b.count())
		}
	}
}

func TestDrop(t *testing.T) {
	m := newMailbox(t)
	m.add("eins", "zwei")
	m.remove(1)
	first := m.state().segments[0].id
	m.must(m.x.Drop(t.Context(), m.owner))
	if res := m.find(Body, "zwei"); res.Indexed != 0 || res.Certain.Len() != 0 {
		t.Errorf("after Drop: %+v", res)
	}
	m.last = 0
	m.add("drei")
	if m.state().segments[0].id == first {
		t.Error("the id of a segment is used again")
	}
	if got := m.certain(Body, "drei"); len(got) != 1 {
		t.Errorf("found %v", got)
	}
	m.verify()
}
