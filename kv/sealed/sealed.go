// Package sealed puts a checksum behind every value of a kv.DB and compares it
// whenever the value is read.
//
// A back end has checksums of its own, of blocks and files, and they say that
// the disk gives back what it was given. They say nothing about what memory did
// to a value before its block was written, nor about a value that a compaction
// has put under another key. The checksum here is made where the value is, over
// the key and the value, and travels with it.
//
// It is a CRC-32C, four octets, least significant first: it finds every damage
// of up to 32 bits in a row, and all but one of four billion others.
package sealed

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"iter"
	"slices"

	"poststube/kv"
)

// sumSize is what each value is longer in the store.
const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// Append appends a value as it is stored under a key.
func Append(dst, key, value []byte) []byte {
	dst = append(dst, value...)
	return binary.LittleEndian.AppendUint32(dst, sum(key, value))
}

// open takes the checksum off a stored value. The error is a *kv.DamageError.
func open(key, stored []byte) ([]byte, error) {
	if n := len(stored) - sumSize; n >= 0 {
		value := stored[:n:n]
		if binary.LittleEndian.Uint32(stored[n:]) == sum(key, value) {
			return value, nil
		}
	}
	return nil, &kv.DamageError{Key: slices.Clone(key), Stored: slices.Clone(stored)}
}

// DB is a kv.DB whose values have checksums, on top of another. All values of
// that other one must have come through this package: see Seal.
type DB struct{ below kv.DB }

var _ kv.DB = (*DB)(nil)

// New returns db with checksums.
func New(db kv.DB) *DB { return &DB{db} }

// View implements kv.DB.
func (db *DB) View(ctx context.Context, fn func(kv.Reader) error) error {
	return db.below.View(ctx, func(r kv.Reader) error {
		s := reader{Reader: r}
		if err := fn(&s); err != nil {
			return err
		}
		return s.err
	})
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	return db.below.Update(ctx, locks, func(t kv.Tx) error {
		s := tx{reader: reader{Reader: t}, below: t}
		if err := fn(&s); err != nil {
			return err
		}
		return s.err
	})
}

// Close implements kv.DB: it closes the one below.
func (db *DB) Close() error { return db.below.Close() }

type reader struct {
	kv.Reader
	err error // of the first value that was damaged
}

// Get implements kv.Reader.
func (r *reader) Get(key []byte) ([]byte, error) {
	stored, err := r.Reader.Get(key)
	if err != nil {
		return nil, err
	}
	return open(key, stored)
}

// GetMany implements kv.Reader.
func (r *reader) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i, stored := range r.Reader.GetMany(keys) {
			value, err := open(keys[i], stored)
			if err != nil {
				r.fail(err)
				return
			}
			if !yield(i, value) {
				return
			}
		}
	}
}

// Scan implements kv.Reader.
func (r *reader) Scan(lo, hi []byte) iter.Seq[kv.Pair] { return r.each(r.Reader.Scan(lo, hi)) }

// ScanDown implements kv.Reader.
func (r *reader) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] { return r.each(r.Reader.ScanDown(lo, hi)) }

func (r *reader) each(pairs iter.Seq[kv.Pair]) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		for p := range pairs {
			value, err := open(p.Key, p.Value)
			if err != nil {
				r.fail(err)
				return
			}
			if !yield(kv.Pair{Key: p.Key, Value: value}) {
				return
			}
		}
	}
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Err implements kv.Reader.
func (r *reader) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.Reader.Err()
}

type tx struct {
	reader
	below kv.Tx
	value []byte // a value on its way
}

// Set implements kv.Tx.
func (t *tx) Set(key, value []byte) error {
	t.value = Append(t.value[:0], key, value)
	return t.below.Set(key, t.value)
}

// Delete implements kv.Tx.
func (t *tx) Delete(key []byte) error { return t.below.Delete(key) }

// DeleteRange implements kv.Tx.
func (t *tx) DeleteRange(lo, hi []byte) error { return t.below.DeleteRange(lo, hi) }
