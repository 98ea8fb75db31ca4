package house

import (
	"context"
	"iter"
	"sync/atomic"

	"poststube/kv"
)

// A countedDB counts what is asked of a store.
type countedDB struct {
	kv.DB
	operations atomic.Int64
}

// Operations is how often the stores of the directory and the engine were asked
// for something so far: transactions begun, keys read one by one, and scans.
func (h *House) Operations() int64 { return h.counted.operations.Load() }

// View implements kv.DB.
func (c *countedDB) View(ctx context.Context, fn func(kv.Reader) error) error {
	c.operations.Add(1)
	return c.DB.View(ctx, func(r kv.Reader) error { return fn(countedReader{r, &c.operations}) })
}

// Update implements kv.DB.
func (c *countedDB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	c.operations.Add(1)
	return c.DB.Update(ctx, locks, func(t kv.Tx) error { return fn(countedTx{countedReader{t, &c.operations}, t}) })
}

type countedReader struct {
	kv.Reader
	n *atomic.Int64
}

func (c countedReader) Get(key []byte) ([]byte, error) {
	c.n.Add(1)
	return c.Reader.Get(key)
}

func (c countedReader) GetMany(keys [][]byte) iter.Seq2[int, []byte] {
	c.n.Add(int64(len(keys)))
	return c.Reader.GetMany(keys)
}

func (c countedReader) Scan(lo, hi []byte) iter.Seq[kv.Pair] {
	c.n.Add(1)
	return c.Reader.Scan(lo, hi)
}

func (c countedReader) ScanDown(lo, hi []byte) iter.Seq[kv.Pair] {
	c.n.Add(1)
	return c.Reader.ScanDown(lo, hi)
}

// A countedTx reads through the counter and writes past it.
type countedTx struct {
	countedReader
	tx kv.Tx
}

func (c countedTx) Set(key, value []byte) error     { return c.tx.Set(key, value) }
func (c countedTx) Delete(key []byte) error         { return c.tx.Delete(key) }
func (c countedTx) DeleteRange(lo, hi []byte) error { return c.tx.DeleteRange(lo, hi) }
