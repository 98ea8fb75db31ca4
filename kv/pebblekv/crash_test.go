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

// openSmall opens a store whose memtables are so small that a short test has
// flushes, compactions and changes of the log.
func openSmall(fs vfs.FS) (kv.DB, error) {
	return pebblekv.Open("kv", pebblekv.Options{
		FS: fs, MemTableSize: 128 << 10, CacheSize: 1 << 20, Log: slog.New(slog.DiscardHandler),
	})
}

func TestCrash(t *testing.T) { storetest.KVCrash(t, openSmall) }

func TestFaults(t *testing.T) { storetest.KVFaults(t, openSmall) }

// TestNewDirectory cuts the power after the first update of a store whose
// directories are all new.
func TestNewDirectory(t *testing.T) {
	mem := vfs.NewCrashableMem()
	for _, dir := range []string{"srv/mail/kv", "/var/lib/mail/kv", "kv"} {
		db, err := pebblekv.Open(dir, pebblekv.Options{FS: mem})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(t.Context(), nil, func(tx kv.Tx) error { return tx.Set([]byte("key"), nil) })
		if err != nil {
			t.Fatal(err)
		}
		after, err := pebblekv.Open(dir, pebblekv.Options{FS: mem.CrashClone(vfs.CrashCloneCfg{})})
		if err != nil {
			t.Fatal(err)
		}
		err = after.View(t.Context(), func(r kv.Reader) error {
			_, err := r.Get([]byte("key"))
			return err
		})
		if err := errors.Join(err, after.Close(), db.Close()); err != nil {
			t.Errorf("%s after a power cut: %v", dir, err)
		}
	}
}
