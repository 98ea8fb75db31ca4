package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"poststube/kv"
)

// KVFaults lets one operation of the file system after the other fail under a
// kv.DB: once, as a bad sector does, and from then on, as a full disk does. A
// store may fail for good then; but whatever was acknowledged must be there when
// it is opened again, and what was not must not be there in part.
func KVFaults(t *testing.T, open OpenKV) {
	tests := []struct {
		name  string
		fault func(n int64) *fault
	}{
		{"one operation fails", func(n int64) *fault {
			return &fault{from: n, to: n, err: errorfs.ErrInjected}
		}},
		{"writing fails from one operation on", func(n int64) *fault {
			return &fault{from: n, to: 1 << 60, err: syscall.EIO, writes: true}
		}},
		{"the disk is full from one operation on", func(n int64) *fault {
			return &fault{from: n, to: 1 << 60, err: syscall.ENOSPC, writes: true}
		}},
		{"the disk is full for a while", func(n int64) *fault {
			return &fault{from: n, to: n + 20, err: syscall.ENOSPC, writes: true}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tried, n, step := 0, int64(1), int64(0)
			for limit := points(t, 60); tried < limit; tried++ {
				f := test.fault(n)
				if err := withFault(open, f); err != nil {
					t.Fatalf("operation %d: %v", n, err)
				}
				if !f.hit.Load() {
					break
				}
				// Without $POSTSTUBE_LONG the first operations, those of opening
				// the store, are tried one by one and the later ones in ever
				// larger steps.
				if limit < 1000 {
					step = n / 10
				}
				n += 1 + step
			}
			t.Logf("%d faults, up to operation %d", tried, n)
			if tried < 20 {
				t.Errorf("only %d operations were tried", tried)
			}
		})
	}
}

// fault makes the operations from one number to another fail.
type fault struct {
	from, to int64
	err      error
	writes   bool // counts only operations that write

	count atomic.Int64
	off   atomic.Bool
	hit   atomic.Bool
}

// String implements errorfs.Injector.
func (f *fault) String() string { return fmt.Sprintf("operations %d to %d: %v", f.from, f.to, f.err) }

// MaybeError implements errorfs.Injector.
func (f *fault) MaybeError(op errorfs.Op) error {
	if f.off.Load() || f.writes && op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	if n := f.count.Add(1); n < f.from || n > f.to {
		return nil
	}
	f.hit.Store(true)
	return f.err
}

const (
	faultWriters = 3
	faultUpdates = 150
)

// withFault runs a load on a store with a fault, opens the store again without
// it, once as it was closed and once as a power cut leaves it, and compares.
func withFault(open OpenKV, f *fault) error {
	mem := vfs.NewCrashableMem()
	var acked [faultWriters]int
	db, err := open(errorfs.Wrap(mem, f))
	if err == nil {
		err = faultLoad(db, &acked)
		f.off.Store(true) // closing may take as long as it fails
		// Whatever Close has to say, it says it after the fact.
		_ = db.Close()
	}
	f.off.Store(true)
	if err != nil && !f.hit.Load() {
		return fmt.Errorf("without a fault: %w", err)
	}
	cut := mem.CrashClone(vfs.CrashCloneCfg{})
	for what, fs := range map[string]vfs.FS{"opened again": mem, "opened after a power cut": cut} {
		if err := faultAudit(open, fs, &acked); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// faultLoad runs writers until each is done or has met an error.
func faultLoad(db kv.DB, acked *[faultWriters]int) error {
	var wg sync.WaitGroup
	var errs [faultWriters]error
	for w := range faultWriters {
		wg.Go(func() {
			body := make([]byte, 6<<10)
			for i := 1; i <= faultUpdates; i++ {
				errs[w] = db.Update(context.Background(), []string{fmt.Sprint(w)}, func(tx kv.Tx) error {
					body[i]++ // not all the same
					return errors.Join(setNumber(tx, fmt.Sprintf("w%d/0", w), uint64(i)),
						tx.Set(fmt.Appendf(nil, "body%d/%d", w, i%7), body),
						setNumber(tx, fmt.Sprintf("w%d/1", w), uint64(i)))
				})
				if errs[w] != nil {
					return
				}
				acked[w] = i
				errs[w] = db.View(context.Background(), func(r kv.Reader) error {
					if n, err := number(r, fmt.Sprintf("w%d/0", w)); err != nil || n != uint64(i) {
						return fmt.Errorf("read %d after writing %d: %w", n, i, err)
					}
					return nil
				})
				if errs[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

func faultAudit(open OpenKV, fs vfs.FS, acked *[faultWriters]int) (err error) {
	db, err := open(fs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(context.Background(), func(r kv.Reader) error {
		for w := range faultWriters {
			first, err1 := number(r, fmt.Sprintf("w%d/0", w))
			second, err2 := number(r, fmt.Sprintf("w%d/1", w))
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			if first != second {
				return fmt.Errorf("torn update of writer %d: %d and %d", w, first, second)
			}
			if first < uint64(acked[w]) || first > uint64(acked[w])+1 {
				return fmt.Errorf("writer %d is at %d, %d was acknowledged", w, first, acked[w])
			}
		}
		return nil
	})
	if c, ok := db.(checker); ok && err == nil {
		err = c.Check(context.Background())
	}
	return err
}
