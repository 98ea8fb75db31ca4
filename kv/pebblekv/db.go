package pebblekv

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"poststube/kv"
)

// DB is a kv.DB in one directory. It is safe for concurrent use.
type DB struct {
	pebble  *pebble.DB
	locks   *lockTable
	horizon horizon
	opts    Options
	release func() error

	// gate is held for reading by every call that uses pebble, so that Close
	// can wait for them: Pebble panics when it is used after Close.
	gate   sync.RWMutex
	closed bool

	readers sync.Pool // of *reader
	txs     sync.Pool // of *tx
}

var _ kv.DB = (*DB)(nil)

// enter begins a call; leave ends it if enter returned nil.
func (db *DB) enter() error {
	db.gate.RLock()
	if db.closed {
		db.gate.RUnlock()
		return kv.ErrClosed
	}
	return nil
}

func (db *DB) leave() { db.gate.RUnlock() }

// View implements kv.DB.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	snap := db.pebble.NewSnapshot()
	mark := db.horizon.mark()
	r := db.readers.Get().(*reader)
	r.src = snap
	defer func() {
		r.close()
		r.err = nil
		db.readers.Put(r)
		snap.Close()
	}()
	err := fn(r)
	if err == nil {
		err = r.Err()
	}
	// A refusal is an answer too, and may rest on what was read.
	db.horizon.wait(mark)
	return err
}

// Update implements kv.DB. After an error that wraps kv.ErrFailed it is unknown
// whether the transaction took place; after any other it did not.
func (db *DB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	names := sortedNames(locks)
	if err := db.locks.lock(ctx, names); err != nil {
		return err
	}
	batch, ticket, err := db.apply(names, fn)
	if batch == nil {
		return err
	}
	err = batch.SyncWait()
	db.horizon.settle(ticket)
	return errors.Join(err, batch.Close())
}

// apply runs fn and makes its writes visible. It releases the locks in any
// case. A nil batch means that there is nothing to wait for.
func (db *DB) apply(names []string, fn func(kv.Tx) error) (*pebble.Batch, uint64, error) {
	defer db.locks.unlock(names)
	t := db.txs.Get().(*tx)
	t.begin(db.pebble)
	defer db.txs.Put(t)
	defer t.end()

	err := fn(t)
	if err == nil {
		err = t.Err()
	}
	batch := t.batch
	if err != nil || batch.Empty() {
		// What fn answers may rest on commits that are not durable yet, just as
		// in a View.
		mark := db.horizon.mark()
		closeErr := batch.Close()
		db.horizon.wait(mark)
		return nil, 0, errors.Join(err, closeErr)
	}
	ticket := db.horizon.begin()
	if err := db.pebble.ApplyNoSyncWait(batch, pebble.Sync); err != nil {
		db.horizon.settle(ticket)
		return nil, 0, fmt.Errorf("kv: commit: %w", err)
	}
	return batch, ticket, nil
}

// Close implements kv.DB.
func (db *DB) Close() error {
	db.gate.Lock()
	defer db.gate.Unlock()
	if db.closed {
		return kv.ErrClosed
	}
	db.closed = true
	return errors.Join(db.pebble.Close(), db.release())
}
