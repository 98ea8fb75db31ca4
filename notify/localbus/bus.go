// Package localbus is the notify.Bus within one process.
//
// A subscription is a channel of capacity one; publishing puts a value into the
// channels that are empty. There is no goroutine and no queue per subscriber, so
// a slow one costs nothing and delays nobody.
package localbus

import (
	"hash/maphash"
	"sync"

	"poststube/notify"
)

// busShards is the number of independently locked parts of the topic table, so
// that a large fan-out holds up few others.
const busShards = 64

// Bus is a notify.Bus. It is safe for concurrent use.
type Bus struct {
	seed   maphash.Seed
	shards [busShards]shard
}

var _ notify.Bus = (*Bus)(nil)

type shard struct {
	mu     sync.RWMutex
	topics map[string]*topic
}

// topic lists who waits for it; it exists while somebody does.
type topic struct {
	seats []*seat
}

// seat is the place of one subscription in one topic. It knows its index, so
// that leaving a topic of thousands is as cheap as leaving one of two.
type seat struct {
	name  string
	c     chan struct{}
	index int
}

// New returns a bus without subscribers.
func New() *Bus {
	b := &Bus{seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i].topics = make(map[string]*topic)
	}
	return b
}

func (b *Bus) shard(name string) *shard {
	return &b.shards[maphash.String(b.seed, name)%busShards]
}

// Publish implements notify.Bus.
func (b *Bus) Publish(topics ...string) {
	for _, name := range topics {
		b.shard(name).publish(name)
	}
}

func (s *shard) publish(name string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.topics[name]
	if t == nil {
		return
	}
	for _, seat := range t.seats {
		select {
		case seat.c <- struct{}{}:
		default: // a hint is waiting already
		}
	}
}

func (b *Bus) join(name string, c chan struct{}) *seat {
	s := b.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[name]
	if t == nil {
		t = &topic{}
		s.topics[name] = t
	}
	seat := &seat{name: name, c: c, index: len(t.seats)}
	t.seats = append(t.seats, seat)
	return seat
}

func (b *Bus) leave(seat *seat) {
	s := b.shard(seat.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[seat.name]
	last := len(t.seats) - 1
	moved := t.seats[last]
	t.seats[seat.index], moved.index = moved, seat.index
	t.seats[last] = nil
	t.seats = t.seats[:last]
	if last == 0 {
		delete(s.topics, seat.name)
	}
}
