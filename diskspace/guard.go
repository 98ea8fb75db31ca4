// Package diskspace watches how much room a disk has left, so that a store can
// refuse to grow while it still has what it needs to shrink.
package diskspace

import (
	"sync/atomic"
	"time"
)

// A Level says what may still be written.
type Level int32

const (
	// Ample: everything may be written.
	Ample Level = iota
	// Reserve: only what frees space in the end, or is small and matters.
	Reserve
	// Exhausted: nothing; what is left is for the store itself, to compact.
	Exhausted
)

// period is how long an answer about free space is good for.
const period = time.Second

// exhaustedPart: the last eighth of the reserve is not given to anybody.
const exhaustedPart = 8

// Guard watches one disk. It asks for the free space when it is asked itself,
// at most once a second. It is safe for concurrent use.
type Guard struct {
	reserve uint64
	free    func() (uint64, error)
	start   time.Time
	// due is when free must be asked again, in nanoseconds since start.
	due   atomic.Int64
	level atomic.Int32
}

// NewGuard returns a guard that keeps a reserve of so many bytes; 0 keeps none.
// free returns the bytes that may be used on the disk; an error counts as ample,
// since a guard that is blind must not stop the mail.
func NewGuard(reserve uint64, free func() (uint64, error)) *Guard {
	return &Guard{reserve: reserve, free: free, start: time.Now()}
}

// Level returns how much room there was within the last second.
func (g *Guard) Level() Level {
	due := g.due.Load()
	if now := int64(time.Since(g.start)); now >= due && g.due.CompareAndSwap(due, now+int64(period)) {
		g.level.Store(int32(g.measure()))
	}
	return Level(g.level.Load())
}

func (g *Guard) measure() Level {
	if g.reserve == 0 {
		return Ample
	}
	switch free, err := g.free(); {
	case err != nil || free >= g.reserve:
		return Ample
	case free >= g.reserve/exhaustedPart:
		return Reserve
	}
	return Exhausted
}

// Exhaust tells the guard that a write has just failed for lack of room. It is
// believed for a second, whatever the reserve is.
func (g *Guard) Exhaust() {
	g.due.Store(int64(time.Since(g.start) + period))
	g.level.Store(int32(Exhausted))
}
