package pebblekv_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

// TestHeapsAreNotRewritten fills a store with large values in ascending order and
// small ones in no order. Compactions must leave the large ones alone when they
// are told where these are.
func TestHeapsAreNotRewritten(t *testing.T) {
	rewritten := func(o pebblekv.Options) float64 {
		o.MemTableSize, o.Log = 1<<20, slog.New(slog.DiscardHandler)
		db, err := pebblekv.Open(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		body := incompressible(8 << 10)
		rng := rand.New(rand.NewPCG(5, 6))
		for n := range uint64(4000) {
			err := db.Update(context.Background(), nil, func(tx kv.Tx) error {
				if err := tx.Set(benchKey(nil, 'a', rng.Uint64()), body[:200]); err != nil {
					return err
				}
				return tx.Set(benchKey(nil, 'b', n), body)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		m, err := db.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		if m.Flushes < 20 {
			t.Fatalf("%d flushes: the store was not under load", m.Flushes)
		}
		return float64(m.CompactedBytes) / float64(m.FlushedBytes)
	}
	without := rewritten(pebblekv.Options{})
	with := rewritten(pebblekv.Options{Heaps: []pebblekv.Range{{Lo: benchKey(nil, 'b', 0), Hi: benchKey(nil, 'c', 0)}}})
	t.Logf("octets rewritten for each that was flushed: %.2f with heaps, %.2f without", with, without)
	if with > without/2 {
		t.Errorf("compactions rewrote %.2f octets for each that was flushed, %.2f without heaps", with, without)
	}
}
