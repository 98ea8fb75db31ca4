package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"poststube/blob"
)

// OpenBlob opens the blob.Store on a file system, with what an earlier one left
// there.
type OpenBlob func(fs vfs.FS) (blob.Store, error)

// BlobCrash cuts the power of a blob.Store at random moments under load. Every
// committed object must be there as a whole, nothing else in part, and no ID may
// come a second time.
func BlobCrash(t *testing.T, open OpenBlob) {
	n := points(t, 200)
	if err := blobCrash(open, n); err != nil {
		t.Error(err)
	}
	t.Logf("tried: %d cuts of power", n)
}

// shelf notes what was committed and not deleted, by seed, and the newest ID.
type shelf struct {
	mu     sync.Mutex
	kept   map[blob.ID]uint64
	newest blob.ID
	events int
}

func blobCrash(open OpenBlob, crashes int) error {
	rng := rand.New(rand.NewPCG(uint64(crashes), 11))
	fs := newPowerFS()
	s, err := open(fs)
	if err != nil {
		return err
	}
	book := shelf{kept: map[blob.ID]uint64{}}
	ctx, stop := context.WithCancel(context.Background())
	const writers = 4
	errs := make(chan error, writers)
	var load sync.RWMutex // held for writing while a crash is examined
	for w := range writers {
		go func() { errs <- book.work(ctx, s, uint64(w), &load) }()
	}
	var problem error
	for range crashes {
		book.await(rng.IntN(10), errs)
		if problem = book.audit(open, fs, rng, &load); problem != nil {
			break
		}
	}
	stop()
	for range writers {
		problem = errors.Join(problem, <-errs)
	}
	return errors.Join(problem, s.Close())
}

// await waits for some more commits, or for a writer that has failed.
func (b *shelf) await(n int, errs <-chan error) {
	b.mu.Lock()
	target := b.events + n
	for b.events < target && len(errs) == 0 {
		b.mu.Unlock()
		yield()
		b.mu.Lock()
	}
	b.mu.Unlock()
}

func (b *shelf) work(ctx context.Context, s blob.Store, w uint64, load *sync.RWMutex) error {
	rng := rand.New(rand.NewPCG(w, 13))
	var mine []blob.ID
	for i := uint64(0); ctx.Err() == nil; i++ {
		seed := w<<32 | i
		load.RLock()
		id, err := putBlob(s, object(seed, rng.IntN(5000)))
		load.RUnlock()
		if err != nil {
			return err
		}
		b.mu.Lock()
		b.kept[id] = seed
		b.newest = max(b.newest, id)
		b.events++
		b.mu.Unlock()
		if mine = append(mine, id); len(mine) > 20 {
			at := rng.IntN(len(mine))
			// From here on it may or may not be there.
			b.mu.Lock()
			delete(b.kept, mine[at])
			b.mu.Unlock()
			load.RLock()
			err := s.Delete(context.Background(), mine[at])
			load.RUnlock()
			if err != nil {
				return err
			}
			mine[at] = mine[len(mine)-1]
			mine = mine[:len(mine)-1]
		}
	}
	return nil
}

func (b *shelf) audit(open OpenBlob, fs powerFS, rng *rand.Rand, load *sync.RWMutex) (err error) {
	// The cut is made while nothing is added to the list, but anything may be
	// going on beneath.
	b.mu.Lock()
	left := fs.crash(rng)
	newest := b.newest
	kept := make(map[blob.ID]uint64, len(b.kept))
	for id, seed := range b.kept {
		kept[id] = seed
	}
	b.mu.Unlock()
	load.Lock()
	defer load.Unlock()
	s, err := open(left)
	if err != nil {
		return fmt.Errorf("opening after a crash: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for id := range kept {
		if content, err := getBlob(s, id); err != nil || !whole(content) {
			return fmt.Errorf("lost: committed object %d has %d octets, %v", id, len(content), err)
		}
	}
	for id, err := range s.List(context.Background()) {
		if err != nil {
			return err
		}
		if content, err := getBlob(s, id); err != nil || !whole(content) {
			return fmt.Errorf("torn: object %d has %d octets, %v", id, len(content), err)
		}
		newest = max(newest, id)
	}
	id, err := putBlob(s, object(0, 10))
	if err == nil && id <= newest {
		err = fmt.Errorf("ID %d comes a second time, %d was given out before the crash", id, newest)
	}
	return err
}

// BlobFaults lets one operation of the file system after the other fail under a
// blob.Store. What was committed must be there, and a store that goes on after a
// fault must go on rightly.
func BlobFaults(t *testing.T, open OpenBlob) {
	for n := int64(1); ; n++ {
		for _, cause := range []error{errorfs.ErrInjected, syscall.ENOSPC} {
			f := &fault{from: n, to: n, err: cause, writes: cause == syscall.ENOSPC}
			if err := blobFault(open, f); err != nil {
				t.Fatalf("operation %d: %v: %v", n, cause, err)
			}
			if !f.hit.Load() && cause != syscall.ENOSPC {
				if n < 30 {
					t.Errorf("only %d operations were tried", n)
				}
				return
			}
		}
	}
}

func blobFault(open OpenBlob, f *fault) error {
	mem := vfs.NewCrashableMem()
	kept := map[blob.ID]uint64{}
	s, err := open(errorfs.Wrap(mem, f))
	if err == nil {
		for seed := range uint64(6) {
			id, err := putBlob(s, object(seed, int(seed)*20_000))
			switch {
			case err == nil:
				kept[id] = seed
			case f.err == syscall.ENOSPC && !errors.Is(err, blob.ErrFull):
				return fmt.Errorf("a full disk is reported as %w", err)
			}
			if err == nil && seed%3 == 2 {
				delete(kept, id)
				_ = s.Delete(context.Background(), id) // may be what fails
			}
		}
		f.off.Store(true)
		for id := range kept {
			if content, err := getBlob(s, id); err != nil || !whole(content) {
				return fmt.Errorf("object %d has %d octets, %v", id, len(content), err)
			}
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	if err != nil && !f.hit.Load() {
		return err
	}
	f.off.Store(true)
	for _, fs := range []vfs.FS{mem.CrashClone(vfs.CrashCloneCfg{}), mem} {
		s, err := open(fs)
		if err != nil {
			return fmt.Errorf("opening again: %w", err)
		}
		for id := range kept {
			if content, err := getBlob(s, id); err != nil || !whole(content) {
				return fmt.Errorf("opened again, object %d has %d octets, %v", id, len(content), err)
			}
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}
