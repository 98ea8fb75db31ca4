package mail

import (
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
