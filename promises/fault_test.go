package promises

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestFaults lets one operation of the disk after the other fail under a script
// of all that the engine does, until the script is not touched any more. After
// each: what was acknowledged is there, the command that failed is done or not
// done as a whole, verify finds nothing.
func TestFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault func(n int64) *fault
	}{
		{"one operation fails", func(n int64) *fault { return &fault{from: n, to: n, err: errorfs.ErrInjected} }},
		{"the disk fails", func(n int64) *fault { return &fault{from: n, to: 1 << 60, err: syscall.EIO} }},
		{"the disk is full", func(n int64) *fault { return &fault{from: n, to: 1 << 60, err: syscall.ENOSPC, writes: true} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start, hit := time.Now(), 0
			step := int64(3) // in the short form, one place of three
			if rounds(t, 0) > 0 {
				step = 1
			}
			for n := int64(1); ; n += step {
				f := tt.fault(n)
				if err := underFault(f); err != nil {
					t.Fatalf("operation %d: %v", n, err)
				}
				if !f.hit.Load() {
					break
				}
				hit++
			}
			if hit < 100 {
				t.Errorf("only %d faults were met", hit)
			}
			tried(t, "%s: %d places, %.0f s", tt.name, hit, time.Since(start).Seconds())
		})
	}
}

// A fault makes the operations from one number to another fail, counted from
// when it is armed.
type fault struct {
	from, to int64
	err      error
	writes   bool // counts only operations that write

	armed, hit atomic.Bool
	count      atomic.Int64
}

// String implements errorfs.Injector.
func (f *fault) String() string { return fmt.Sprintf("operations %d to %d: %v", f.from, f.to, f.err) }

// MaybeError implements errorfs.Injector.
func (f *fault) MaybeError(op errorfs.Op) error {
	if !f.armed.Load() || f.writes && op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	if n := f.count.Add(1); n < f.from || n > f.to {
		return nil
	}
	f.hit.Store(true)
	return f.err
}

// scriptLength is how many commands a fault is tried under; the test makes sure
// that all kinds are among them.
const scriptLength = 130

// underFault runs the script until a command fails, opens the store again, as it
// was closed and as a power cut leaves it, and compares.
func underFault(f *fault) error {
	mem := vfs.NewCrashableMem()
	b, err := open(errorfs.Wrap(mem, f))
	if err != nil {
		return err
	}
	writers, err := b.staff()
	if err != nil {
		return errors.Join(err, b.close())
	}
	f.armed.Store(true)
	err = script(b, writers)
	// Whatever Close has to say of a disk that fails, it says it after the fact.
	_ = b.close()
	f.armed.Store(false)
	if err != nil && !f.hit.Load() {
		return fmt.Errorf("without a fault: %w", err)
	}
	cut := mem.CrashClone(vfs.CrashCloneCfg{})
	for what, fs := range map[string]vfs.FS{"opened again": mem, "opened after a power cut": cut} {
		if err := compare(fs, writers); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// staff are one writer of each kind.
func (b *building) staff() ([]writer, error) {
	if err := b.settlePeople(); err != nil {
		return nil, err
	}
	writers, err := shift(b.service(), 3, 1, 1, 1)
	for _, w := range writers {
		err = errors.Join(err, w.sit(b))
	}
	return writers, err
}

// script lets the writers work, the hand most, until a command fails.
func script(b *building, writers []writer) error {
	done := map[string]bool{}
	h := writers[0].(*hand)
	for i := range scriptLength {
		w := writers[0]
		if i%4 == 3 {
			w = writers[1+i/4%(len(writers)-1)]
		}
		if err := w.turn(); err != nil {
			return err
		}
		done[h.last] = true
		if i%40 == 39 {
			if err := errors.Join(b.engine.IndexAll(background, nil), b.purgeAll()); err != nil {
				return err
			}
			for _, f := range h.acked {
				clear(f.gone)
			}
		}
	}
	for _, kind := range kinds {
		if !done[kind] {
			return fmt.Errorf("the script has no %s", kind)
		}
	}
	return nil
}

// compare opens what lies on fs and holds it against the ledgers.
func compare(fs vfs.FS, writers []writer) (err error) {
	b, err := open(fs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.check(); err != nil {
		return err
	}
	for _, w := range writers {
		if err := w.clone().settle(b); err != nil {
			return err
		}
	}
	return nil
}
