package mail

import (
	"testing"

	"poststube/uidset"
)

func TestReplace(t *testing.T) {
	w := newWorld(t)
	w.put("Drafts", letter("first"), day(1))
	w.put("Drafts", letter("other"), day(1))
	b := w.open("anna", "Drafts")
	_, err := b.SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Flagged}})
	w.must(err)
	before, err := b.State(w.ctx, false)
	w.must(err)

	// In the same mailbox; flags are those of the new message.
	a, err := b.Replace(w.ctx, 1, "Drafts", NewMessage{Upload: w.upload(letter("second")), Flags: Flags{System: Draft}})
	w.must(err)
	if a.UIDs.String() != "3" || a.UIDValidity != before.UIDValidity {
		t.Errorf("appended %+v", a)
	}
	if got, want := w.show(b), `2 3\Draft`; got != want {
		t.Errorf("now %s, want %s", got, want)
	}
	ch, err := b.Changes(w.ctx, before.HighestModSeq)
	w.must(err)
	if ch.Vanished.String() != "1" || ch.Arrived.String() != "3" || ch.UpTo != a.ModSeq {
		t.Errorf("changes %+v", ch)
	}

	// In another one.
	a, err = b.Replace(w.ctx, 3, "Sent", NewMessage{Upload: w.upload(letter("sent"))})
	w.must(err)
	if got := w.show(b) + " and " + w.show(w.open("anna", "Sent")); got != "2 and 1" {
		t.Errorf("now %s", got)
	}

	// What is gone is not replaced, and nothing is appended.
	a, err = b.Replace(w.ctx, 3, "Sent", NewMessage{Upload: w.upload(letter("sent twice"))})
	if w.must(err); !a.UIDs.Empty() {
		t.Errorf("appended %+v for a message that is gone", a)
	}
	_, err = b.Replace(w.ctx, 2, "None", NewMessage{Upload: w.upload(letter("nowhere"))})
	kindOf(t, err, NoParent)
	if got := w.show(b) + " and " + w.show(w.open("anna", "Sent")); got != "2 and 1" {
		t.Errorf("after failures %s", got)
	}
}

// TestReplaceInFullAccount replaces where nothing more could be appended.
func TestReplaceInFullAccount(t *testing.T) {
	w := newWorld(t)
	w.put("Drafts", letter("first"), day(1))
	w.must(w.AsAdmin(w.person("anna"), "test").SetQuota(w.ctx, Quota{Messages: 1}))
	_, err := w.as("anna").Append(w.ctx, "Drafts", []NewMessage{{Upload: w.upload(letter("more"))}})
	kindOf(t, err, OverQuota)
	_, err = w.open("anna", "Drafts").Replace(w.ctx, 1, "Drafts", NewMessage{Upload: w.upload(letter("second"))})
	w.must(err)
}

func TestReplaceNeedsRights(t *testing.T) {
	w := newWorld(t)
	w.put("INBOX", letter("first"), day(1))
	for rights, want := range map[string]Kind{"lri": Denied, "lrit": Denied, "lrie": Denied, "lrte": Denied} {
		w.grant("anna", "INBOX", "clara", rights)
		b := w.open("clara", "Users/anna/INBOX")
		_, err := b.Replace(w.ctx, 1, "Users/anna/INBOX", NewMessage{Upload: w.upload(letter("second"))})
		if KindOf(err) != want {
			t.Errorf("with %s: %v", rights, err)
		}
	}
	w.grant("anna", "INBOX", "clara", "lrite")
	_, err := w.open("clara", "Users/anna/INBOX").Replace(w.ctx, 1, "Users/anna/INBOX", NewMessage{Upload: w.upload(letter("second"))})
	w.must(err)
}
