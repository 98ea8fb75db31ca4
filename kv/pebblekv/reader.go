package pebblekv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"poststube/kv"
)

// copyLimit is the size up to which Get copies a value. Larger values stay in
// Pebble's block or memtable, which costs some 2 KiB of iterator state per value
// until the reader is closed; copying is cheaper below.
const copyLimit = 4 << 10

// reader implements kv.Reader on a Pebble snapshot, database or batch.
type reader struct {
	src pebble.Reader
	err error
	// spare is an iterator without a user, kept for the next iteration.
	spare *pebble.Iterator
	// held keeps the values alive that Get returned without a copy.
	held  []io.Closer
	arena arena
	// paranoid makes slices unusable as soon as the contract says so.
	paranoid bool
}

func (r *reader) Err() error { return r.err }

func (r *reader) fail(err error) {
	if err != nil && r.err == nil {
		r.err = err
	}
}

func (r *reader) Get(key []byte) ([]byte, error) {
	value, closer, err := r.src.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, kv.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("kv: reading a key: %w", err)
	}
	if len(value) > copyLimit && !r.paranoid {
		r.held = append(r.held, closer)
		return value, nil
	}
	value = r.arena.copy(value)
	if err := closer.Close(); err != nil {
		return nil, fmt.Errorf("kv: reading a key: %w", err)
	}
	return value, nil
}

func (r *reader) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		if len(keys) == 0 {
			return
		}
		it, ok := r.take(keys[0], nil)
		if !ok {
			return
		}
		defer r.give(it)
		for i, key := range keys {
			if i > 0 && bytes.Compare(keys[i-1], key) > 0 {
				r.fail(fmt.Errorf("kv: GetMany: key %d is smaller than the one before it", i))
				return
			}
			// Pebble sees that the seeks ascend and steps forward from the last
			// position where that is nearer; the prefix form (a whole key is a
			// prefix here) asks the Bloom filters first.
			if !it.SeekPrefixGE(key) {
				if it.Error() != nil {
					return
				}
				continue
			}
			value, err := it.ValueAndErr()
			if err != nil {
				r.fail(err)
				return
			}
			if !r.lend(nil, value, func(_, v []byte) bool { return yield(i, v) }) {
				return
			}
		}
	}
}

func (r *reader) Scan(lo, hi []byte) iter.Seq[kv.Pair] {
	return r.scan(lo, hi, (*pebble.Iterator).First, (*pebble.Iterator).Next)
}

func (r *reader) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] {
	return r.scan(lo, hi, (*pebble.Iterator).Last, (*pebble.Iterator).Prev)
}

func (r *reader) scan(lo, hi []byte, start, step func(*pebble.Iterator) bool) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		if hi != nil && bytes.Compare(lo, hi) >= 0 {
			return
		}
		it, ok := r.take(lo, hi)
		if !ok {
			return
		}
		defer r.give(it)
		for ok := start(it); ok; ok = step(it) {
			value, err := it.ValueAndErr()
			if err != nil {
				r.fail(err)
				return
			}
			if !r.lend(it.Key(), value, func(k, v []byte) bool { return yield(kv.Pair{Key: k, Value: v}) }) {
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

// take returns an iterator over lo <= key < hi; a nil bound is open.
func (r *reader) take(lo, hi []byte) (*pebble.Iterator, bool) {
	if it := r.spare; it != nil {
		r.spare = nil
		it.SetBounds(lo, hi)
		return it, true
	}
	it, err := r.src.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
	if err != nil {
		r.fail(fmt.Errorf("kv: opening an iterator: %w", err))
		return nil, false
	}
	return it, true
}

// give ends the use of an iterator, notes its error and keeps it if there is no
// spare one yet: nested iterations need more than one.
func (r *reader) give(it *pebble.Iterator) {
	if err := it.Error(); err != nil {
		r.fail(fmt.Errorf("kv: iterating: %w", err))
	} else if r.spare == nil {
		r.spare = it
		return
	}
	r.fail(it.Close())
}

// forget drops the spare iterator, which does not see later writes.
func (r *reader) forget() {
	if r.spare != nil {
		r.fail(r.spare.Close())
		r.spare = nil
	}
}

// close releases everything that fn could see and makes the reader ready for
// the next use. It returns only errors of its own.
func (r *reader) close() error {
	r.err = nil
	r.forget()
	for _, c := range r.held {
		r.fail(c.Close())
	}
	clear(r.held)
	r.held = r.held[:0]
	r.arena.reset(r.paranoid)
	err := r.err
	r.src, r.err = nil, nil
	return err
}
