package localbus_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"poststube/notify"
	"poststube/notify/localbus"
	"poststube/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Notify(t, func(testing.TB) notify.Bus { return localbus.New() })
}

// TestNoGoroutines: ten thousand subscriptions are so many channels and nothing
// that runs.
func TestNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	b := localbus.New()
	for i := range 10_000 {
		s := b.Subscribe()
		s.Set(fmt.Sprint("user", i), "group")
		defer s.Close()
	}
	b.Publish("group")
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines more", after-before)
	}
}

// BenchmarkPublish wakes the watchers of one topic. "asleep" is the usual
// case: each watcher waits in a goroutine and has to be woken.
func BenchmarkPublish(b *testing.B) {
	for _, watchers := range []int{1, 200, 2000} {
		b.Run(fmt.Sprintf("asleep/watchers=%d", watchers), func(b *testing.B) {
			bus := localbus.New()
			var awake sync.WaitGroup
			var running sync.WaitGroup
			var stop atomic.Bool
			for range watchers {
				s := bus.Subscribe()
				s.Set("group", "own")
				running.Go(func() {
					for {
						<-s.C()
						if stop.Load() {
							s.Close()
							return
						}
						awake.Done()
					}
				})
			}
			for b.Loop() {
				awake.Add(watchers)
				bus.Publish("group")
				b.StopTimer()
				awake.Wait()
				b.StartTimer()
			}
			stop.Store(true)
			bus.Publish("group")
			running.Wait()
		})
		b.Run(fmt.Sprintf("busy/watchers=%d", watchers), func(b *testing.B) {
			bus := localbus.New()
			for range watchers {
				s := bus.Subscribe()
				s.Set("group", "own")
				defer s.Close()
			}
			b.ReportAllocs()
			for b.Loop() {
				bus.Publish("group")
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	bus := localbus.New()
	for range 10_000 {
		s := bus.Subscribe()
		s.Set("group", "own")
		defer s.Close()
	}
	s := bus.Subscribe()
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		s.Set("group", "other")
		s.Set("group")
	}
}
