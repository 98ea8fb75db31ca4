package dirblob_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob"
	"poststube/blob/dirblob"
)

func put(t *testing.T, s blob.Store, text string) blob.ID {
	t.Helper()
	w, err := s.Create(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestLostReservation: without the file that says which IDs were given out, the
// store skips far beyond what it finds.
func TestLostReservation(t *testing.T) {
	for name, content := range map[string]string{"absent": "", "empty": "\n", "damaged": "12x4\n", "zero": "0\n"} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			s := open(t, fs)
			var last blob.ID
			for range 3 {
				last = put(t, s, "text")
			}
			if err := errors.Join(s.Delete(t.Context(), last), s.Close(), fs.Remove("blobs/ids")); err != nil {
				t.Fatal(err)
			}
			if content != "" {
				file, err := fs.Create("blobs/ids", vfs.WriteCategoryUnspecified)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(file, content); err != nil {
					t.Fatal(err)
				}
			}
			s = open(t, fs)
			defer s.Close()
			if next := put(t, s, "text"); next < 1<<32 {
				t.Errorf("after a lost reservation the next ID is %d, the last was %d", next, last)
			}
		})
	}
}

// TestLeftovers: what a crash left unfinished is gone after Open, and what does
// not belong to the store stays.
func TestLeftovers(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 100<<10)); err != nil {
		t.Fatal(err)
	}
	id := put(t, s, "text")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"blobs/lost+found", "blobs/0000000000000/README", "blobs/0000000000000/00000000000FFFFF"} {
		if _, err := fs.Create(name, vfs.WriteCategoryUnspecified); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, fs)
	defer s.Close()
	if names, err := fs.List("blobs/tmp"); err != nil || len(names) != 0 {
		t.Errorf("unfinished objects after Open: %q, %v", names, err)
	}
	for got, err := range s.List(t.Context()) {
		if err != nil || got != id {
			t.Errorf("List shows %d, %v; want %d only", got, err, id)
		}
	}
	if _, err := fs.Stat("blobs/lost+found"); err != nil {
		t.Errorf("a foreign file is gone: %v", err)
	}
}

// TestEmptyDirectories: a directory goes with its last object, unless it is the
// newest.
func TestEmptyDirectories(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	defer s.Close()
	first := put(t, s, "text")
	var last blob.ID
	for last>>12 == first>>12 {
		last = put(t, s, "text")
	}
	dirs := func() int {
		names, err := fs.List("blobs")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, name := range names {
			if len(name) == 13 {
				n++
			}
		}
		return n
	}
	if got := dirs(); got != 2 {
		t.Fatalf("%d directories, want 2", got)
	}
	for id, err := range s.List(t.Context()) {
		if err := errors.Join(err, s.Delete(t.Context(), id)); err != nil {
			t.Fatal(err)
		}
	}
	if got := dirs(); got != 1 {
		t.Errorf("%d directories after everything was deleted, want the newest only", got)
	}
	if id := put(t, s, "text"); id <= last {
		t.Errorf("ID %d after %d", id, last)
	}
}

func TestMinFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 99})
		s, err := dirblob.Open("blobs", dirblob.Options{FS: fs, MinFree: 100})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w, err := s.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 1<<20)); !errors.Is(err, blob.ErrFull) {
			t.Errorf("Write: %v, want blob.ErrFull", err)
		}
		if _, err := w.Commit(); !errors.Is(err, blob.ErrFull) {
			t.Errorf("Commit after a failed Write: %v, want blob.ErrFull", err)
		}
		if names, err := fs.List("blobs/tmp"); err != nil || len(names) != 0 {
			t.Errorf("a failed object leaves %q, %v", names, err)
		}
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 100})
		time.Sleep(time.Second)
		put(t, s, "text")
	})
}

func TestSecondOpen(t *testing.T) {
	dir := t.TempDir()
	s, err := dirblob.Open(dir, dirblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dirblob.Open(dir, dirblob.Options{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second Open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context()); err == nil {
		t.Error("Create on a closed store succeeds")
	}
	if s, err = dirblob.Open(dir, dirblob.Options{}); err != nil {
		t.Fatalf("Open after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func open(t *testing.T, fs vfs.FS) *dirblob.Store {
	t.Helper()
	s, err := dirblob.Open("blobs", dirblob.Options{FS: fs, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReopen(t *testing.T) {
	fs := vfs.NewMem()
	s, err := dirblob.Open("blobs", dirblob.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	first := put(t, s, "hello")
	second := put(t, s, "world")
	if err := s.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = dirblob.Open("blobs", dirblob.Options{FS: fs}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if third := put(t, s, "again"); third <= second {
		t.Errorf("ID %d after %d", third, second)
	}
	r, err := s.Open(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]byte, r.Size())
	if _, err := r.ReadAt(got, 0); err != nil && err != io.EOF || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := s.Open(t.Context(), second); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleted object: %v", err)
	}
}
