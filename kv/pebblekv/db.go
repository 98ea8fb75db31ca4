package pebblekv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"poststube/diskspace"
	"poststube/kv"
)

// DB is a kv.DB in one directory. It is safe for concurrent use.
type DB struct {
	pebble  *pebble.DB
	locks   *lockTable
	horizon horizon
	failure failure
	space   *diskspace.Guard
	breaker *breaker

	onCommit func(time.Duration)

	readerOptions sstable.ReaderOptions
	closers       []func() error

	// gate counts the calls that use pebble, which panics when it is used after
	// Close.
	gate gate

	readers sync.Pool // of *reader
	txs     sync.Pool // of *tx
}

var _ kv.DB = (*DB)(nil)

// enter begins a call; gate.leave ends it if enter returned nil.
func (db *DB) enter(ctx context.Context) error {
	if !db.gate.enter() {
		return kv.ErrClosed
	}
	err := db.failure.err()
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		db.gate.leave()
	}
	return err
}

// View implements kv.DB.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := db.enter(ctx); err != nil {
		return err
	}
	defer db.gate.leave()
	mark, err := db.view(fn)
	return db.settled(mark, err)
}

// view runs fn on a snapshot and returns the mark that covers what it showed.
func (db *DB) view(fn func(kv.Reader) error) (mark uint64, err error) {
	r := db.readers.Get().(*reader)
	defer func() {
		r.close()
		db.readers.Put(r)
	}()
	if err := r.cursors.open(db.pebble); err != nil {
		return 0, fmt.Errorf("kv: opening an iterator: %w", err)
	}
	mark = db.horizon.mark()
	if err := fn(r); err != nil {
		return mark, err
	}
	return mark, r.Err()
}

// settled waits until everything below mark is durable and then lets err go out
// to the caller: a refusal is an answer too, and may rest on what was read.
func (db *DB) settled(mark uint64, err error) error {
	db.horizon.wait(mark)
	if db.failure.tripped() {
		return db.failure.err()
	}
	return err
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	if err := db.enter(ctx); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.room(ctx); err != nil {
		return err
	}
	began := time.Now()
	names := sortedNames(locks)
	if err := db.locks.lock(ctx, names); err != nil {
		return err
	}
	batch, mark, err := db.apply(names, fn)
	if batch == nil {
		return db.settled(mark, err)
	}
	// The locks are free again: whoever waited for them works while this
	// transaction waits for the disk, and may share its sync.
	ticket := mark
	syncErr := batch.SyncWait()
	db.horizon.settle(ticket)
	if syncErr != nil {
		db.failure.trip(syncErr)
	}
	if db.failure.tripped() {
		return db.failure.err()
	}
	if db.onCommit != nil {
		db.onCommit(time.Since(began))
	}
	return batch.Close()
}

// apply runs fn under the locks, makes what it wrote visible, and releases the
// locks. With a batch it returns the ticket of the commit, which the caller must
// settle; without one, the mark that covers what fn has read.
func (db *DB) apply(names []string, fn func(kv.Tx) error) (batch *pebble.Batch, mark uint64, err error) {
	defer db.locks.unlock(names)
	t := db.txs.Get().(*tx)
	t.begin(db.pebble)
	done := false
	defer func() {
		if !done { // fn has panicked
			_ = t.end().Close()
		}
		db.txs.Put(t)
	}()
	if err = fn(t); err == nil {
		err = t.Err()
	}
	batch, done = t.end(), true
	if err != nil || batch.Empty() {
		return nil, db.horizon.mark(), join(err, batch.Close())
	}
	ticket := db.horizon.begin()
	if err := db.pebble.ApplyNoSyncWait(batch, pebble.Sync); err != nil {
		db.horizon.settle(ticket)
		return nil, ticket, fmt.Errorf("kv: commit: %w", err)
	}
	return batch, ticket, nil
}

// join is errors.Join that leaves a single error as it is.
func join(err, more error) error {
	if more == nil {
		return err
	}
	return errors.Join(err, more)
}
