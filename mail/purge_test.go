package mail

import (
	"testing"
	"time"

	"poststube/uidset"
)

// TestPurgeNarrowed: one owner, one mailbox, or named messages; a preview counts
// the same as what is then removed, and removes nothing.
func TestPurgeNarrowed(t *testing.T) {
	w := newWorld(t)
	remove := func(user, mailbox string, uids ...uint32) {
		t.Helper()
		b := w.open(user, mailbox)
		_, err := b.SetFlags(w.ctx, uidset.Of(uids...), FlagChange{Op: AddFlags, Flags: Flags{System: Deleted}})
		w.must(err)
		_, _, err = b.Expunge(w.ctx, uidset.Of(uids...))
		w.must(err)
	}
	for _, s := range []string{"one", "two", "three"} {
		w.deliver("anna", s)
		w.deliver("ben", s)
	}
	_, err := w.open("anna", "INBOX").Copy(w.ctx, uidset.Of(1, 2, 3), "Archive")
	w.must(err)
	_, err = w.open("anna", "INBOX").Copy(w.ctx, uidset.Of(1), "Junk")
	w.must(err)
	remove("anna", "INBOX", 1, 2, 3)
	remove("anna", "Archive", 1)
	remove("ben", "INBOX", 1, 2)
	w.must(w.as("anna").Delete(w.ctx, "Junk"))
	inbox, archive := w.open("anna", "INBOX").ID(), w.open("anna", "Archive").ID()
	w.now = w.now.Add(time.Hour)

	for _, tt := range []struct {
		name string
		o    PurgeOptions
		want Purged
		left int // of anna's INBOX can still be had back
	}{
		// The email of UID 2 is in Archive still.
		{"named", PurgeOptions{Owner: inbox.Owner, Mailbox: inbox.Num, UIDs: uidset.Of(2, 77)}, Purged{Messages: 1}, 2},
		{"named again", PurgeOptions{Owner: inbox.Owner, Mailbox: inbox.Num, UIDs: uidset.Of(2)}, Purged{}, 2},
		{"not expunged", PurgeOptions{Owner: archive.Owner, Mailbox: archive.Num, UIDs: uidset.Of(2, 3)}, Purged{}, 2},
		{"one mailbox", PurgeOptions{Deleted: w.now, Owner: archive.Owner, Mailbox: archive.Num}, Purged{Messages: 1}, 2},
		{"too early", PurgeOptions{Deleted: w.now.Add(-2 * time.Hour), Owner: inbox.Owner}, Purged{}, 2},
		{"one owner", PurgeOptions{Deleted: w.now, Owner: inbox.Owner}, Purged{Messages: 3, Mailboxes: 1, Emails: 1}, 0},
		{"all", PurgeOptions{Deleted: w.now}, Purged{Messages: 2, Emails: 2}, 0},
	} {
		tt.o.Preview = true
		counted, err := w.Purge(w.ctx, tt.o)
		w.must(err)
		tt.o.Preview = false
		done, err := w.Purge(w.ctx, tt.o)
		w.must(err)
		if counted != done {
			t.Errorf("%s: counted %+v, removed %+v", tt.name, counted, done)
		}
		if done.Bytes == 0 != (done.Emails == 0) {
			t.Errorf("%s: removed %+v", tt.name, done)
		}
		done.Bytes = 0
		if done != tt.want {
			t.Errorf("%s: removed %+v, want %+v", tt.name, done, tt.want)
		}
		gone, err := w.as("anna").Expunged(w.ctx, "INBOX", time.Time{})
		w.must(err)
		if len(gone) != tt.left {
			t.Errorf("%s: %d can be had back, want %d", tt.name, len(gone), tt.left)
		}
		for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
			t.Errorf("%s: check: %v %v", tt.name, p, err)
		}
	}
	if got := w.show(w.open("anna", "Archive")); got != "2 3" {
		t.Errorf("Archive has %s", got)
	}
}

func TestIndexState(t *testing.T) {
	w := newWorld(t)
	for _, s := range []string{"one", "two", "three"} {
		w.deliver("anna", s)
	}
	want := func(emails int, waiting uint64) {
		t.Helper()
		s, err := w.IndexState(w.ctx, w.person("anna"))
		w.must(err)
		if s.Emails != emails || s.Waiting != waiting || s.Damaged || s.Bytes == 0 != (emails == 0) {
			t.Errorf("%+v, want %d emails and %d that wait", s, emails, waiting)
		}
	}
	want(0, 3)
	w.must(w.IndexAll(w.ctx, nil))
	want(3, 0)
	w.deliver("anna", "four")
	want(3, 1)
	w.must(w.DropIndex(w.ctx, w.person("anna")))
	want(0, 4)
	w.must(w.Reindex(w.ctx, w.person("anna")))
	want(4, 0)
}
