package pebblekv_test

import (
	"errors"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

// TestProbe: a probe tells what an Update would, and changes nothing.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		free := func(n uint64) {
			mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: n, TotalBytes: 10000, UsedBytes: 10000 - n})
			time.Sleep(time.Second) // until the guard asks again
		}
		free(5000)
		disk := &badDisk{err: syscall.EIO, matches: func(op errorfs.Op) bool {
			return op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.HasSuffix(op.Path, ".log")
		}}
		db, err := pebblekv.Open("kv", pebblekv.Options{FS: errorfs.Wrap(mem, disk), MinFree: 800, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		expect := func(when string, want error) {
			t.Helper()
			if err := db.Probe(t.Context()); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", when, err, want)
			}
		}
		expect("a good disk", nil)
		free(700)
		expect("a full disk", kv.ErrFull)
		free(5000)
		expect("room again", nil)
		disk.on.Store(true)
		expect("a bad disk", kv.ErrFailed)
		disk.on.Store(false)
		expect("a disk that was bad", kv.ErrFailed)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		expect("closed", kv.ErrClosed)
	})
}

// TestOnCommit: what has become durable is told, and nothing else.
func TestOnCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commits []time.Duration
		db, err := pebblekv.Open("kv", pebblekv.Options{
			FS: vfs.NewMem(), Log: slog.New(slog.DiscardHandler), OnCommit: func(d time.Duration) { commits = append(commits, d) },
		})
		if err != nil {
			t.Fatal(err)
		}
		refused := errors.New("made up")
		for _, fn := range []func(kv.Tx) error{
			func(tx kv.Tx) error { return tx.Set([]byte("a"), nil) },
			func(tx kv.Tx) error { _, err := tx.Get([]byte("a")); return err },
			func(tx kv.Tx) error { return errors.Join(tx.Set([]byte("b"), nil), refused) },
			func(tx kv.Tx) error { time.Sleep(time.Second); return tx.Delete([]byte("a")) },
		} {
			if err := db.Update(t.Context(), []string{"lock"}, fn); err != nil && !errors.Is(err, refused) {
				t.Fatal(err)
			}
		}
		if len(commits) != 2 || commits[0] != 0 || commits[1] != time.Second {
			t.Errorf("told were %v, want 0s and 1s", commits)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
