package pebblekv_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

func openDisk(b *testing.B, o pebblekv.Options) *pebblekv.DB {
	b.Helper()
	db, err := pebblekv.Open(b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

// benchKey is the i-th key of a table, as the records of messages have them.
func benchKey(buf []byte, table byte, i uint64) []byte {
	return binary.BigEndian.AppendUint64(append(buf, 'm', table), i)
}

// incompressible returns n bytes that look like an encoded attachment.
func incompressible(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

// deliver is the usual transaction: a counter is read and written, a body and
// four small records are added.
func deliver(tx kv.Tx, owner byte, body []byte) error {
	counter := []byte{'c', owner}
	var n uint64
	if v, err := tx.Get(counter); err == nil {
		n = binary.BigEndian.Uint64(v)
	}
	n++
	if err := tx.Set(counter, binary.BigEndian.AppendUint64(nil, n)); err != nil {
		return err
	}
	for table := byte(0); table < 4; table++ {
		if err := tx.Set(benchKey(nil, table<<4|owner, n), body[:60]); err != nil {
			return err
		}
	}
	return tx.Set(benchKey(nil, 'b', n<<8|uint64(owner)), body)
}

func BenchmarkUpdate(b *testing.B) {
	body := incompressible(6 << 10)
	for _, owners := range []int{1, 16} {
		for _, workers := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("locks=%d/goroutines=%d", owners, workers), func(b *testing.B) {
				db := openDisk(b, pebblekv.Options{})
				var next atomic.Uint32
				b.SetParallelism((workers + 1) / 2)
				b.RunParallel(func(pb *testing.PB) {
					owner := byte(next.Add(1)-1) % byte(owners)
					locks := []string{fmt.Sprint("owner", owner)}
					for pb.Next() {
						err := db.Update(context.Background(), locks, func(tx kv.Tx) error {
							return deliver(tx, owner, body)
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "txn/s")
			})
		}
	}
}

// BenchmarkNaive is the same on Pebble alone with the lock held until the
// commit is durable, to show what its early release is worth.
func BenchmarkNaive(b *testing.B) {
	body := incompressible(6 << 10)
	for _, workers := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("locks=1/goroutines=%d", workers), func(b *testing.B) {
			db, err := pebble.Open(b.TempDir(), &pebble.Options{
				FormatMajorVersion: pebble.FormatNewest, MemTableSize: 16 << 20, Logger: silent{},
			})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			lock := make(chan struct{}, 1)
			b.SetParallelism((workers + 1) / 2)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					lock <- struct{}{}
					batch := db.NewIndexedBatch()
					err := deliver(naiveTx{batch: batch}, 0, body)
					if err == nil {
						err = batch.Commit(pebble.Sync)
					}
					<-lock
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "txn/s")
		})
	}
}

type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) {}

type naiveTx struct {
	kv.Tx
	batch *pebble.Batch
}

func (t naiveTx) Set(key, value []byte) error { return t.batch.Set(key, value, nil) }

func (t naiveTx) Get(key []byte) ([]byte, error) {
	v, closer, err := t.batch.Get(key)
	if err != nil {
		return nil, kv.ErrNotFound
	}
	defer closer.Close()
	return append([]byte(nil), v...), nil
}

const readKeys = 200_000

// filled returns a store with readKeys records of 60 octets and as many / 100
// of 6 KiB, most of them in tables.
func filled(b *testing.B) *pebblekv.DB {
	db := openDisk(b, pebblekv.Options{CacheSize: 64 << 20, MemTableSize: 8 << 20})
	body := incompressible(6 << 10)
	for n := uint64(0); n < readKeys; n += 1000 {
		err := db.Update(context.Background(), nil, func(tx kv.Tx) error {
			for i := n; i < n+1000; i++ {
				if err := tx.Set(benchKey(nil, 0, i), body[i%1000:i%1000+60]); err != nil {
					return err
				}
				if i%100 == 0 {
					if err := tx.Set(benchKey(nil, 'b', i), body); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return db
}

func BenchmarkRead(b *testing.B) {
	db := filled(b)
	view := func(b *testing.B, fn func(kv.Reader) error) {
		b.Helper()
		b.ReportAllocs()
		if err := db.View(context.Background(), fn); err != nil {
			b.Fatal(err)
		}
	}
	perKey := func(b *testing.B, keys int) {
		b.ReportMetric(float64(keys)*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	b.Run("View+Get", func(b *testing.B) {
		key := benchKey(nil, 0, 0)
		for b.Loop() {
			key = benchKey(key[:0], 0, rng.Uint64N(readKeys))
			view(b, func(r kv.Reader) error { _, err := r.Get(key); return err })
		}
		perKey(b, 1)
	})
	for _, c := range []struct {
		name  string
		table byte
		step  uint64
	}{{"small", 0, 1}, {"body", 'b', 100}} {
		b.Run("Get/"+c.name, func(b *testing.B) {
			key := benchKey(nil, 0, 0)
			for b.Loop() {
				view(b, func(r kv.Reader) error {
					for range 100 {
						key = benchKey(key[:0], c.table, rng.Uint64N(readKeys/c.step)*c.step)
						if _, err := r.Get(key); err != nil {
							return err
						}
					}
					return nil
				})
			}
			perKey(b, 100)
		})
	}
	b.Run("Get/absent", func(b *testing.B) {
		key := benchKey(nil, 0, 0)
		for b.Loop() {
			view(b, func(r kv.Reader) error {
				for range 100 {
					key = append(benchKey(key[:0], 0, rng.Uint64N(readKeys)), 'x')
					if _, err := r.Get(key); err != kv.ErrNotFound {
						return fmt.Errorf("absent key: %v", err)
					}
				}
				return nil
			})
		}
		perKey(b, 100)
	})
	for _, step := range []uint64{1, 10, 100} {
		b.Run(fmt.Sprintf("GetMany/every=%d", step), func(b *testing.B) {
			keys := make([][]byte, 1000)
			for b.Loop() {
				start := rng.Uint64N(readKeys - uint64(len(keys))*step)
				for i := range keys {
					keys[i] = benchKey(keys[i][:0], 0, start+uint64(i)*step)
				}
				found := 0
				view(b, func(r kv.Reader) error {
					for range r.GetMany(keys) {
						found++
					}
					return nil
				})
				if found != len(keys) {
					b.Fatalf("%d of %d keys", found, len(keys))
				}
			}
			perKey(b, len(keys))
		})
	}
	b.Run("Scan", func(b *testing.B) {
		for b.Loop() {
			found := 0
			view(b, func(r kv.Reader) error {
				for range r.Scan([]byte{'m', 0}, []byte{'m', 1}) {
					found++
				}
				return nil
			})
			if found != readKeys {
				b.Fatalf("%d keys", found)
			}
		}
		perKey(b, readKeys)
	})
	b.Run("ScanDown/10", func(b *testing.B) {
		for b.Loop() {
			found := 0
			view(b, func(r kv.Reader) error {
				for range r.ScanDown([]byte{'m', 0}, benchKey(nil, 0, rng.Uint64N(readKeys-10)+10)) {
					if found++; found == 10 {
						break
					}
				}
				return nil
			})
			if found != 10 {
				b.Fatalf("%d keys", found)
			}
			found = 0
		}
		perKey(b, 10)
	})
}
