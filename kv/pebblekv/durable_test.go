package pebblekv_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

// heldSync is a disk whose log syncs wait while the gate is closed.
type heldSync struct {
	mu   sync.Mutex
	gate chan struct{} // nil while open
}

func (h *heldSync) String() string { return "held sync" }

func (h *heldSync) MaybeError(op errorfs.Op) error {
	isSync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData
	if !isSync || !strings.HasSuffix(op.Path, ".log") {
		return nil
	}
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
	return nil
}

func (h *heldSync) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gate = make(chan struct{})
}

func (h *heldSync) open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.gate)
	h.gate = nil
}

// result is the outcome of a call that runs beside the test.
type result struct {
	mu   sync.Mutex
	done bool
	err  error
}

func start(call func() error) *result {
	r := &result{}
	go func() {
		err := call()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done, r.err = true, err
	}()
	return r
}

func (r *result) want(t *testing.T, what string, done bool) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done != done {
		t.Errorf("%s: done is %v, want %v", what, r.done, done)
	}
	if r.err != nil {
		t.Errorf("%s: %v", what, r.err)
	}
}

// bubble runs fn with a store on a disk with held syncs.
func bubble(t *testing.T, fn func(t *testing.T, db *pebblekv.DB, disk *heldSync)) {
	synctest.Test(t, func(t *testing.T) {
		disk := &heldSync{}
		db, err := pebblekv.Open("kv", pebblekv.Options{FS: errorfs.Wrap(vfs.NewMem(), disk)})
		if err != nil {
			t.Fatal(err)
		}
		fn(t, db, disk)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func set(db kv.DB, lock, key string) func() error {
	return func() error {
		return db.Update(context.Background(), []string{lock}, func(tx kv.Tx) error {
			return tx.Set([]byte(key), nil)
		})
	}
}

// sees returns a View that wants key to be visible.
func sees(db kv.DB, key string) func() error {
	return func() error {
		return db.View(context.Background(), func(r kv.Reader) error {
			_, err := r.Get([]byte(key))
			return err
		})
	}
}

func TestUpdateReleasesLocksBeforeSync(t *testing.T) {
	bubble(t, func(t *testing.T, db *pebblekv.DB, disk *heldSync) {
		disk.close()
		first := start(set(db, "lock", "a"))
		first.want(t, "Update during a sync", false)
		var ran atomic.Bool
		second := start(func() error {
			return db.Update(context.Background(), []string{"lock"}, func(tx kv.Tx) error {
				ran.Store(true)
				if _, err := tx.Get([]byte("a")); err != nil {
					t.Errorf("the second Update does not see the first: %v", err)
				}
				return tx.Set([]byte("b"), nil)
			})
		})
		second.want(t, "Update under the same lock", false)
		if !ran.Load() {
			t.Error("an Update holds its lock while it waits for the disk")
		}
		disk.open()
		first.want(t, "Update after the sync", true)
		second.want(t, "second Update after the sync", true)
	})
}

func TestViewWaitsForWhatItShowed(t *testing.T) {
	bubble(t, func(t *testing.T, db *pebblekv.DB, disk *heldSync) {
		start(sees(db, "a")).wantErr(t, "View of an empty store", kv.ErrNotFound)
		disk.close()
		early := start(func() error {
			return db.View(context.Background(), func(kv.Reader) error { return nil })
		})
		early.want(t, "View while nothing is in flight", true)
		update := start(set(db, "lock", "a"))
		update.want(t, "Update during a sync", false)
		seen := start(sees(db, "a"))
		seen.want(t, "View of what is not durable", false)
		refused := start(func() error {
			return db.View(context.Background(), func(r kv.Reader) error { return errRefused })
		})
		refused.want(t, "View that refuses after reading", false)
		disk.open()
		update.want(t, "Update after the sync", true)
		seen.want(t, "View after the sync", true)
		refused.wantErr(t, "View that refuses, after the sync", errRefused)
		start(sees(db, "a")).want(t, "View at rest", true)
	})
}

// TestReadingUpdateWaits: an Update that only reads, or refuses, tells its caller
// something too. It waits without its locks.
func TestReadingUpdateWaits(t *testing.T) {
	bubble(t, func(t *testing.T, db *pebblekv.DB, disk *heldSync) {
		disk.close()
		update := start(set(db, "lock", "a"))
		update.want(t, "Update during a sync", false)
		reading := start(func() error {
			return db.Update(context.Background(), []string{"lock"}, func(tx kv.Tx) error {
				_, err := tx.Get([]byte("a"))
				return err
			})
		})
		refusing := start(func() error {
			return db.Update(context.Background(), []string{"lock"}, func(kv.Tx) error { return errRefused })
		})
		third := start(set(db, "lock", "b"))
		reading.want(t, "Update that only reads", false)
		refusing.want(t, "Update that refuses", false)
		third.want(t, "Update behind them", false)
		disk.open()
		for _, r := range []*result{update, reading, third} {
			r.want(t, "Update after the sync", true)
		}
		refusing.wantErr(t, "Update that refuses, after the sync", errRefused)
	})
}

var errRefused = errors.New("refused")

func (r *result) wantErr(t *testing.T, what string, want error) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done || !errors.Is(r.err, want) {
		t.Errorf("%s: done is %v, %v; want %v", what, r.done, r.err, want)
	}
}
