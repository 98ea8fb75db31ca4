package mail

import (
	"fmt"
	"testing"
	"time"
)

// TestRestored: nothing that a client can have been told before is told again
// for something else, and the mail is all there.
func TestRestored(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "first")
	w.deliver("anna", "second")
	_, err := w.as("anna").Create(w.ctx, "Projects", nil)
	w.must(err)
	before := w.show(w.open("anna", "INBOX"))
	old := map[string]*State{}
	most := uint32(0)
	for _, name := range []string{"INBOX", "Projects"} {
		s, err := w.open("anna", name).State(w.ctx, false)
		w.must(err)
		old[name], most = s, max(most, s.UIDValidity)
	}
	w.must(w.Engine.Restored(w.ctx))
	w.forget() // as after the restart that follows
	given := map[uint32]bool{}
	for name, s := range old {
		now, err := w.open("anna", name).State(w.ctx, false)
		w.must(err)
		if now.UIDValidity <= most || given[now.UIDValidity] {
			t.Errorf("%s had UIDVALIDITY %d and has %d", name, s.UIDValidity, now.UIDValidity)
		}
		given[now.UIDValidity] = true
	}
	if after := w.show(w.open("anna", "INBOX")); after != before {
		t.Errorf("INBOX was %s and is %s", before, after)
	}
	w.deliver("anna", "third")
	s, err := w.open("anna", "INBOX").State(w.ctx, false)
	w.must(err)
	if s.HighestModSeq <= old["INBOX"].HighestModSeq+lostModSeqs {
		t.Errorf("HIGHESTMODSEQ was %d, is %d", old["INBOX"].HighestModSeq, s.HighestModSeq)
	}
	id := w.open("anna", "INBOX").ID()
	m, err := w.as("anna").Create(w.ctx, "After", nil)
	w.must(err)
	if m.ID.Num <= id.Num+lostMailboxes {
		t.Errorf("a new mailbox has the number %d", m.ID.Num)
	}
	// The search index bears the gap in the numbers of emails.
	w.must(w.IndexAll(w.ctx, nil))
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		t.Errorf("%v %v", p, err)
	}
	log, err := w.AsAdmin(w.person("anna"), "test").Audit(w.ctx, "", time.Time{}, 100)
	w.must(err)
	if len(log) == 0 || log[len(log)-2].Action != "restore" {
		t.Errorf("the audit trail does not tell: %+v", log)
	}
}

// TestClockJumps: a clock that goes back a day, ahead ten years, or stands, gives
// no UIDVALIDITY twice, lets no UID or modseq fall, and leaves the dates alone that
// came with messages.
func TestClockJumps(t *testing.T) {
	w := newWorld(t)
	start := w.now
	given := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	validities := map[uint32]bool{}
	var highest ModSeq
	next := uint32(0)
	for i, jump := range []time.Duration{0, -24 * time.Hour, 0, 10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour, -50 * 365 * 24 * time.Hour, time.Second} {
		w.now = w.now.Add(jump)
		name := fmt.Sprint("Box ", i)
		_, err := w.as("anna").Create(w.ctx, name, nil)
		w.must(err)
		made, err := w.open("anna", name).State(w.ctx, false)
		w.must(err)
		if validities[made.UIDValidity] {
			t.Errorf("after %v the UIDVALIDITY %d is given again", jump, made.UIDValidity)
		}
		validities[made.UIDValidity] = true
		_, err = w.as("anna").Append(w.ctx, "INBOX", []NewMessage{{Upload: w.upload(letter(name)), InternalDate: given}})
		w.must(err)
		w.deliver("anna", "delivered "+name)
		s, err := w.open("anna", "INBOX").State(w.ctx, false)
		w.must(err)
		if s.HighestModSeq <= highest || s.UIDNext <= next {
			t.Errorf("after %v HIGHESTMODSEQ is %d and UIDNEXT %d, were %d and %d", jump, s.HighestModSeq, s.UIDNext, highest, next)
		}
		highest, next = s.HighestModSeq, s.UIDNext
	}
	b := w.open("anna", "INBOX")
	s, err := b.State(w.ctx, false)
	w.must(err)
	old := 0
	_, err = b.Messages(w.ctx, s.UIDs, 1, 0, func(m *Message) bool {
		if m.InternalDate().Equal(given) {
			old++
		}
		return true
	})
	w.must(err)
	if old != 7 {
		t.Errorf("%d messages have the date that they came with, want 7", old)
	}
	// A restore by a clock that went back gives no UIDVALIDITY again either.
	w.now = start.Add(-20 * 365 * 24 * time.Hour)
	w.must(w.Engine.Restored(w.ctx))
	w.forget()
	for i := range 7 {
		s, err := w.open("anna", fmt.Sprint("Box ", i)).State(w.ctx, false)
		w.must(err)
		if validities[s.UIDValidity] {
			t.Errorf("after a restore the UIDVALIDITY %d is given again", s.UIDValidity)
		}
		validities[s.UIDValidity] = true
	}
	if f := w.faults(); len(f) > 0 {
		t.Error(f)
	}
}
