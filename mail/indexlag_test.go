package mail

import (
	"testing"
	"time"
)

// TestIndexLag: whose emails wait counts, and how long, until they are indexed; the
// one that is being indexed waits too.
func TestIndexLag(t *testing.T) {
	w := newWorld(t)
	expect := func(when string, wantOwners int, wantLag time.Duration) {
		t.Helper()
		if owners, lag := w.IndexLag(); owners != wantOwners || lag != wantLag {
			t.Errorf("%s: %d owners, %v, want %d, %v", when, owners, lag, wantOwners, wantLag)
		}
	}
	expect("empty", 0, 0)
	w.deliver("anna", "one")
	w.now = w.now.Add(20 * time.Second)
	w.deliver("anna", "two")
	w.deliver("ben", "three")
	expect("three emails", 2, 20*time.Second)
	w.now = w.now.Add(15 * time.Second)
	owners, wait := w.indexer.due(w.now)
	if len(owners) != 1 || owners[0] != w.person("anna").ID || wait != 15*time.Second {
		t.Fatalf("due are %v, the next in %v", owners, wait)
	}
	expect("while anna's are indexed", 2, 35*time.Second)
	w.indexer.done(owners[0])
	expect("when they are", 1, 15*time.Second)
}
