package mail

import (
	"sync"
	"testing"

	"poststube/uidset"
)

// TestUnseenIsNeverStale lets ben see and unsee messages in anna's mailbox, and
// anna put more there, while others ask for ben's numbers all the time: once a
// change is answered, the numbers show it.
func TestUnseenIsNeverStale(t *testing.T) {
	w := newWorld(t)
	const messages = 20
	for range messages {
		w.deliver("anna", "one")
	}
	w.grant("anna", "INBOX", "ben", "lrs")
	ben := w.as("ben")
	status := func() Status {
		s, err := ben.Status(w.ctx, "Users/anna/INBOX", WantAllStatus)
		w.must(err)
		return s
	}
	done := make(chan struct{})
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, err := ben.Status(w.ctx, "Users/anna/INBOX", WantAllStatus); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	box := w.open("ben", "Users/anna/INBOX")
	last := status().HighestModSeq
	exists := uint32(messages)
	for i := range 100 {
		op, seen := AddFlags, uint32(1)
		if i%2 == 1 {
			op, seen = RemoveFlags, 0
		}
		_, err := box.SetFlags(w.ctx, uidset.Of(uint32(i/2%messages+1)), FlagChange{Op: op, Flags: Flags{System: Seen}})
		w.must(err)
		if i%10 == 9 {
			w.deliver("anna", "more")
			exists++
		}
		s := status()
		if s.Unseen != exists-seen || s.HighestModSeq <= last {
			t.Fatalf("step %d: %d unseen of %d, modseq %d after %d", i, s.Unseen, exists, s.HighestModSeq, last)
		}
		last = s.HighestModSeq
	}
	close(done)
	asking.Wait()
	if n := len(w.personals.pending); n != 0 {
		t.Errorf("%d changes have never ended", n)
	}
}

// TestPersonals is the order of events in which something old must not be kept.
func TestPersonals(t *testing.T) {
	k := personalKey{MailboxID{1, 2}, 3}
	var p personals
	put := func(began uint64) bool {
		p.put(k, personal{private: 7}, began)
		_, ok := p.get(k, p.clock.Load())
		return ok
	}
	before := p.clock.Load()
	if !put(before) {
		t.Error("is not kept")
	}
	p.begin(k)
	if put(before) || put(p.clock.Load()) {
		t.Error("is kept while it is being changed")
	}
	during := p.clock.Load()
	p.end(k)
	if put(before) || put(during) {
		t.Error("is kept although it was read before the change ended")
	}
	if !put(p.clock.Load()) {
		t.Error("is not kept after the change")
	}
	if _, ok := p.get(k, during); ok {
		t.Error("a snapshot of before the change sees what came after it")
	}
}
