package mail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/acl"
)

// TestImportedOnce: a mailbox takes a source once, also within one batch, and
// also after the message was expunged; another mailbox takes it again.
func TestImportedOnce(t *testing.T) {
	w := newWorld(t)
	u := w.as("anna")
	add := func(mailbox string, sources ...string) Appended {
		t.Helper()
		var msgs []NewMessage
		for _, s := range sources {
			msgs = append(msgs, NewMessage{Upload: w.upload(letter(s)), Source: s, Flags: Flags{Keywords: []string{"k", "no good", strings.Repeat("x", 200)}}})
		}
		a, err := u.Append(w.ctx, mailbox, msgs)
		w.must(err)
		return a
	}
	a := add("INBOX", "a", "b", "a")
	if a.UIDs.String() != "1:2" || !slices.Equal(a.Known, []int{2}) || len(a.Dropped) != 2 {
		t.Errorf("first: %+v", a)
	}
	if a = add("INBOX", "b", "c"); a.UIDs.String() != "3" || !slices.Equal(a.Known, []int{0}) {
		t.Errorf("again: %+v", a)
	}
	if a = add("INBOX", "a", "b", "c"); !a.UIDs.Empty() || len(a.Known) != 3 {
		t.Errorf("all known: %+v", a)
	}
	b := w.open("anna", "INBOX")
	if got := w.show(b); got != "1k 2k 3k" {
		t.Errorf("INBOX: %s", got)
	}
	if a = add("Archive", "a"); a.UIDs.String() != "1" {
		t.Errorf("another mailbox: %+v", a)
	}
	hashes, err := u.Imported(w.ctx, "INBOX")
	w.must(err)
	for _, s := range []string{"a", "b", "c"} {
		if !slices.Contains(hashes, HashSource(s)) {
			t.Errorf("%s is not among the imported ones", s)
		}
	}
	if len(hashes) != 3 {
		t.Errorf("%d hashes", len(hashes))
	}
	if _, err := w.as("ben").Imported(w.ctx, "Users/anna/INBOX"); KindOf(err) != NotFound {
		t.Errorf("a stranger: %v", err)
	}
	w.healthy()
}

func (w *world) healthy() {
	w.t.Helper()
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		w.must(err)
		w.t.Errorf("the check finds %+v", p)
	}
}

// TestAdoptUIDs: UIDVALIDITY and UIDs are kept in a mailbox that has given none,
// and no UIDVALIDITY is given twice.
func TestAdoptUIDs(t *testing.T) {
	w := newWorld(t)
	u := w.as("anna")
	adopt := func(name string, validity, next uint32, want bool) {
		t.Helper()
		kept, err := u.AdoptUIDs(w.ctx, name, validity, next)
		w.must(err)
		if kept != want {
			t.Errorf("%s adopts %d: %v", name, validity, kept)
		}
	}
	state := func(name string) *State {
		t.Helper()
		s, err := w.open("anna", name).State(w.ctx, false)
		w.must(err)
		return s
	}
	own := state("Archive").UIDValidity
	adopt("INBOX", 5, 0, true)
	adopt("INBOX", 5, 0, true)
	adopt("Archive", 5, 0, false) // INBOX has it
	adopt("Archive", own, 0, true)
	adopt("Archive", own-1, 0, false) // may have been given here
	adopt("Archive", 1<<32-1, 0, false)
	adopt("Archive", 0, 0, false)
	a, err := u.Append(w.ctx, "INBOX", []NewMessage{
		{Upload: w.upload(letter("a")), Source: "a", UID: 7}, {Upload: w.upload(letter("b")), Source: "b", UID: 3},
		{Upload: w.upload(letter("c")), Source: "c", UID: 1 << 31}, {Upload: w.upload(letter("d")), Source: "d", UID: 1<<32 - 1},
	})
	w.must(err)
	if got := a.UIDs.String(); got != "7:8,2147483648:2147483649" || a.UIDValidity != 5 {
		t.Errorf("UIDs %s of %d", got, a.UIDValidity)
	}
	if got := w.show(w.open("anna", "INBOX")); got != "7 8 2147483648 2147483649" {
		t.Errorf("INBOX: %s", got)
	}
	if s := state("INBOX"); s.UIDValidity != 5 || s.Exists != 4 || s.UIDNext != 1<<31+2 {
		t.Errorf("%+v", s.Status)
	}
	adopt("INBOX", 6, 0, false) // it has given UIDs
	adopt("INBOX", 5, 3_000_000_000, true)
	w.deliver("anna@example.org", "next")
	if s := state("INBOX"); s.UIDs.Max() != 3_000_000_000 {
		t.Errorf("after UIDNEXT was adopted: %s", s.UIDs)
	}
	// What a deleted mailbox had is not given again.
	_, err = u.Create(w.ctx, "Old", nil)
	w.must(err)
	adopt("Old", 9, 0, true)
	w.must(u.Delete(w.ctx, "Old"))
	_, err = u.Create(w.ctx, "Old", nil)
	w.must(err)
	adopt("Old", 9, 0, false)
	// A future one is left behind by those to come.
	future := state("Old").UIDValidity + 1000
	adopt("Old", future, 0, true)
	info, err := u.Create(w.ctx, "New", nil)
	w.must(err)
	if got := state(info.Name).UIDValidity; got <= future {
		t.Errorf("a new mailbox has %d, an old one %d", got, future)
	}
	w.must(u.SetACL(w.ctx, "New", acl.Identifier{Kind: acl.User, Name: "ben"}, acl.Modification{Rights: acl.Full &^ acl.DeleteMailbox}))
	if _, err := w.as("ben").AdoptUIDs(w.ctx, "Users/anna/New", 8, 0); KindOf(err) != Denied {
		t.Errorf("without the right x: %v", err)
	}
	w.healthy()
}

// TestImportCutOff: however an import is cut into batches, and cut off between
// them, in the end each message is there once, under its UID.
func TestImportCutOff(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		u := w.as("anna")
		kept, err := u.AdoptUIDs(w.ctx, "INBOX", 5, 0)
		if err != nil || !kept {
			rt.Fatal(kept, err)
		}
		uids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 1000), 1, 12, rapid.ID).Draw(rt, "uids")
		slices.Sort(uids)
		for done := 0; done < len(uids); {
			from := rapid.IntRange(0, done).Draw(rt, "from") // what is known comes again
			to := rapid.IntRange(from+1, len(uids)).Draw(rt, "to")
			var msgs []NewMessage
			for _, uid := range uids[from:to] {
				msgs = append(msgs, NewMessage{Upload: w.upload(letter("m")), Source: fmt.Sprint(uid), UID: uid})
			}
			if _, err := u.Append(w.ctx, "INBOX", msgs); err != nil {
				rt.Fatal(err)
			}
			done = max(done, to)
		}
		if got, want := w.show(w.open("anna", "INBOX")), strings.Trim(fmt.Sprint(uids), "[]"); got != want {
			rt.Errorf("there is %s, wanted %s", got, want)
		}
	})
}

func TestCheckOwnName(t *testing.T) {
	w := newWorld(t)
	u := w.AsAdmin(w.person("anna"), "test")
	for _, name := range []string{"Users/ben/INBOX", "users/ben", "Shared/sales", "SHARED/x/y", "Users", "a//b", ""} {
		if err := u.CheckOwnName(name); KindOf(err) != Invalid || err == nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"INBOX", "Work/Users/ben", "Users2"} {
		w.must(u.CheckOwnName(name))
	}
}
