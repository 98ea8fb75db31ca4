package dirblob_test

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob"
	"poststube/blob/dirblob"
	"poststube/storetest"
)

func TestConformance(t *testing.T) {
	open := func(dir string, fs vfs.FS) func(testing.TB) blob.Store {
		return func(t testing.TB) blob.Store {
			t.Helper()
			if fs == nil {
				dir = t.TempDir()
			} else {
				fs = vfs.NewMem()
			}
			s, err := dirblob.Open(dir, dirblob.Options{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			return s
		}
	}
	t.Run("memory", func(t *testing.T) { storetest.Blob(t, open("blobs", vfs.NewMem())) })
	t.Run("disk", func(t *testing.T) { storetest.Blob(t, open("", nil)) })
}

func openFS(fs vfs.FS) (blob.Store, error) {
	return dirblob.Open("blobs", dirblob.Options{FS: fs, Log: slog.New(slog.DiscardHandler)})
}

func TestCrash(t *testing.T) { storetest.BlobCrash(t, openFS) }

func TestFaults(t *testing.T) { storetest.BlobFaults(t, openFS) }
