package mail

import (
	"strings"
	"testing"
	"time"
)

// TestInterruptedRemoval: whoever has left the directory while mail and rights are
// still there has not damaged the store, and the next purge finishes it.
func TestInterruptedRemoval(t *testing.T) {
	w := newWorld(t)
	w.deliver("ben", "one")
	w.grant("anna", "INBOX", "ben", "lr")
	ben := w.person("ben")
	w.must(w.Retire(w.ctx, ben))
	w.must(w.dir.Remove(w.ctx, ben.ID))
	if problems := w.problems(); len(problems) > 0 {
		t.Errorf("verify says %q", problems)
	}
	_, err := w.Purge(w.ctx, PurgeOptions{})
	w.must(err)
	if owners, err := w.owners(w.ctx); err != nil || len(owners) != 1 || owners[0] != w.person("anna").ID {
		t.Errorf("after the purge there is mail of %v, %v", owners, err)
	}
	if list, err := w.as("anna").ACL(w.ctx, "INBOX"); err != nil || len(list) != 1 {
		t.Errorf("after the purge there are rights %+v, %v", list, err)
	}
	if left, err := w.retired(w.ctx); err != nil || len(left) > 0 {
		t.Errorf("still leaving: %v, %v", left, err)
	}
}

// TestPurgeKeepsWhatIsNotRetired: what belongs to somebody whom the directory does
// not know, without having been told to forget, is reported and not removed. The
// annotations of the server belong to nobody and stay.
func TestPurgeKeepsWhatIsNotRetired(t *testing.T) {
	w := newWorld(t)
	w.deliver("ben", "one")
	note := []MetadataEntry{{"/shared/comment", []byte("closed on Sunday")}}
	w.must(w.AsAdmin(w.person("anna"), "test").SetMetadata(w.ctx, "", note))
	ben := w.person("ben")
	w.must(w.Retire(w.ctx, ben))
	w.must(w.Reinstate(w.ctx, ben))
	w.must(w.dir.Remove(w.ctx, ben.ID))
	w.now = w.now.Add(1000 * time.Hour)
	_, err := w.Purge(w.ctx, PurgeOptions{Deleted: w.now, Log: w.now})
	w.must(err)
	if problems := strings.Join(w.problems(), "\n"); !strings.Contains(problems, "belongs to nobody") {
		t.Errorf("verify says %q", problems)
	}
	list, err := w.as("anna").Metadata(w.ctx, "")
	w.must(err)
	if len(list) != 1 || string(list[0].Value) != "closed on Sunday" {
		t.Errorf("after the purge the server has annotations %v", list)
	}
}

// problems are what verify finds.
func (w *world) problems() (list []string) {
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		w.must(err)
		list = append(list, p.Text)
	}
	return list
}
