package house

import (
	"context"
	"sync/atomic"
	"time"

	"poststube/kv"
)

// A slowDB is a store that takes its time to be read.
type slowDB struct {
	kv.DB
	delay atomic.Int64 // nanoseconds
}

// View implements kv.DB.
func (s *slowDB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if d := time.Duration(s.delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.DB.View(ctx, fn)
}
