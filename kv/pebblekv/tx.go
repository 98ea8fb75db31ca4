package pebblekv

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"poststube/kv"
)

// MaxTxBytes is the most that one Update may write, keys and values together:
// 1 GiB. Pebble's own limit is 4 GiB, which it enforces by a panic.
const MaxTxBytes = 1 << 30

var (
	errTooLarge  = fmt.Errorf("kv: transaction is larger than %d MiB; write it in parts", MaxTxBytes>>20)
	errEmptyKey  = errors.New("kv: empty key")
	errOpenRange = errors.New("kv: DeleteRange needs an upper bound")
)

// pointDeletes is up to how many keys DeleteRange deletes one by one. A range
// tombstone is one record however much it covers; but the first iterator after
// each write sorts all those in the memtable again, 1.3 ms of work when there are
// 10,000 of them.
const pointDeletes = 64

// tx is a transaction under its locks. What it has not written itself cannot
// change while it holds them, so one iterator made at its first read serves all
// its reads of the database. Its own writes collect in a plain batch; a Get looks
// through a short one (pending.go). A scan, or a Get after many writes, turns the
// batch into an indexed one, which Pebble merges with the database on reading.
type tx struct {
	db    *pebble.DB
	batch *pebble.Batch
	// base reads the database as it was before the transaction, merged reads it
	// with the writes of the transaction.
	base, merged reader
	// doomed lists the keys that a DeleteRange deletes one by one.
	doomed [][]byte
	// stale says that merged does not show the latest writes.
	stale bool
}

var _ kv.Tx = (*tx)(nil)

func (t *tx) begin(db *pebble.DB) {
	t.db = db
	t.batch = db.NewBatch()
}

// database returns the reader of the database without own writes.
func (t *tx) database() *reader {
	if t.base.cursors.state == 0 {
		t.base.fail("opening an iterator", t.base.cursors.open(t.db))
	}
	return &t.base
}

// current returns a reader that shows everything written so far.
func (t *tx) current() *reader {
	if t.batch.Empty() {
		return t.database()
	}
	if !t.batch.Indexed() {
		indexed := t.db.NewIndexedBatchWithSize(t.batch.Len())
		t.merged.fail("indexing", indexed.Apply(t.batch, nil))
		t.merged.fail("indexing", t.batch.Close())
		t.batch, t.stale = indexed, true
	}
	if t.stale {
		t.merged.fail("opening an iterator", t.merged.cursors.open(t.batch))
		t.stale = false
	}
	return &t.merged
}

// Get implements kv.Reader.
func (t *tx) Get(key []byte) ([]byte, error) {
	if t.batch.Count() > fewWrites {
		return t.current().Get(key)
	}
	switch value, state := pending(t.batch, key); state {
	case written:
		return t.base.arena.copy(value), nil
	case deleted:
		return nil, kv.ErrNotFound
	default:
		return t.database().Get(key)
	}
}

// GetMany implements kv.Reader.
func (t *tx) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) { t.current().GetMany(keys)(yield) }
}

// Scan implements kv.Reader. It shows what was written before it began.
func (t *tx) Scan(lo, hi []byte) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) { t.current().Scan(lo, hi)(yield) }
}

// ScanDown implements kv.Reader. It shows what was written before it began.
func (t *tx) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) { t.current().ScanDown(lo, hi)(yield) }
}

// Err implements kv.Reader.
func (t *tx) Err() error {
	if t.base.err != nil {
		return t.base.err
	}
	return t.merged.err
}

// Set implements kv.Tx.
func (t *tx) Set(key, value []byte) error {
	if len(key) == 0 {
		return errEmptyKey
	}
	if err := t.room(len(key) + len(value)); err != nil {
		return err
	}
	t.stale = true
	return t.batch.Set(key, value, nil)
}

// Delete implements kv.Tx.
func (t *tx) Delete(key []byte) error {
	if err := t.room(len(key)); err != nil {
		return err
	}
	t.stale = true
	return t.batch.Delete(key, nil)
}

// DeleteRange implements kv.Tx. hi must not be nil.
func (t *tx) DeleteRange(lo, hi []byte) error {
	if hi == nil {
		return errOpenRange
	}
	if bytes.Compare(lo, hi) >= 0 {
		return nil
	}
	t.doomed = t.doomed[:0]
	for pair := range t.Scan(lo, hi) {
		if len(t.doomed) == pointDeletes {
			if err := t.room(len(lo) + len(hi)); err != nil {
				return err
			}
			t.stale = true
			return t.batch.DeleteRange(lo, hi, nil)
		}
		t.doomed = append(t.doomed, t.base.arena.copy(pair.Key))
	}
	if err := t.Err(); err != nil {
		return err
	}
	for _, key := range t.doomed {
		if err := t.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// room refuses a write that would make the batch too large.
func (t *tx) room(n int) error {
	if t.batch.Len()+n > MaxTxBytes {
		return errTooLarge
	}
	return nil
}

// end ends all reading and hands the batch over to the caller.
func (t *tx) end() *pebble.Batch {
	batch := t.batch
	t.base.close()
	t.merged.close()
	clear(t.doomed)
	t.db, t.batch, t.stale = nil, nil, false
	return batch
}
