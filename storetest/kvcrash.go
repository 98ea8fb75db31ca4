package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/kv"
)

// OpenKV opens the kv.DB on a file system, with what an earlier one left there.
type OpenKV func(fs vfs.FS) (kv.DB, error)

// checker is a store that can check itself.
type checker interface {
	Check(ctx context.Context) error
}

// KVCrash cuts the power of a kv.DB at random moments under load and opens what
// is left. Every update that was acknowledged must be there, none in part, and
// everything that a View has shown before it returned.
func KVCrash(t *testing.T, open OpenKV) {
	n := points(t, 150)
	if err := kvCrash(open, n); err != nil {
		t.Error(err)
	}
	t.Logf("tried: %d cuts of power under %d writers", n, crashWriters)
}

const (
	crashWriters = 6
	crashParts   = 5
)

// ledger notes what was promised: for each writer the newest generation whose
// update was acknowledged, and the newest that a View has shown.
type ledger struct {
	acked, shown [crashWriters]atomic.Uint64
	shared       atomic.Uint64 // acknowledged increments of the shared counter
	events       atomic.Uint64
	// load is held for writing while a crash is examined: the load rests then.
	load sync.RWMutex
}

// kvCrash returns the first broken promise.
func kvCrash(open OpenKV, crashes int) error {
	rng := rand.New(rand.NewPCG(uint64(crashes), 7))
	fs := newPowerFS()
	db, err := open(fs)
	if err != nil {
		return err
	}
	var book ledger
	ctx, stop := context.WithCancel(context.Background())
	errs := make(chan error, 2*crashWriters)
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() { errs <- book.write(ctx, db, w) })
		wg.Go(func() { errs <- book.read(ctx, db, w) })
	}
	var problem error
	for range crashes {
		// The next crash comes after a random number of acknowledgements.
		for target := book.events.Load() + rng.Uint64N(20); book.events.Load() < target && problem == nil; {
			select {
			case problem = <-errs:
			default:
				yield()
			}
		}
		if problem != nil {
			break
		}
		if problem = book.audit(open, fs, rng); problem != nil {
			break
		}
	}
	stop()
	wg.Wait()
	problem = errors.Join(problem, db.Close())
	close(errs)
	for err := range errs {
		problem = errors.Join(problem, err)
	}
	return problem
}

func partKey(writer, part int) []byte { return fmt.Appendf(nil, "writer%d/%d", writer, part) }

// write makes one generation after the other: each update writes all parts, and
// a body of random size so that memtables fill up, and counts itself in a key
// that all writers share.
func (l *ledger) write(ctx context.Context, db kv.DB, w int) error {
	rng := rand.New(rand.NewPCG(uint64(w), 3))
	locks := []string{fmt.Sprint("writer", w), "shared"}
	for gen := uint64(1); ctx.Err() == nil; gen++ {
		body := make([]byte, rng.IntN(3<<10))
		var total uint64
		// The update itself is not cancelled, so that its outcome is known.
		l.load.RLock()
		err := db.Update(context.Background(), locks, func(tx kv.Tx) error {
			for part := range crashParts {
				if err := setNumber(tx, string(partKey(w, part)), gen); err != nil {
					return err
				}
			}
			n, err := number(tx, "shared")
			if err != nil {
				return err
			}
			total = n + 1
			return errors.Join(setNumber(tx, "shared", total), tx.Set(fmt.Appendf(nil, "body/%d/%d", w, gen%50), body))
		})
		l.load.RUnlock()
		if err != nil {
			return fmt.Errorf("writer %d: %w", w, err)
		}
		l.acked[w].Store(gen)
		raise(&l.shared, total)
		l.events.Add(1)
	}
	return nil
}

// read looks at what one writer has done and notes it as soon as View returns.
func (l *ledger) read(ctx context.Context, db kv.DB, w int) error {
	for ctx.Err() == nil {
		var gen uint64
		l.load.RLock()
		err := db.View(context.Background(), func(r kv.Reader) (err error) {
			gen, err = generation(r, w)
			return err
		})
		l.load.RUnlock()
		if err != nil {
			return fmt.Errorf("reader %d: %w", w, err)
		}
		raise(&l.shown[w], gen)
		yield()
	}
	return nil
}

// generation returns the generation of a writer's parts, which must all agree.
func generation(r kv.Reader, w int) (uint64, error) {
	gen, err := number(r, string(partKey(w, 0)))
	if err != nil {
		return 0, err
	}
	for part := 1; part < crashParts; part++ {
		n, err := number(r, string(partKey(w, part)))
		if err != nil {
			return 0, err
		}
		if n != gen {
			return 0, fmt.Errorf("torn update: part 0 of writer %d is from generation %d, part %d from %d", w, gen, part, n)
		}
	}
	return gen, nil
}

// audit cuts the power and compares what is left with what was promised before.
func (l *ledger) audit(open OpenKV, fs powerFS, rng *rand.Rand) (err error) {
	var acked, shown [crashWriters]uint64
	for w := range crashWriters {
		acked[w], shown[w] = l.acked[w].Load(), l.shown[w].Load()
	}
	shared := l.shared.Load()
	left := fs.crash(rng)
	l.load.Lock()
	defer l.load.Unlock()
	db, err := open(left)
	if err != nil {
		return fmt.Errorf("opening after a crash: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(context.Background(), func(r kv.Reader) error {
		for w := range crashWriters {
			gen, err := generation(r, w)
			switch {
			case err != nil:
				return err
			case gen < acked[w]:
				return fmt.Errorf("lost: writer %d is at generation %d, %d was acknowledged", w, gen, acked[w])
			case gen < shown[w]:
				return fmt.Errorf("lost: writer %d is at generation %d, a View has shown %d", w, gen, shown[w])
			}
		}
		if n, err := number(r, "shared"); err != nil || n < shared {
			return fmt.Errorf("lost: the shared counter is at %d, %d was acknowledged (%v)", n, shared, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c, ok := db.(checker); ok {
		return c.Check(context.Background())
	}
	return nil
}

// raise lifts a to at least n.
func raise(a *atomic.Uint64, n uint64) {
	for old := a.Load(); old < n && !a.CompareAndSwap(old, n); old = a.Load() {
	}
}
