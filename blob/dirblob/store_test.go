package dirblob_test

import (
	"context"
	"errors"
	"io"
	"testing"

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
