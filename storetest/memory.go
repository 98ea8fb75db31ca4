// Package storetest holds the conformance suites of the waist: a back end of
// kv, blob or notify is right when it passes. It also makes stores in memory for
// the tests of everything above.
package storetest

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob/dirblob"
	"poststube/kv"
	"poststube/kv/pebblekv"
)

// NewKV returns an empty kv.DB in memory, closed at the end of the test. It
// destroys what it lent as soon as the contract says that it is no longer valid.
func NewKV(t testing.TB) *pebblekv.DB {
	t.Helper()
	db, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), Paranoid: true, MemTableSize: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Errorf("closing the kv store: %v", err)
		}
	})
	return db
}

// NewBlob returns an empty blob.Store in memory, closed at the end of the test.
func NewBlob(t testing.TB) *dirblob.Store {
	t.Helper()
	s, err := dirblob.Open("blob", dirblob.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the blob store: %v", err)
		}
	})
	return s
}
