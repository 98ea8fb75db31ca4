package mail

import (
	"context"
	"time"
)

// Work that nobody waits for, such as indexing, stays out of the way of mail that
// comes in: after each slice in which others wrote too it rests as long as the
// slice took. Beside readers it does not rest: what it does for a mailbox that was
// just filled makes their searches fast, and the sooner the better.
const paceSlice = 10 * time.Millisecond

// A pace is kept by one goroutine that works in the background.
type pace struct {
	engine *Engine
	rests  bool
	since  time.Time // when the slice began
	writes uint64    // of the engine when the slice began
}

// newPace begins work that rests beside writers, or does not.
func (e *Engine) newPace(rests bool) *pace {
	return &pace{engine: e, rests: rests, since: time.Now(), writes: e.writes.Load()}
}

// step is called between pieces of work of a few milliseconds, which must not write
// by the engine. It returns the error of ctx if that ends first.
func (p *pace) step(ctx context.Context) error {
	took := time.Since(p.since)
	if took < paceSlice {
		return ctx.Err()
	}
	if p.rests && p.engine.writes.Load() != p.writes {
		rest := time.NewTimer(min(took, time.Second))
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.since, p.writes = time.Now(), p.engine.writes.Load()
	return ctx.Err()
}
