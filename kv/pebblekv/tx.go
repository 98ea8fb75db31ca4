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
	errOpenRange = errors.New("kv: DeleteRange needs an upper bound")
)

// pointDeletes is up to how many keys DeleteRange deletes one by one. A range
// tombstone is one record however much it covers, but every read that passes it
// pays for it until it has been compacted away; for a handful of keys, the
// records of one message say, plain tombstones are cheaper for everybody.
const pointDeletes = 16

// tx is a transaction under its locks. Reads go to the database until
// something has been written: most transactions read first and then write, and
// a plain batch costs less than an indexed one. The first read after a write
// turns the batch into an indexed one, which merges both on reading.
type tx struct {
	reader
	db    *pebble.DB
	batch *pebble.Batch
	// dirty says that the batch has writes which src or the spare iterator do
	// not show.
	dirty bool
}

func (t *tx) begin(db *pebble.DB) {
	t.db = db
	t.src = db
	t.batch = db.NewBatch()
}

// index makes the transaction's own writes visible to its reads.
func (t *tx) index() {
	if !t.dirty {
		return
	}
	t.dirty = false
	t.forget()
	if t.batch.Indexed() {
		return
	}
	indexed := t.db.NewIndexedBatchWithSize(t.batch.Len())
	t.fail(indexed.Apply(t.batch, nil))
	t.fail(t.batch.Close())
	t.batch, t.src = indexed, indexed
}

func (t *tx) Get(key []byte) ([]byte, error) {
	t.index()
	return t.reader.Get(key)
}

func (t *tx) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		t.index()
		t.reader.GetMany(keys)(yield)
	}
}

func (t *tx) Scan(lo, hi []byte) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		t.index()
		t.reader.Scan(lo, hi)(yield)
	}
}

func (t *tx) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		t.index()
		t.reader.ScanDown(lo, hi)(yield)
	}
}

func (t *tx) Set(key, value []byte) error {
	if err := t.room(len(key) + len(value)); err != nil {
		return err
	}
	t.dirty = true
	return t.batch.Set(key, value, nil)
}

func (t *tx) Delete(key []byte) error {
	if err := t.room(len(key)); err != nil {
		return err
	}
	t.dirty = true
	return t.batch.Delete(key, nil)
}

func (t *tx) DeleteRange(lo, hi []byte) error {
	if hi == nil {
		return errOpenRange
	}
	if bytes.Compare(lo, hi) >= 0 {
		return nil
	}
	keys := make([][]byte, 0, pointDeletes)
	for pair := range t.Scan(lo, hi) {
		if len(keys) == pointDeletes {
			return t.deleteWide(lo, hi)
		}
		keys = append(keys, t.arena.copy(pair.Key))
	}
	if err := t.Err(); err != nil {
		return err
	}
	for _, key := range keys {
		if err := t.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) deleteWide(lo, hi []byte) error {
	if err := t.room(len(lo) + len(hi)); err != nil {
		return err
	}
	t.dirty = true
	return t.batch.DeleteRange(lo, hi, nil)
}

// room refuses a write that would make the batch too large.
func (t *tx) room(n int) error {
	if t.batch.Len()+n > MaxTxBytes {
		return errTooLarge
	}
	return nil
}

// take hands the batch over to who commits it.
func (t *tx) take() *pebble.Batch {
	batch := t.batch
	t.batch = nil
	return batch
}

// end releases the transaction, with its batch unless that was taken.
func (t *tx) end() error {
	err := t.close()
	if t.batch != nil {
		err = join(err, t.batch.Close())
	}
	t.db, t.batch, t.dirty = nil, nil, false
	return err
}
