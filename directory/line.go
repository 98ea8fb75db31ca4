package directory

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// A line is where key derivations wait for a processor, so that a flood of logins
// does not take 19 MiB for each. Networks take turns, and the logins of one among
// themselves: whoever floods from few addresses waits behind himself, and a login
// from elsewhere waits for one derivation of each network before it.
type line struct {
	mu     sync.Mutex
	free   int
	queues []*queue // of networks with logins that wait, next first
	ran    uint64   // derivations so far
}

// A queue is the logins of a network that wait; each channel is closed when it is
// its turn.
type queue struct {
	from  netip.Prefix
	waits []chan struct{}
}

func newLine(places int) *line { return &line{free: places} }

// acquire waits for the right to run a key derivation for somebody from a network;
// release must follow. The zero Prefix is this machine itself.
func (l *line) acquire(ctx context.Context, from netip.Prefix) error {
	turn := make(chan struct{})
	l.mu.Lock()
	at := slices.IndexFunc(l.queues, func(q *queue) bool { return q.from == from })
	if at < 0 {
		at = len(l.queues)
		l.queues = append(l.queues, &queue{from: from})
	}
	l.queues[at].waits = append(l.queues[at].waits, turn)
	l.handOut()
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.withdraw(from, turn)
		return ctx.Err()
	}
}

// release ends what acquire has begun.
func (l *line) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free++
	l.handOut()
}

// handOut lets those go who are next. A network that was served goes behind all
// others.
func (l *line) handOut() {
	for l.free > 0 && len(l.queues) > 0 {
		q := l.queues[0]
		close(q.waits[0])
		q.waits = q.waits[1:]
		l.queues = l.queues[1:]
		if len(q.waits) > 0 {
			l.queues = append(l.queues, q)
		}
		l.free--
		l.ran++
	}
}

// withdraw takes a login out of the line, or gives back the place that it has got
// meanwhile.
func (l *line) withdraw(from netip.Prefix, turn chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.queues {
		at := slices.Index(q.waits, turn)
		if q.from != from || at < 0 {
			continue
		}
		if q.waits = slices.Delete(q.waits, at, at+1); len(q.waits) == 0 {
			l.queues = slices.Delete(l.queues, i, i+1)
		}
		return
	}
	l.free++
	l.ran-- // it has not run
	l.handOut()
}

// count returns how many derivations have run.
func (l *line) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ran
}
