package storetest

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob"
	"poststube/blob/dirblob"
	"poststube/kv"
	"poststube/kv/pebblekv"
)

// TestRigCatches breaks the promises of a store in the ways that matter and
// sees that the crash test notices: a test that cannot fail proves nothing.
func TestRigCatches(t *testing.T) {
	tests := []struct {
		name string
		open OpenKV
		want string
	}{
		{"a log that is not synced", func(fs vfs.FS) (kv.DB, error) {
			return openSmall(forgetful{fs, isLog, nil})
		}, "lost"},
		{"a View that does not wait for the disk", func(fs vfs.FS) (kv.DB, error) {
			db, err := openSmall(fs)
			return hasty{db}, err
		}, "a View has shown"},
		{"an Update in two commits", func(fs vfs.FS) (kv.DB, error) {
			db, err := openSmall(fs)
			return torn{db}, err
		}, "torn update"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := kvCrash(test.open, 1000)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the crash test says %v, want %q", err, test.want)
			}
		})
	}
}

func openSmall(fs vfs.FS) (kv.DB, error) {
	return pebblekv.Open("kv", pebblekv.Options{FS: fs, MemTableSize: 1 << 20, Log: slog.New(slog.DiscardHandler)})
}

// TestBlobRigCatches does the same for the crash test of blob.Store.
func TestBlobRigCatches(t *testing.T) {
	always := func(string) bool { return true }
	inTmp := func(name string) bool { return strings.Contains(name, "tmp") }
	tests := []struct {
		name string
		open OpenBlob
		want string
	}{
		{"content that is not synced", func(fs vfs.FS) (blob.Store, error) {
			return dirblob.Open("blobs", dirblob.Options{FS: forgetful{fs, inTmp, nil}})
		}, "lost"},
		{"names that are not synced", func(fs vfs.FS) (blob.Store, error) {
			return dirblob.Open("blobs", dirblob.Options{FS: forgetful{fs, nil, always}})
		}, "lost"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := blobCrash(test.open, 1000)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the crash test says %v, want %q", err, test.want)
			}
		})
	}
}

// isLog tells the logs of Pebble.
func isLog(name string) bool { return strings.HasSuffix(name, ".log") }

// forgetful is a disk that does not sync some files and directories.
type forgetful struct {
	vfs.FS
	files, dirs func(name string) bool // nil: syncs all
}

type forgetfulFile struct{ vfs.File }

func (forgetfulFile) Sync() error     { return nil }
func (forgetfulFile) SyncData() error { return nil }

func (f forgetful) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, category)
	if err == nil && f.files != nil && f.files(name) {
		file = forgetfulFile{file}
	}
	return file, err
}

func (f forgetful) OpenDir(name string) (vfs.File, error) {
	dir, err := f.FS.OpenDir(name)
	if err == nil && f.dirs != nil && f.dirs(name) {
		dir = forgetfulFile{dir}
	}
	return dir, err
}

// hasty returns from View as soon as fn has read.
type hasty struct{ kv.DB }

func (h hasty) View(ctx context.Context, fn func(kv.Reader) error) error {
	read := make(chan error, 1)
	go func() {
		err := h.DB.View(ctx, func(r kv.Reader) error {
			read <- fn(r)
			return nil
		})
		if err != nil {
			read <- err
		}
	}()
	return <-read
}

// torn commits each Set by itself.
type torn struct{ kv.DB }

type tornTx struct {
	kv.Tx
	sets []kv.Pair
}

func (t *tornTx) Set(key, value []byte) error {
	t.sets = append(t.sets, kv.Pair{Key: key, Value: value})
	return nil
}

func (t torn) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	var tx tornTx
	err := t.DB.Update(ctx, locks, func(inner kv.Tx) error {
		tx.Tx = inner
		return fn(&tx)
	})
	for _, p := range tx.sets {
		if err != nil {
			break
		}
		err = t.DB.Update(ctx, nil, func(inner kv.Tx) error { return inner.Set(p.Key, p.Value) })
	}
	return err
}
