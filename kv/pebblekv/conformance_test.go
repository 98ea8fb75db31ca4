package pebblekv_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/kv"
	"poststube/kv/pebblekv"
	"poststube/storetest"
)

// opener opens stores that close themselves at the end of their test.
func opener(o pebblekv.Options) func(testing.TB) kv.DB {
	return func(t testing.TB) kv.DB {
		t.Helper()
		o := o
		dir := "kv"
		if o.FS == nil {
			dir = t.TempDir()
		} else {
			o.FS = vfs.NewMem()
		}
		db, err := pebblekv.Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
				t.Errorf("Close: %v", err)
			}
		})
		return db
	}
}

func TestConformance(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		storetest.KV(t, opener(pebblekv.Options{FS: vfs.NewMem(), Paranoid: true}))
	})
	// Tables, blocks that come and go in the cache, compactions.
	t.Run("tables", func(t *testing.T) {
		storetest.KV(t, opener(pebblekv.Options{
			FS: vfs.NewMem(), MemTableSize: 128 << 10, CacheSize: 256 << 10, Log: slog.New(slog.DiscardHandler),
		}))
	})
	t.Run("disk", func(t *testing.T) { storetest.KV(t, opener(pebblekv.Options{})) })
}
