package pebblekv_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"poststube/diskspace"
	"poststube/kv"
	"poststube/kv/pebblekv"
)

// badDisk fails the operations that match, once it is switched on.
type badDisk struct {
	on      atomic.Bool
	matches func(errorfs.Op) bool
	err     error
}

func (b *badDisk) String() string { return "bad disk" }

func (b *badDisk) MaybeError(op errorfs.Op) error {
	if b.on.Load() && b.matches(op) {
		return b.err
	}
	return nil
}

func writesTo(suffix string) func(errorfs.Op) bool {
	return func(op errorfs.Op) bool {
		return op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, suffix)
	}
}

// TestFailedDisk breaks the disk in each place where Pebble by itself would
// panic, hang or exit, and sees that the store says so and stays harmless.
func TestFailedDisk(t *testing.T) {
	tests := []struct {
		name    string
		matches func(errorfs.Op) bool
		err     error
	}{
		{"log write", func(op errorfs.Op) bool {
			return op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log")
		}, syscall.EIO},
		{"log sync", func(op errorfs.Op) bool {
			return (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) && strings.HasSuffix(op.Path, ".log")
		}, syscall.EIO},
		{"log creation", func(op errorfs.Op) bool {
			return (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite) && strings.HasSuffix(op.Path, ".log")
		}, syscall.EIO},
		{"log without room", writesTo(".log"), syscall.ENOSPC},
		{"manifest", writesTo("MANIFEST"), syscall.EIO},
		{"table", writesTo(".sst"), syscall.EIO},
		{"everything", writesTo(""), syscall.EROFS},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { failedDisk(t, test.matches, test.err) })
		})
	}
}

