package pebblekv

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"

	"poststube/kv"
)

// failure is the one-way switch of a store whose disk has failed. After a failed
// sync nobody knows what is on the disk, and a second sync that succeeds proves
// nothing: the kernel may have dropped the pages. The only way on is to open the
// store again, which reads what is really there.
type failure struct {
	cause atomic.Pointer[error]
	hook  func(error)
	log   *slog.Logger
}

// trip switches the store off. Only the first cause counts.
func (f *failure) trip(cause error) {
	if !f.cause.CompareAndSwap(nil, &cause) {
		return
	}
	f.log.Error("kv: the store has failed and takes no more calls; restart to open it again", "cause", cause)
	if f.hook != nil {
		// Not from here: the caller may be a goroutine that Close waits for.
		go f.hook(cause)
	}
}

func (f *failure) tripped() bool { return f.cause.Load() != nil }

// err returns nil, or an error that wraps kv.ErrFailed and the cause.
func (f *failure) err() error {
	cause := f.cause.Load()
	if cause == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", kv.ErrFailed, *cause)
}

// isFull tells whether a write failed for lack of room.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// logger passes on what Pebble says. Pebble expects Fatalf not to return; here
// it does, and trips the store: then nothing that Pebble does afterwards reaches
// the disk or a client.
type logger struct {
	log     *slog.Logger
	failure *failure
}

func (l logger) Infof(format string, args ...any) {
	l.log.Debug("kv: " + fmt.Sprintf(format, args...))
}

func (l logger) Errorf(format string, args ...any) {
	l.log.Error("kv: " + fmt.Sprintf(format, args...))
}

func (l logger) Fatalf(format string, args ...any) {
	l.failure.trip(fmt.Errorf(format, args...))
}
