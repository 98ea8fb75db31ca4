package mail

import (
	"testing"
	"time"

	"poststube/kv"
)

// TestDeliveredAgain: what a mailbox got it does not get again under the same
// identity, also when it was removed since, for a week; then it is forgotten.
func TestDeliveredAgain(t *testing.T) {
	w := newWorld(t)
	deliver := func(id Identity, to ...string) []Delivery {
		t.Helper()
		results := w.Deliver(w.ctx, Envelope{From: "x@example.com", To: to, Identity: id}, w.upload(letter("once")))
		for _, d := range results {
			w.must(d.Err)
		}
		return results
	}
	first := deliver(Identity{1}, "anna@example.org")
	again := deliver(Identity{1}, "anna@example.org", "ben@example.org")
	if again[0].UID != first[0].UID || again[0].Mailbox != first[0].Mailbox {
		t.Errorf("delivered again as %+v, was %+v", again[0], first[0])
	}
	deliver(Identity{2}, "anna@example.org")
	deliver(Identity{}, "anna@example.org")
	deliver(Identity{}, "anna@example.org")
	box := w.open("anna", "INBOX")
	if s, err := box.State(w.ctx, false); err != nil || s.Exists != 4 {
		t.Errorf("anna has %d messages, want 4: %v", s.Exists, err)
	}
	s, err := box.State(w.ctx, false)
	w.must(err)
	_, err = box.SetFlags(w.ctx, s.UIDs, FlagChange{Op: AddFlags, Flags: Flags{System: Deleted}})
	w.must(err)
	_, _, err = box.Expunge(w.ctx, s.UIDs)
	w.must(err)
	deliver(Identity{1}, "anna@example.org")
	if s, err := box.State(w.ctx, false); err != nil || s.Exists != 0 {
		t.Errorf("a message came again after it was expunged: %v", err)
	}

	count := func() (n int) {
		w.must(w.db.View(w.ctx, func(r kv.Reader) error {
			lo, hi := wholeTable(w.person("anna").ID, tableDelivered)
			for range r.Scan(lo, hi) {
				n++
			}
			return r.Err()
		}))
		return n
	}
	purge := func() {
		t.Helper()
		_, err := w.Purge(w.ctx, PurgeOptions{})
		w.must(err)
	}
	if purge(); count() != 2 {
		t.Errorf("after a purge the day of the delivery %d are remembered, want 2", count())
	}
	w.now = w.now.Add(8 * 24 * time.Hour)
	if deliver(Identity{1}, "anna@example.org"); count() != 2 {
		t.Errorf("%d are remembered, want 2", count())
	}
	if s, err := box.State(w.ctx, false); err != nil || s.Exists != 1 {
		t.Errorf("after a week it did not come: %v", err)
	}
	if purge(); count() != 1 {
		t.Errorf("after a purge a week later %d are remembered, want 1", count())
	}
}
