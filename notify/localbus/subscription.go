package localbus

import (
	"slices"
	"sync"

	"poststube/notify"
)

// subscription implements notify.Subscription. It is safe for concurrent use.
type subscription struct {
	bus *Bus
	c   chan struct{}

	mu     sync.Mutex
	seats  []*seat
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
	seats := make([]*seat, 0, len(topics))
	for i, name := range topics {
		if slices.Contains(topics[:i], name) {
			continue
		}
		held := slices.IndexFunc(s.seats, func(x *seat) bool { return x != nil && x.name == name })
		if held < 0 {
			seats = append(seats, s.bus.join(name, s.c))
			continue
		}
		seats = append(seats, s.seats[held])
		s.seats[held] = nil
	}
	s.leave()
	s.seats = seats
}

// Close implements notify.Subscription.
func (s *subscription) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
	s.seats = nil
	s.closed = true
}

func (s *subscription) leave() {
	for _, seat := range s.seats {
		if seat != nil {
			s.bus.leave(seat)
		}
	}
}
