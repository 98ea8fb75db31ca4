package mail

import (
	"testing"

	"poststube/directory"
	"poststube/uidset"
)

// woken tells whether a hint has come since the last time.
func woken(w *Watch) bool {
	select {
	case <-w.C():
		return true
	default:
		return false
	}
}

// TestWatch: what can change the list of mailboxes, or rights in them, wakes who
// watches it; messages, and what happens among others, do not.
func TestWatch(t *testing.T) {
	w := newWorld(t)
	ben := w.as("ben")
	list, messages := ben.Watch(), ben.Watch()
	defer list.Close()
	defer messages.Close()
	look := func() {
		t.Helper()
		_, err := list.Mailboxes(w.ctx)
		w.must(err)
	}
	look()
	sales, clara := w.person("sales").ID, w.person("clara").ID
	id := w.open("ben", "INBOX").ID()
	messages.Messages(id)
	for _, step := range []struct {
		what           string
		do             func()
		list, messages bool
	}{
		{"a message", func() { w.deliver("ben", "one") }, false, true},
		{"a message of others", func() { w.deliver("anna", "one") }, false, false},
		{"a grant to others", func() { w.grant("anna", "INBOX", "clara", "lr") }, false, false},
		{"a mailbox of others", func() { _, err := w.as("anna").Create(w.ctx, "Own", nil); w.must(err) }, false, false},
		{"a grant to the group", func() { w.grant("anna", "Drafts", "group:sales", "lr") }, true, false},
		{"a mailbox beneath", func() { _, err := w.as("anna").Create(w.ctx, "Drafts/new", nil); w.must(err) }, true, false},
		{"a message there", func() { w.deliver("anna", "two") }, false, false},
		{"leaving the group", func() { w.must(w.dir.RemoveMembers(w.ctx, sales, ben.principal.ID)) }, true, false},
		{"a grant to the group that was left", func() { w.grant("anna", "Sent", "group:sales", "lr") }, false, false},
		{"joining the group", func() { w.must(w.dir.AddMembers(w.ctx, sales, ben.principal.ID)) }, true, false},
		{"somebody else joining", func() { w.must(w.dir.AddMembers(w.ctx, sales, clara)) }, false, false},
		{"a grant to anyone", func() { w.grant("clara", "INBOX", "anyone", "l") }, true, false},
		{"a negative right", func() { w.grant("anna", "Drafts", "-ben", "r") }, true, false},
		{"a subscription", func() { w.must(ben.Subscribe(w.ctx, "Junk")) }, true, false},
		{"a subscription of others", func() { w.must(w.as("anna").Subscribe(w.ctx, "Junk")) }, false, false},
		{"an annotation", func() { w.must(ben.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/shared/comment", []byte("x")}})) }, false, false},
		{"an own mailbox", func() { _, err := ben.Create(w.ctx, "Own", nil); w.must(err) }, true, false},
		{"flags", func() {
			_, err := w.open("ben", "INBOX").SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Seen}})
			w.must(err)
		}, false, true},
	} {
		step.do()
		if got := woken(list); got != step.list {
			t.Errorf("%s: the watch of the list woken %v", step.what, got)
		}
		if got := woken(messages); got != step.messages {
			t.Errorf("%s: the watch of messages woken %v", step.what, got)
		}
		look()
	}
}

func TestWatchAnnotations(t *testing.T) {
	w := newWorld(t)
	w.grant("anna", "INBOX", "ben", "lr")
	list := w.as("ben").Watch()
	defer list.Close()
	list.Annotations(true)
	look := func() {
		t.Helper()
		_, err := list.Mailboxes(w.ctx)
		w.must(err)
		woken(list)
	}
	for what, do := range map[string]func() error{
		"own": func() error {
			return w.as("ben").SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/private/comment", nil}})
		},
		"shared": func() error {
			return w.as("anna").SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/shared/comment", nil}})
		},
		"the server": func() error {
			return w.AsAdmin(directory.Principal{}, "test").SetMetadata(w.ctx, "", []MetadataEntry{{"/shared/comment", nil}})
		},
	} {
		look()
		w.must(do())
		if !woken(list) {
			t.Errorf("%s: not woken", what)
		}
	}
	look()
	w.must(w.as("anna").SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/private/comment", nil}}))
	if woken(list) {
		t.Error("woken by a private annotation of somebody else")
	}
}

// TestWatchCost: a watch costs few topics, however many mailboxes there are.
func TestWatchCost(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"A", "B", "C", "D/E/F", "G"} {
		_, err := w.as("anna").Create(w.ctx, name, nil)
		w.must(err)
		w.grant("anna", name, "group:sales", "lr")
		w.grant("anna", name, "ben", "lr")
	}
	list := w.as("ben").Watch()
	defer list.Close()
	_, err := list.Mailboxes(w.ctx)
	w.must(err)
	// The user, everyone, the own tree, the group, anna's tree.
	if n := len(list.topics); n != 5 {
		t.Errorf("%d topics: %q", n, list.topics)
	}
}

func TestMarks(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.grant("anna", "INBOX", "ben", "lrs")
	w.grant("anna", "Drafts", "ben", "l")
	ids := []MailboxID{w.open("anna", "INBOX").ID(), w.open("anna", "Drafts").ID(), w.open("ben", "INBOX").ID(), {Owner: 1, Num: 999}}
	marks := func() []ModSeq {
		t.Helper()
		list, err := w.as("ben").Marks(w.ctx, ids)
		w.must(err)
		return list
	}
	first := marks()
	if first[0] == 0 || first[1] != 0 || first[2] == 0 || first[3] != 0 {
		t.Errorf("marks %v", first)
	}
	seen := FlagChange{Op: AddFlags, Flags: Flags{System: Seen}}
	_, err := w.open("anna", "INBOX").SetFlags(w.ctx, uidset.Of(1), seen)
	w.must(err)
	if now := marks(); now[0] != first[0] {
		t.Errorf("ben learns of what anna has read: %v, %v", first, now)
	}
	_, err = w.open("ben", "Users/anna/INBOX").SetFlags(w.ctx, uidset.Of(1), seen)
	w.must(err)
	if now := marks(); now[0] <= first[0] || now[2] != first[2] {
		t.Errorf("marks %v after %v", now, first)
	}
}
