package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"poststube/notify"
)

// Notify runs the conformance suite of notify.Bus. open returns a bus without
// subscribers. A bus between processes may deliver late; it must be opened with a
// transport within the process for this suite.
func Notify(t *testing.T, open func(testing.TB) notify.Bus) {
	tests := []struct {
		name string
		run  func(*testing.T, notify.Bus)
	}{
		{"A hint wakes the subscribers of its topic", testNotifyTopics},
		{"Hints wait and merge", testNotifyMerge},
		{"A hint of several topics is one", testNotifySeveral},
		{"Set replaces the topics and keeps what waits", testNotifySet},
		{"Set loses no hint of a topic that stays", testNotifySetRace},
		{"Close ends a subscription", testNotifyClose},
		{"Publish does not block", testNotifyNeverBlocks},
		{"No change is missed", testNotifyNoneMissed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test.run(t, open(t)) })
		})
	}
}

// hinted tells whether a hint is waiting, and takes it.
func hinted(s notify.Subscription) bool {
	synctest.Wait()
	select {
	case <-s.C():
		return true
	default:
		return false
	}
}

func wantHint(t testing.TB, s notify.Subscription, want bool, when string) {
	t.Helper()
	if got := hinted(s); got != want {
		t.Errorf("%s: hint is %v, want %v", when, got, want)
	}
}

func subscribe(t testing.TB, b notify.Bus, topics ...string) notify.Subscription {
	s := b.Subscribe()
	s.Set(topics...)
	t.Cleanup(s.Close)
	return s
}

func testNotifyTopics(t *testing.T, b notify.Bus) {
	none, anna := subscribe(t, b), subscribe(t, b, "anna")
	both, ben := subscribe(t, b, "anna", "ben"), subscribe(t, b, "ben")
	b.Publish("anna")
	wantHint(t, anna, true, "anna is published, for anna")
	wantHint(t, both, true, "anna is published, for anna and ben")
	wantHint(t, ben, false, "anna is published, for ben")
	wantHint(t, none, false, "anna is published, for nobody")
	b.Publish("clara")
	b.Publish()
	for _, s := range []notify.Subscription{none, anna, both, ben} {
		wantHint(t, s, false, "a topic without subscribers")
	}
}

func testNotifyMerge(t *testing.T, b notify.Bus) {
	s := subscribe(t, b, "anna")
	for range 100 {
		b.Publish("anna")
	}
	wantHint(t, s, true, "after many hints")
	wantHint(t, s, false, "after the merged hint was taken")
	b.Publish("anna")
	wantHint(t, s, true, "after another hint")
}

func testNotifySeveral(t *testing.T, b notify.Bus) {
	s := subscribe(t, b, "anna", "ben", "anna")
	b.Publish("ben", "anna", "clara")
	wantHint(t, s, true, "a hint of three topics")
	wantHint(t, s, false, "after it was taken")
}

func testNotifySet(t *testing.T, b notify.Bus) {
	s := subscribe(t, b, "anna", "ben")
	b.Publish("anna")
	s.Set("clara")
	wantHint(t, s, true, "a hint from before Set")
	b.Publish("anna", "ben")
	wantHint(t, s, false, "topics that were left")
	b.Publish("clara")
	wantHint(t, s, true, "the new topic")
	s.Set()
	b.Publish("clara")
	wantHint(t, s, false, "without topics")
	s.Set("anna")
	b.Publish("anna")
	wantHint(t, s, true, "a topic that comes back")
	s.Set("anna", "ben", "anna")
	s.Set("ben", "clara")
	s.Set("clara", "ben")
	s.Set("clara")
	b.Publish("anna", "ben")
	wantHint(t, s, false, "a topic that was kept once and then left")
	b.Publish("clara")
	wantHint(t, s, true, "a topic that was kept")
}

// testNotifySetRace publishes one topic while the others change again and
// again.
func testNotifySetRace(t *testing.T, b notify.Bus) {
	s := subscribe(t, b, "stays")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				s.Set(fmt.Sprint("topic", i), "stays", fmt.Sprint("topic", i+1))
			}
		}
	})
	for range 1000 {
		b.Publish("stays")
		<-s.C() // a lost hint is a deadlock, which the bubble reports
	}
	close(stop)
	wg.Wait()
}

func testNotifyClose(t *testing.T, b notify.Bus) {
	s, other := subscribe(t, b, "anna"), subscribe(t, b, "anna")
	s.Close()
	b.Publish("anna")
	wantHint(t, s, false, "a closed subscription")
	wantHint(t, other, true, "another one of the same topic")
	s.Set("anna")
	b.Publish("anna")
	wantHint(t, s, false, "Set after Close")
	s.Close()
}

func testNotifyNeverBlocks(t *testing.T, b notify.Bus) {
	idle := make([]notify.Subscription, 100)
	for i := range idle {
		idle[i] = subscribe(t, b, "anna")
	}
	for range 1000 {
		b.Publish("anna", "anna") // nobody receives; a block is a deadlock
	}
	for i, s := range idle {
		if !hinted(s) {
			t.Errorf("subscriber %d has no hint", i)
		}
	}
}

// testNotifyNoneMissed is how the server uses the bus: commits count up, then
// publish; sessions read the count when they are woken, and must end at the last.
func testNotifyNoneMissed(t *testing.T, b notify.Bus) {
	const topics, commits, sessions = 4, 200, 20
	var count [topics]atomic.Int64
	var wg sync.WaitGroup
	for i := range sessions {
		s := subscribe(t, b, fmt.Sprint("topic", i%topics), fmt.Sprint("topic", (i+1)%topics))
		wg.Go(func() {
			for count[i%topics].Load() < commits || count[(i+1)%topics].Load() < commits {
				<-s.C()
			}
		})
	}
	for i := range topics {
		wg.Go(func() {
			for range commits {
				count[i].Add(1)
				b.Publish(fmt.Sprint("topic", i))
			}
		})
	}
	wg.Wait()
}
