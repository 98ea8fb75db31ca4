package pebblekv

import (
	"sync"
	"sync/atomic"
)

// horizon knows which commits are settled, that is, durable or known to have
// failed. Each commit takes a ticket before it can become visible and settles it
// after its sync. Tickets below low are all settled.
//
// A View must not report what a crash could take back. It notes, right after it
// took its snapshot, how many tickets were given out: whatever the snapshot
// shows has a ticket below that mark. When fn is done it waits until low has
// reached the mark. In a quiet store that is a comparison of two counters.
//
// A commit that took its ticket and is not yet in the snapshot is waited for in
// vain; that costs at most the time of one sync.
type horizon struct {
	issued atomic.Uint64 // tickets given out
	low    atomic.Uint64 // all tickets < low are settled

	mu sync.Mutex
	// open are the tickets from low on: open[i] is ticket low+i.
	open []ticketState
}

type ticketState struct {
	settled bool
	// waiters is closed when this ticket and all before it are settled; it is
	// nil while nobody waits.
	waiters chan struct{}
}

// begin gives out the ticket of a commit that is about to be applied.
func (h *horizon) begin() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = append(h.open, ticketState{})
	ticket := h.issued.Load()
	h.issued.Store(ticket + 1)
	return ticket
}

// settle says that the outcome of the ticket's commit is known.
func (h *horizon) settle(ticket uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	low := h.low.Load()
	h.open[ticket-low].settled = true
	n := 0
	for n < len(h.open) && h.open[n].settled {
		if w := h.open[n].waiters; w != nil {
			close(w)
		}
		n++
	}
	if n == 0 {
		return
	}
	// The rest is moved to the front so that the array is used again; it is as
	// long as there are commits in flight.
	rest := copy(h.open, h.open[n:])
	clear(h.open[rest:])
	h.open = h.open[:rest]
	h.low.Store(low + uint64(n))
}

// mark returns the number of tickets given out so far.
func (h *horizon) mark() uint64 { return h.issued.Load() }

// wait returns when all tickets below mark are settled. It cannot be interrupted:
// the caller has an answer in hand that is true only afterwards, and a sync ends
// or fails soon.
func (h *horizon) wait(mark uint64) {
	if h.low.Load() >= mark {
		return
	}
	h.mu.Lock()
	low := h.low.Load()
	if low >= mark {
		h.mu.Unlock()
		return
	}
	last := &h.open[mark-1-low]
	if last.waiters == nil {
		last.waiters = make(chan struct{})
	}
	done := last.waiters
	h.mu.Unlock()
	<-done
}
