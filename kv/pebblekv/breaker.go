package pebblekv

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// breaker is the file system that Pebble sees. It passes everything on until the
// first write that fails; from then on nothing more reaches the disk, which
// stays as a crash at that moment would have left it.
//
// Pebble has no answer to a failed write of its log or its manifest: it panics
// with locks held or hangs. The breaker gives it none to answer: it trips the
// store, so that no call succeeds any more, and tells Pebble that all is well.
// New files are kept in memory from then on, so that Pebble can finish what it
// is doing and be closed.
//
// A table is different. Pebble bears that writing one fails and tries again; so
// lack of room there is reported to it, and to the guard of the free space.
type breaker struct {
	vfs.FS
	dir     string
	failure *failure
	ballast *ballast
	onFull  func()
	// memory holds the files made after the store has failed.
	memory *vfs.MemFS
	// closing ends all pauses.
	closing chan struct{}
	// fullAt is when a table last found no room, in Unix nanoseconds.
	fullAt atomic.Int64
}

// pause is how long Pebble waits before it tries again to write a table. By
// itself it does not wait at all.
const pause = time.Second

// compaction is what Pebble calls the writing of tables from tables.
const compaction vfs.DiskWriteCategory = "pebble-compaction"

var errTripped = errors.New("kv: the store has failed, nothing is written any more")

func newBreaker(fs vfs.FS, dir string, f *failure, b *ballast, onFull func()) (*breaker, error) {
	memory := vfs.NewMem()
	if err := memory.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &breaker{
		FS: fs, dir: fs.PathDir(fs.PathJoin(dir, "x")), failure: f, ballast: b, onFull: onFull,
		memory: memory, closing: make(chan struct{}),
	}, nil
}

// guards tells whether name is a file of the store itself; those of a checkpoint
// are not.
func (b *breaker) guards(name string) bool { return b.PathDir(name) == b.dir }

// vital tells whether Pebble cannot bear that writing the file fails.
func (b *breaker) vital(name string) bool {
	base := b.PathBase(name)
	return strings.HasSuffix(base, ".log") || strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.")
}

// failed decides about a write that failed: it returns what Pebble is told.
func (b *breaker) failed(vital bool, err error) error {
	if isFull(err) {
		b.onFull()
		if !vital {
			b.fullAt.Store(time.Now().UnixNano())
			return err
		}
	}
	b.failure.trip(err)
	if vital {
		return nil
	}
	return err
}

// Create implements vfs.FS.
func (b *breaker) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return b.create(name, category, func() (vfs.File, error) { return b.FS.Create(name, category) })
}

// ReuseForWrite implements vfs.FS; Pebble recycles its logs by it.
func (b *breaker) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return b.create(name, category, func() (vfs.File, error) { return b.FS.ReuseForWrite(old, name, category) })
}

func (b *breaker) create(name string, category vfs.DiskWriteCategory, open func() (vfs.File, error)) (vfs.File, error) {
	if !b.guards(name) {
		return open()
	}
	vital := b.vital(name)
	if !vital {
		b.wait(category)
	}
	if b.failure.tripped() {
		if category == compaction {
			return nil, errTripped
		}
		return b.memory.Create(name, category)
	}
	file, err := open()
	if err != nil && isFull(err) && b.ballast.release() {
		file, err = open()
	}
	if err == nil {
		return &guardedFile{File: file, breaker: b, vital: vital}, nil
	}
	if err := b.failed(vital, err); err != nil {
		return nil, err
	}
	return b.memory.Create(name, category)
}

// wait holds up Pebble's next attempt to write a table when the last one found
// no room, and any compaction when the store has failed: it would go to memory.
func (b *breaker) wait(category vfs.DiskWriteCategory) {
	d := time.Until(time.Unix(0, b.fullAt.Load()).Add(pause))
	if b.failure.tripped() && category == compaction {
		d = pause
	}
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.closing:
	}
}

