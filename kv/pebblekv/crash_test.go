package pebblekv_test

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/kv"
	"poststube/kv/pebblekv"
	"poststube/storetest"
)

// openSmall opens a store whose memtables are so small that a short test has
// flushes, compactions and changes of the log.
func openSmall(fs vfs.FS) (kv.DB, error) {
	return pebblekv.Open("kv", pebblekv.Options{
		FS: fs, MemTableSize: 128 << 10, CacheSize: 1 << 20, Log: slog.New(slog.DiscardHandler),
	})
}

func TestCrash(t *testing.T) { storetest.KVCrash(t, openSmall) }

func TestFaults(t *testing.T) { storetest.KVFaults(t, openSmall) }
