// Package dirblob keeps message bodies as files of a directory, for one
// machine.
//
// An object is written to a file under tmp, synced, moved to its place and the
// directory of that place synced; so a file that has a name is whole. Names are
// the object's ID in hexadecimal, in directories of 4096 IDs each:
//
//	DIR/LOCK                             held while the store is open
//	DIR/ids                              IDs below this number may be in use
//	DIR/tmp/17                           unfinished, removed by the next Open
//	DIR/000000000000a/000000000000a3f2   object 0xa3f2
package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob"
	"poststube/diskspace"
)

// Options are the settings of a Store. The zero value is usable.
type Options struct {
	// FS is the file system; nil is the operating system's. Tests pass
	// vfs.NewMem() or vfs.NewCrashableMem().
	FS vfs.FS
	// MinFree is the reserve in bytes: with less free space on the disk, Write
	// and Commit answer blob.ErrFull. 0 keeps no reserve.
	MinFree uint64
	// Log receives what the store has to say; nil means slog.Default().
	Log *slog.Logger
}

// Store is a blob.Store in one directory. It is safe for concurrent use.
type Store struct {
	fs     vfs.FS
	dir    string
	log    *slog.Logger
	lock   io.Closer
	ids    idSource
	space  *diskspace.Guard
	temps  atomic.Uint64
	syncer *dirSyncer
	closed atomic.Bool

	mu      sync.Mutex
	current string // the directory that was last made sure to exist
}

var _ blob.Store = (*Store)(nil)

var errClosed = errors.New("blob: store is closed")

// Open opens the store in dir and creates it if there is none. It fails when
// another process has it open. What a crash left unfinished is removed.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{fs: o.FS, dir: dir, log: o.Log}
	if s.fs == nil {
		s.fs = vfs.Default
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.syncer = newDirSyncer(s.fs)
	s.space = diskspace.NewGuard(o.MinFree, func() (uint64, error) {
		usage, err := s.fs.GetDiskUsage(s.dir)
		return usage.AvailBytes, err
	})
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("blob: opening %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) open() (err error) {
	if err := s.makeDir(s.path("tmp")); err != nil {
		return err
	}
	if s.lock, err = s.fs.Lock(s.path("LOCK")); err != nil {
		return fmt.Errorf("it is in use by another process: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.lock.Close())
		}
	}()
	// Again, in case an earlier start was cut off between the two steps.
	if err := errors.Join(s.syncer.sync(s.fs.PathDir(s.dir)), s.syncer.sync(s.dir)); err != nil {
		return err
	}
	leftovers, err := s.fs.List(s.path("tmp"))
	if err != nil {
		return err
	}
	for _, name := range leftovers {
		if err := s.fs.Remove(s.path("tmp", name)); err != nil {
			return err
		}
	}
	return s.openIDs()
}

// makeDir creates dir for this user only, with the directories above it that are
// missing, durably.
func (s *Store) makeDir(dir string) error {
	if _, err := s.fs.Stat(dir); err == nil {
		return nil
	}
	above := s.fs.PathDir(dir)
	if above != dir {
		if err := s.makeDir(above); err != nil {
			return err
		}
	}
	if err := s.fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return s.syncer.sync(above)
}

func (s *Store) path(elem ...string) string {
	return s.fs.PathJoin(append([]string{s.dir}, elem...)...)
}

// Create implements blob.Store.
func (s *Store) Create(ctx context.Context) (blob.Writer, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	temp := s.path("tmp", fmt.Sprint(s.temps.Add(1)))
	file, err := s.fs.Create(temp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, wrap("creating an object", err)
	}
	return &writer{store: s, temp: temp, file: file}, nil
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, id blob.ID) (blob.Reader, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	file, err := s.fs.Open(s.objectPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.ErrNotFound
	}
	if err != nil {
		return nil, wrap("opening an object", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(wrap("opening an object", err), file.Close())
	}
	return &reader{File: file, size: info.Size()}, nil
}

// Delete implements blob.Store. It is not synced: after a crash a deleted object
// may be there again, as one that nothing refers to.
func (s *Store) Delete(ctx context.Context, id blob.ID) error {
	if s.closed.Load() {
		return errClosed
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	err := s.fs.Remove(s.objectPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrap("deleting an object", err)
	}
	dir := dirName(id)
	s.mu.Lock()
	busy := dir == s.current
	s.mu.Unlock()
	if !busy {
		// This fails unless it was the last object of the directory.
		_ = s.fs.Remove(s.path(dir))
	}
	return nil
}

// Close implements blob.Store. Writers and readers must have ended.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return errClosed
	}
	return s.lock.Close()
}

// wrap says what failed and turns a full disk into blob.ErrFull.
func wrap(what string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %s: %w", blob.ErrFull, what, err)
	}
	return fmt.Errorf("blob: %s: %w", what, err)
}

// reader is an open object.
type reader struct {
	vfs.File
	size int64
}

func (r *reader) Size() int64 { return r.size }
