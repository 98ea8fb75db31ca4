package pebblekv_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

// TestCheckFindsDamage flips bytes all over the tables of a store, one at a
// time. Opening or checking must notice each of them.
func TestCheckFindsDamage(t *testing.T) {
	o := pebblekv.Options{MemTableSize: 256 << 10, Log: slog.New(slog.DiscardHandler)}
	dir := t.TempDir()
	makeTables(t, dir, o)
	files, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d tables, %v", len(files), err)
	}
	for _, file := range files {
		damage(t, dir, file, o)
	}
}

// makeTables fills a store until it has tables in several levels.
func makeTables(t *testing.T, dir string, o pebblekv.Options) {
	t.Helper()
	db, err := pebblekv.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	body := incompressible(4 << 10)
	for i := range 400 {
		err := db.Update(t.Context(), nil, func(tx kv.Tx) error {
			return tx.Set(fmt.Appendf(nil, "key%06d", i%300), body[i:])
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(db.Check(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	// The log is replayed into tables.
	if db, err = pebblekv.Open(dir, o); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Check(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// damage flips some bytes of one file, each for itself.
func damage(t *testing.T, dir, file string, o pebblekv.Options) {
	t.Helper()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const flips = 12
	for i := range 2 * flips {
		at := i * (len(whole) - 1) / (flips - 1)
		if i >= flips { // filters, indexes and the footer lie at the end
			at = len(whole) - 1 - (i-flips)*97
		}
		broken := append([]byte(nil), whole...)
		broken[at] ^= 0x10
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := pebblekv.Open(dir, o)
		if err == nil {
			err = db.Check(context.Background())
			_ = db.Close() // it may complain about the damage
		}
		if err == nil {
			t.Errorf("byte %d of %d of %s is damaged and nobody notices", at, len(whole), filepath.Base(file))
		} else if !strings.Contains(err.Error(), "kv:") {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
}
