package mail

import (
	"fmt"
	"strings"
	"testing"
)

// TestMailboxLimits: mailboxes of an owner, names, and keywords of a mailbox at their
// limits, and one beyond, with its kind; what is there already goes on to work.
func TestMailboxLimits(t *testing.T) {
	w := newWorld(t)
	anna := w.As(w.person("anna"), Origin{Protocol: "test"})
	list, err := anna.Mailboxes(w.ctx)
	w.must(err)
	w.Engine.config.MaxMailboxes, w.Engine.config.MaxKeywords = len(list)+3, 4
	for i := range 3 {
		_, err := anna.Create(w.ctx, fmt.Sprintf("m%d", i), nil)
		w.must(err)
	}
	if _, err := anna.Create(w.ctx, "m3", nil); KindOf(err) != Limit {
		t.Errorf("one mailbox too many: %v", err)
	}
	if _, err := anna.Create(w.ctx, "m3/m4/m5", nil); KindOf(err) != Limit {
		t.Errorf("three mailboxes too many: %v", err)
	}
	w.must(anna.Rename(w.ctx, "m2", "m9"))
	w.must(anna.Delete(w.ctx, "m9"))
	_, err = anna.Create(w.ctx, "m3", nil)
	w.must(err)
	w.must(anna.Delete(w.ctx, "m3"))

	for name, kind := range map[string]Kind{
		strings.Repeat("x", maxLevelOctets): Exists, strings.Repeat("x", maxLevelOctets+1): Invalid,
		strings.Repeat("ü", 127) + "x": Exists, strings.Repeat("ü", 128): Invalid,
	} {
		_, err := anna.Create(w.ctx, name, nil)
		if kind == Invalid && KindOf(err) != Invalid || kind == Exists && err != nil {
			t.Errorf("a name of %d octets: %v", len(name), err)
		}
		if err == nil {
			w.must(anna.Delete(w.ctx, name))
		}
	}

	up, err := w.Upload(w.ctx, strings.NewReader("A: b\r\n\r\n"), 8)
	w.must(err)
	_, err = anna.Append(w.ctx, "INBOX", []NewMessage{{Upload: up, Flags: Flags{Keywords: []string{"a", "b", "c", "d"}}}})
	w.must(err)
	box, err := anna.Open(w.ctx, "INBOX")
	w.must(err)
	state, err := box.State(w.ctx, false)
	w.must(err)
	change := func(words ...string) error {
		_, err := box.SetFlags(w.ctx, state.UIDs, FlagChange{Op: AddFlags, Flags: Flags{Keywords: words}})
		return err
	}
	if err := change("e"); KindOf(err) != Limit {
		t.Errorf("a fifth keyword: %v", err)
	}
	w.must(change("D", "a")) // is there
	if err := change(strings.Repeat("k", maxKeyword+1)); KindOf(err) != Invalid {
		t.Errorf("a keyword of %d octets: %v", maxKeyword+1, err)
	}
}
