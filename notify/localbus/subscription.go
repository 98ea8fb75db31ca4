package localbus

import (
	"slices"
	"strings"
	"sync"

	"poststube/notify"
)

// subscription implements notify.Subscription. It is safe for concurrent use.
type subscription struct {
	bus *Bus
	c   chan struct{}

	mu     sync.Mutex
	seats  []*seat // by name
	closed bool
}

// Subscribe implements notify.Bus.
func (b *Bus) Subscribe() notify.Subscription {
	return &subscription{bus: b, c: make(chan struct{}, 1)}
}

func (s *subscription) C() <-chan struct{} { return s.c }

// Set joins the new topics before it leaves the old ones and keeps its seat in
// those that are in both, so that no hint falls between.
func (s *subscription) Set(topics ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	names := slices.Clone(topics)
	slices.Sort(names)
	names = slices.Compact(names)
	seats := make([]*seat, 0, len(names))
	for _, name := range names {
		if i, held := s.find(name); held {
			seats = append(seats, s.seats[i])
		} else {
			seats = append(seats, s.bus.join(name, s.c))
		}
	}
	for _, old := range s.seats {
		if _, stays := slices.BinarySearch(names, old.name); !stays {
			s.bus.leave(old)
		}
	}
	s.seats = seats
}

// find looks for the seat in a topic.
func (s *subscription) find(name string) (int, bool) {
	return slices.BinarySearchFunc(s.seats, name, func(x *seat, name string) int {
		return strings.Compare(x.name, name)
	})
}

// Close implements notify.Subscription.
func (s *subscription) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seat := range s.seats {
		s.bus.leave(seat)
	}
	s.seats = nil
	s.closed = true
}
