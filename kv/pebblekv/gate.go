package pebblekv

import "sync/atomic"

// gate lets calls in until it is closed, and lets Close wait for those that are
// inside. Unlike a sync.RWMutex it never holds up a call: one that comes within
// another while the store is being closed is refused, and both end.
type gate struct {
	inside atomic.Int64
	closed atomic.Bool
	idle   chan struct{} // gets a value when the last call leaves a closed gate
}

func newGate() gate { return gate{idle: make(chan struct{}, 1)} }

// enter returns false if the gate is closed; otherwise leave must follow.
func (g *gate) enter() bool {
	g.inside.Add(1)
	if g.closed.Load() {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.inside.Add(-1) == 0 && g.closed.Load() {
		select {
		case g.idle <- struct{}{}:
		default:
		}
	}
}

// close shuts the gate and returns when nobody is inside. It returns false if it
// was shut before.
func (g *gate) close() bool {
	if g.closed.Swap(true) {
		return false
	}
	for g.inside.Load() > 0 {
		<-g.idle
	}
	return true
}
