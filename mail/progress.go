package mail

import (
	"context"
	"sync/atomic"
)

// A Progress is how far an operation has come, for those who wait for it. It may
// be read while the operation goes on. The goal can grow, when a further phase
// begins.
type Progress struct{ done, goal atomic.Int64 }

type progressKey struct{}

// WithProgress returns a context whose operations count in p how many messages
// they have looked at. Only what reads each message by itself counts: searches
// in texts, and what SORT and THREAD read for the first time.
func WithProgress(ctx context.Context, p *Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// Counted returns how many of how many messages are done. Both are 0 while
// nothing is counted.
func (p *Progress) Counted() (done, goal int64) { return p.done.Load(), p.goal.Load() }

// progressOf returns the Progress of a context, which may be nil.
func progressOf(ctx context.Context) *Progress {
	p, _ := ctx.Value(progressKey{}).(*Progress)
	return p
}

// Count says that goal more messages will be looked at and done more of them were.
func (p *Progress) Count(done, goal int) {
	if p != nil {
		p.done.Add(int64(done))
		p.goal.Add(int64(goal))
	}
}