func failedDisk(t *testing.T, matches func(errorfs.Op) bool, cause error) {
	disk := &badDisk{matches: matches, err: cause}
	mem := vfs.NewMem()
	var told atomic.Pointer[error]
	db, err := pebblekv.Open("kv", pebblekv.Options{
		FS: errorfs.Wrap(mem, disk), MemTableSize: 128 << 10, Log: slog.New(slog.DiscardHandler),
		OnFatal: func(err error) {
			if !told.CompareAndSwap(nil, &err) {
				t.Error("OnFatal is called twice")
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	acked := 0
	put := func() error {
		return db.Update(t.Context(), []string{"lock"}, func(tx kv.Tx) error {
			return tx.Set(fmt.Appendf(nil, "key%06d", acked), make([]byte, 2<<10))
		})
	}
	for ; acked < 100; acked++ {
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	disk.on.Store(true)
	for err = put(); err == nil && acked < 10_000; err = put() {
		acked++
	}
	if !errors.Is(err, kv.ErrFailed) || !errors.Is(err, cause) {
		t.Errorf("Update on a bad disk: %v, want kv.ErrFailed and the cause", err)
	}
	// The disk is well again; the store does not trust it.
	disk.on.Store(false)
	if err := put(); !errors.Is(err, kv.ErrFailed) {
		t.Errorf("Update after a failure: %v", err)
	}
	if err := db.View(t.Context(), func(kv.Reader) error { return nil }); !errors.Is(err, kv.ErrFailed) {
		t.Errorf("View after a failure: %v", err)
	}
	if m, err := db.Metrics(); err != nil || !m.Failed {
		t.Errorf("Metrics after a failure: %+v, %v", m, err)
	}
	synctest.Wait()
	if cause := told.Load(); cause == nil {
		t.Error("OnFatal is not called")
	}
	if err := db.Close(); err != nil {
		t.Errorf("Close after a failure: %v", err)
	}
	wantKeys(t, mem, acked)
}

// wantKeys opens the store and wants the first n keys, and perhaps one more
// whose update has failed after all.
func wantKeys(t *testing.T, fs vfs.FS, n int) {
	t.Helper()
	db, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	defer db.Close()
	found := 0
	err = db.View(t.Context(), func(r kv.Reader) error {
		for p := range r.Scan(nil, nil) {
			if want := fmt.Sprintf("key%06d", found); string(p.Key) != want {
				t.Errorf("found %s, want %s", p.Key, want)
			}
			found++
		}
		return nil
	})
	if err != nil || found < n || found > n+1 {
		t.Errorf("found %d keys (%v), %d were acknowledged", found, err, n)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFullTable: a table without room is tried again, calmly, and meanwhile
// nothing more is taken in.
func TestFullTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		disk := &badDisk{err: syscall.ENOSPC}
		disk.matches = func(op errorfs.Op) bool {
			if op.Kind == errorfs.OpCreate && strings.HasSuffix(op.Path, ".sst") {
				tries.Add(1)
				return true
			}
			return false
		}
		mem := vfs.NewMem()
		db, err := pebblekv.Open("kv", pebblekv.Options{
			FS: errorfs.Wrap(mem, disk), MemTableSize: 128 << 10, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		disk.on.Store(true)
		acked := 0
		put := func(ctx context.Context) error {
			return db.Update(ctx, nil, func(tx kv.Tx) error {
				return tx.Set(fmt.Appendf(nil, "key%06d", acked), make([]byte, 2<<10))
			})
		}
		for err = put(t.Context()); err == nil && acked < 1000; err = put(t.Context()) {
			acked++
			synctest.Wait()
		}
		if !errors.Is(err, kv.ErrFull) {
			t.Fatalf("Update while tables find no room: %v, want kv.ErrFull", err)
		}
		if err := put(kv.WithReserve(t.Context())); !errors.Is(err, kv.ErrFull) {
			t.Errorf("Update on the reserve while there is no room at all: %v", err)
		}
		before := tries.Load()
		time.Sleep(10 * time.Second)
		if tried := tries.Load() - before; tried < 5 || tried > 20 {
			t.Errorf("a table was tried %d times within 10 s", tried)
		}
		disk.on.Store(false)
		time.Sleep(2 * time.Second)
		if err := put(t.Context()); err != nil {
			t.Errorf("Update after room was made: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		wantKeys(t, mem, acked)
	})
}

func TestMinFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		free := func(n uint64) {
			mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: n, TotalBytes: 10000, UsedBytes: 10000 - n})
			time.Sleep(time.Second) // until the guard asks again
		}
		free(5000)
		db, err := pebblekv.Open("kv", pebblekv.Options{FS: mem, MinFree: 800, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		try := func(ctx context.Context) error {
			return db.Update(ctx, nil, func(tx kv.Tx) error { return tx.Set([]byte("key"), nil) })
		}
		tests := []struct {
			free              uint64
			ordinary, reserve error
			level             diskspace.Level
		}{
			{5000, nil, nil, diskspace.Ample},
			{799, kv.ErrFull, nil, diskspace.Reserve},
			{99, kv.ErrFull, kv.ErrFull, diskspace.Exhausted},
			{800, nil, nil, diskspace.Ample},
		}
		for _, test := range tests {
			free(test.free)
			if err := try(t.Context()); !errors.Is(err, test.ordinary) {
				t.Errorf("%d bytes free: %v, want %v", test.free, err, test.ordinary)
			}
			if err := try(kv.WithReserve(t.Context())); !errors.Is(err, test.reserve) {
				t.Errorf("%d bytes free, on the reserve: %v, want %v", test.free, err, test.reserve)
			}
			if err := db.View(t.Context(), func(kv.Reader) error { return nil }); err != nil {
				t.Errorf("%d bytes free: View: %v", test.free, err)
			}
			if m, err := db.Metrics(); err != nil || m.Space != test.level {
				t.Errorf("%d bytes free: Metrics say %v, %v", test.free, m.Space, err)
			}
		}
	})
}

// TestBallast fills the disk under the log: the ballast goes, the update stays,
// and the ballast comes back when there is room.
func TestBallast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 40, TotalBytes: 1 << 40})
		exists := func() bool {
			_, err := mem.Stat("kv/ballast")
			return err == nil
		}
		disk := &badDisk{err: syscall.ENOSPC}
		disk.matches = func(op errorfs.Op) bool {
			return op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log") && exists()
		}
		db, err := pebblekv.Open("kv", pebblekv.Options{
			FS: errorfs.Wrap(mem, disk), Ballast: 1 << 20, MinFree: 1, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if !exists() {
			t.Fatal("there is no ballast")
		}
		put := func() error {
			return db.Update(t.Context(), nil, func(tx kv.Tx) error { return tx.Set([]byte("key000000"), nil) })
		}
		disk.on.Store(true)
		if err := put(); err != nil {
			t.Errorf("Update that needs the ballast: %v", err)
		}
		if exists() {
			t.Error("the ballast is still there")
		}
		disk.on.Store(false)
		time.Sleep(time.Second)
		if err := put(); err != nil {
			t.Errorf("Update after room was made: %v", err)
		}
		if !exists() {
			t.Error("the ballast did not come back")
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		wantKeys(t, mem, 1)
	})
}
