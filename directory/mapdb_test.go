package directory

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"poststube/kv"
)

// A mapDB is the simplest kv.DB: for histories so many and so short that
// opening a Pebble for each would be most of the test.
type mapDB struct {
	mu   sync.RWMutex
	data map[string]string
}

func newMapDB() *mapDB { return &mapDB{data: map[string]string{}} }

func (db *mapDB) Close() error { return nil }

func (db *mapDB) View(_ context.Context, fn func(kv.Reader) error) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return fn(mapTx{db.data})
}

func (db *mapDB) Update(_ context.Context, _ []string, fn func(kv.Tx) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	next := maps.Clone(db.data)
	err := fn(mapTx{next})
	if err == nil {
		db.data = next
	}
	return err
}

type mapTx struct{ data map[string]string }

func (t mapTx) Err() error              { return nil }
func (t mapTx) Set(k, v []byte) error   { t.data[string(k)] = string(v); return nil }
func (t mapTx) Delete(k []byte) error   { delete(t.data, string(k)); return nil }
func (t mapTx) sorted() []string        { return slices.Sorted(maps.Keys(t.data)) }
func (t mapTx) pair(key string) kv.Pair { return kv.Pair{Key: []byte(key), Value: []byte(t.data[key])} }

func (t mapTx) DeleteRange(lo, hi []byte) error {
	for p := range t.Scan(lo, hi) {
		delete(t.data, string(p.Key))
	}
	return nil
}

func (t mapTx) Get(k []byte) ([]byte, error) {
	if v, ok := t.data[string(k)]; ok {
		return []byte(v), nil
	}
	return nil, kv.ErrNotFound
}

func (t mapTx) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i, k := range keys {
			if v, ok := t.data[string(k)]; ok && !yield(i, []byte(v)) {
				return
			}
		}
	}
}

func (t mapTx) Scan(lo, hi []byte) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		for _, key := range t.sorted() {
			if bytes.Compare([]byte(key), lo) >= 0 && (hi == nil || bytes.Compare([]byte(key), hi) < 0) && !yield(t.pair(key)) {
				return
			}
		}
	}
}

func (t mapTx) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] {
	return func(yield func(kv.Pair) bool) {
		pairs := slices.Collect(t.Scan(lo, hi))
		for _, p := range slices.Backward(pairs) {
			if !yield(p) {
				return
			}
		}
	}
}
