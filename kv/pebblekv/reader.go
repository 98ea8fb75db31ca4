package pebblekv

import (
	"bytes"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"poststube/kv"
)

// copyLimit is the size up to which Get copies a value. For a larger one it
// leaves the iterator standing on the value until the transaction ends, which
// costs the next read a clone.
const copyLimit = 4 << 10

// reader implements kv.Reader on one state of the data.
type reader struct {
	cursors cursors
	arena   arena
	err     error
	// paranoid makes slices unusable as soon as the contract says so.
	paranoid bool
}

// Err implements kv.Reader.
func (r *reader) Err() error { return r.err }

func (r *reader) fail(what string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("kv: %s: %w", what, err)
	}
}

// Get implements kv.Reader.
func (r *reader) Get(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, kv.ErrNotFound
	}
	cur, err := r.cursors.take()
	if err != nil {
		return nil, fmt.Errorf("kv: reading a key: %w", err)
	}
	// A whole key is a prefix here: the Bloom filters are asked first, and only
	// this key is found.
	if !cur.SeekPrefixGE(key) {
		err := cur.Error()
		r.cursors.give(cur)
		if err != nil {
			return nil, fmt.Errorf("kv: reading a key: %w", err)
		}
		return nil, kv.ErrNotFound
	}
	value, err := cur.ValueAndErr()
	if err != nil {
		r.cursors.give(cur)
		return nil, fmt.Errorf("kv: reading a key: %w", err)
	}
	if len(value) > copyLimit && !r.paranoid {
		return value[:len(value):len(value)], nil
	}
	value = r.arena.copy(value)
	r.cursors.give(cur)
	return value, nil
}

// GetMany implements kv.Reader.
func (r *reader) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		cur, err := r.cursors.take()
		if err != nil {
			r.fail("reading keys", err)
			return
		}
		defer r.give(cur)
		for i, key := range keys {
			if i > 0 && bytes.Compare(keys[i-1], key) > 0 {
				r.fail("reading keys", fmt.Errorf("key %d is smaller than the one before it", i))
				return
			}
			// Pebble sees that the seeks ascend and steps forward from the last
			// position where that is nearer.
			if len(key) == 0 || !cur.SeekPrefixGE(key) {
				if cur.Error() != nil {
					return
				}
				continue
			}
			value, err := cur.ValueAndErr()
			if err != nil {
				r.fail("reading keys", err)
				return
			}
			if !r.lend(nil, value, func(_, v []byte) bool { return yield(i, v) }) {
				return
			}
		}
	}
}

// Scan implements kv.Reader.
func (r *reader) Scan(lo, hi []byte) iter.Seq[kv.Pair] {
	return r.scan(lo, hi, (*pebble.Iterator).First, (*pebble.Iterator).Next)
}

// ScanDown implements kv.Reader.
func (r *reader) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] {
	return r.scan(lo, hi, (*pebble.Iterator).Last, (*pebble.Iterator).Prev)
}

func (r *reader) scan(lo, hi []byte, start, step func(*pebble.Iterator) bool) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		if hi != nil && bytes.Compare(lo, hi) >= 0 {
			return
		}
		cur, err := r.cursors.takeRange(lo, hi)
		if err != nil {
			r.fail("scanning", err)
			return
		}
		defer r.give(cur)
		for ok := start(cur.Iterator); ok; ok = step(cur.Iterator) {
			value, err := cur.ValueAndErr()
			if err != nil {
				r.fail("scanning", err)
				return
			}
			if !r.lend(cur.Key(), value, func(k, v []byte) bool { return yield(kv.Pair{Key: k, Value: v}) }) {
				return
			}
		}
	}
}

// lend passes a pair to yield. A paranoid reader passes a copy and destroys it
// afterwards, so that a caller who keeps it too long reads garbage at once and
// not only after the next compaction.
func (r *reader) lend(key, value []byte, yield func(key, value []byte) bool) bool {
	if !r.paranoid {
		return yield(key, value)
	}
	buf := make([]byte, 0, len(key)+len(value))
	buf = append(append(buf, key...), value...)
	more := yield(buf[:len(key):len(key)], buf[len(key):])
	poison(buf)
	return more
}

// give ends an iteration and notes its error.
func (r *reader) give(cur cursor) {
	r.fail("iterating", cur.Error())
	r.cursors.give(cur)
}

// close releases everything that fn could see and makes the reader ready for
// the next use.
func (r *reader) close() {
	r.cursors.close()
	r.arena.reset(r.paranoid)
	r.err = nil
}
