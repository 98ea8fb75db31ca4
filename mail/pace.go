package mail

import (
	"context"
	"time"
)

// Work that nobody waits for, such as indexing, stays out of the way of those who
// wait: after each slice of it that others spent working too, it rests three times
// as long as the slice took. When nobody works it does not rest at all.
const (
	paceSlice = 10 * time.Millisecond
	paceRest  = 3
)

// A pace is kept by one goroutine that works in the background.
type pace struct {
	engine *Engine
	since  time.Time // when the slice began
	calls  uint64    // of the engine when the slice began
	own    uint64    // calls that the work itself makes in the slice
}

func (e *Engine) newPace() *pace {
	return &pace{engine: e, since: time.Now(), calls: e.calls.Load()}
}

// step is called between pieces of work of a few milliseconds, each of which calls
// the engine own times. It returns the error of ctx if that ends first.
func (p *pace) step(ctx context.Context, own uint64) error {
	p.own += own
	took := time.Since(p.since)
	if took < paceSlice {
		return ctx.Err()
	}
	if p.engine.calls.Load()-p.calls > p.own {
		rest := time.NewTimer(min(paceRest*took, time.Second))
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.since, p.calls, p.own = time.Now(), p.engine.calls.Load(), 0
	return ctx.Err()
}