// OpenDir implements vfs.FS.
func (b *breaker) OpenDir(name string) (vfs.File, error) {
	dir, err := b.FS.OpenDir(name)
	if err != nil || name != b.dir {
		return dir, err
	}
	return &guardedFile{File: dir, breaker: b, vital: true}, nil
}

// Remove implements vfs.FS.
func (b *breaker) Remove(name string) error {
	if !b.failure.tripped() || !b.guards(name) {
		return b.FS.Remove(name)
	}
	if err := b.memory.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Rename implements vfs.FS.
func (b *breaker) Rename(old, name string) error {
	if b.failure.tripped() && b.guards(name) {
		return errTripped
	}
	return b.FS.Rename(old, name)
}

// Link implements vfs.FS.
func (b *breaker) Link(old, name string) error {
	if b.failure.tripped() {
		return errTripped
	}
	return b.FS.Link(old, name)
}

// Open implements vfs.FS.
func (b *breaker) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	if b.failure.tripped() && b.guards(name) {
		if file, err := b.memory.Open(name, opts...); err == nil {
			return file, nil
		}
	}
	return b.FS.Open(name, opts...)
}

// Stat implements vfs.FS.
func (b *breaker) Stat(name string) (vfs.FileInfo, error) {
	if b.failure.tripped() && b.guards(name) {
		if info, err := b.memory.Stat(name); err == nil {
			return info, nil
		}
	}
	return b.FS.Stat(name)
}

// List implements vfs.FS.
func (b *breaker) List(name string) ([]string, error) {
	names, err := b.FS.List(name)
	if err != nil || !b.failure.tripped() || name != b.dir {
		return names, err
	}
	more, err := b.memory.List(name)
	if err != nil {
		return nil, err
	}
	names = append(names, more...)
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Unwrap implements vfs.FS.
func (b *breaker) Unwrap() vfs.FS { return b.FS }

// guardedFile is a file, or the directory, of the store on the disk.
type guardedFile struct {
	vfs.File
	breaker *breaker
	vital   bool
}

// off tells that the store has failed, and what Pebble is told about a write.
func (f *guardedFile) off() (bool, error) {
	if !f.breaker.failure.tripped() {
		return false, nil
	}
	if f.vital {
		return true, nil
	}
	return true, errTripped
}

// outcome is what Pebble is told about a write that was tried.
func (f *guardedFile) outcome(err error) error {
	if err == nil {
		return nil
	}
	return f.breaker.failed(f.vital, err)
}

// Write implements vfs.File. When there is no room it gives up the ballast
// and writes the rest; a sync is not tried twice.
func (f *guardedFile) Write(p []byte) (int, error) {
	if off, err := f.off(); off {
		return len(p), err
	}
	n, err := f.File.Write(p)
	if err != nil && isFull(err) && f.breaker.ballast.release() {
		var more int
		more, err = f.File.Write(p[n:])
		n += more
	}
	if err := f.outcome(err); err != nil {
		return n, err
	}
	return len(p), nil
}

// WriteAt implements vfs.File.
func (f *guardedFile) WriteAt(p []byte, at int64) (int, error) {
	if off, err := f.off(); off {
		return len(p), err
	}
	n, err := f.File.WriteAt(p, at)
	if err := f.outcome(err); err != nil {
		return n, err
	}
	return len(p), nil
}

// Sync implements vfs.File.
func (f *guardedFile) Sync() error {
	if off, err := f.off(); off {
		return err
	}
	return f.outcome(f.File.Sync())
}

// SyncData implements vfs.File.
func (f *guardedFile) SyncData() error {
	if off, err := f.off(); off {
		return err
	}
	return f.outcome(f.File.SyncData())
}

// SyncTo implements vfs.File.
func (f *guardedFile) SyncTo(length int64) (bool, error) {
	if off, err := f.off(); off {
		return false, err
	}
	full, err := f.File.SyncTo(length)
	return full, f.outcome(err)
}

// Close implements vfs.File.
func (f *guardedFile) Close() error { return f.outcome(f.File.Close()) }
