package dirblob

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// slowDirs is a file system whose directory syncs wait for the test.
type slowDirs struct {
	vfs.FS
	syncs chan struct{}
}

type slowDir struct {
	vfs.File
	syncs chan struct{}
}

func (f slowDirs) OpenDir(name string) (vfs.File, error) {
	dir, err := f.FS.OpenDir(name)
	return slowDir{dir, f.syncs}, err
}

func (d slowDir) Sync() error {
	<-d.syncs
	return d.File.Sync()
}

// TestDirSyncer: who comes during a sync needs the next one, and shares it.
func TestDirSyncer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := vfs.NewMem()
		if err := mem.MkdirAll("dir", 0o700); err != nil {
			t.Fatal(err)
		}
		fs := slowDirs{mem, make(chan struct{})}
		d := newDirSyncer(fs)
		var done atomic.Int32
		call := func() {
			go func() {
				if err := d.sync("dir"); err != nil {
					t.Error(err)
				}
				done.Add(1)
			}()
			synctest.Wait()
		}
		finish := func(want int32) {
			t.Helper()
			fs.syncs <- struct{}{}
			synctest.Wait()
			if got := done.Load(); got != want {
				t.Errorf("%d calls are done, want %d", got, want)
			}
		}
		call()
		call()
		call()
		call()
		finish(1)
		finish(4)
		call()
		finish(5)
		if len(d.waiting) != 0 {
			t.Errorf("%d syncs are left over", len(d.waiting))
		}
	})
}

// vanishing removes the directory of an object just before it is moved there,
// as a Delete of its last object may do.
type vanishing struct {
	vfs.FS
	times int
}

func (v *vanishing) Rename(old, name string) error {
	if dir := v.PathDir(name); v.times > 0 && strings.HasSuffix(dir, "0") {
		v.times--
		if err := v.Remove(dir); err != nil {
			return err
		}
	}
	err := v.FS.Rename(old, name)
	if err != nil {
		// MemFS has taken the file away from its old name already.
		if file, err := v.Create(old, vfs.WriteCategoryUnspecified); err == nil {
			_, _ = io.WriteString(file, "text")
			_ = file.Close()
		}
	}
	return err
}

func TestDirectoryVanishes(t *testing.T) {
	fs := &vanishing{FS: vfs.NewMem(), times: 1}
	s, err := Open("blobs", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "text"); err != nil {
		t.Fatal(err)
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatalf("Commit into a directory that vanishes: %v", err)
	}
	r, err := s.Open(t.Context(), id)
	if err != nil || r.Size() != 4 || fs.times != 0 {
		t.Fatalf("the object: %v; %d vanishings left", err, fs.times)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestReservationIsDurable cuts the power after the first commit.
func TestReservationIsDurable(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s, err := Open("/var/lib/mail/blobs", Options{FS: mem})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	after, err := Open("/var/lib/mail/blobs", Options{FS: mem.CrashClone(vfs.CrashCloneCfg{})})
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	if r, err := after.Open(t.Context(), id); err != nil {
		t.Errorf("the object after a crash: %v", err)
	} else if err := r.Close(); err != nil {
		t.Error(err)
	}
	if next := after.ids.next; next <= id || next > id+idBlock {
		t.Errorf("after a crash the next ID is %d, the last was %d", next, id)
	}
}
