package dirblob

import (
	"errors"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob"
	"poststube/diskspace"
)

// bufferSize is how much of an object is collected before it is written: most
// bodies take one or two writes.
const bufferSize = 64 << 10

// writer is an object on its way. It is not safe for concurrent use.
type writer struct {
	store *Store
	temp  string
	file  vfs.File
	// buf is what has not been written to file yet; flushed is how much has.
	buf     []byte
	flushed int64
	err     error // the first failure; nothing works after it
	ended   bool
}

var errEnded = errors.New("blob: writer was committed or aborted")

func (w *writer) Size() int64 { return w.flushed + int64(len(w.buf)) }

func (w *writer) Write(p []byte) (n int, err error) {
	if w.ended {
		return 0, errEnded
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, bufferSize)
	}
	for len(p) > 0 {
		if len(w.buf) == cap(w.buf) {
			if err := w.flush(); err != nil {
				return n, err
			}
		}
		k := copy(w.buf[len(w.buf):cap(w.buf)], p)
		w.buf = w.buf[:len(w.buf)+k]
		p = p[k:]
		n += k
	}
	return n, nil
}

func (w *writer) flush() error {
	if w.err != nil {
		return w.err
	}
	if len(w.buf) == 0 {
		return nil
	}
	if w.store.space.Level() != diskspace.Ample {
		w.err = blob.ErrFull
		return w.err
	}
	if _, err := w.file.Write(w.buf); err != nil {
		w.err = wrap("writing an object", err)
		return w.err
	}
	w.flushed += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

func (w *writer) ReadAt(p []byte, off int64) (n int, err error) {
	if w.ended {
		return 0, errEnded
	}
	if off < 0 {
		return 0, errors.New("blob: negative offset")
	}
	if off < w.flushed {
		n = int(min(int64(len(p)), w.flushed-off))
		if k, err := w.file.ReadAt(p[:n], off); k < n {
			return k, err
		}
	}
	if n < len(p) {
		if at := off + int64(n) - w.flushed; at < int64(len(w.buf)) {
			n += copy(p[n:], w.buf[at:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Commit makes the object durable: first its content, then its name.
func (w *writer) Commit() (blob.ID, error) {
	if w.ended {
		return 0, errEnded
	}
	w.ended = true
	err := w.flush()
	if err == nil {
		if err = w.file.Sync(); err != nil {
			err = wrap("syncing an object", err)
		}
	}
	if closeErr := w.file.Close(); err == nil && closeErr != nil {
		err = wrap("closing an object", closeErr)
	}
	if err != nil {
		return 0, errors.Join(err, w.store.removeTemp(w.temp))
	}
	return w.store.publish(w.temp)
}

func (w *writer) Abort() error {
	if w.ended {
		return nil
	}
	w.ended = true
	return errors.Join(w.file.Close(), w.store.removeTemp(w.temp))
}

func (s *Store) removeTemp(temp string) error {
	if err := s.fs.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return wrap("removing an unfinished object", err)
	}
	return nil
}

// publish gives a finished file its place.
func (s *Store) publish(temp string) (blob.ID, error) {
	id, err := s.nextID()
	if err != nil {
		return 0, errors.Join(wrap("reserving IDs", err), s.removeTemp(temp))
	}
	path := s.objectPath(id)
	err = s.ensureDir(dirName(id), false)
	if err == nil {
		err = s.fs.Rename(temp, path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		// Delete found the directory empty between our two steps.
		if err = s.ensureDir(dirName(id), true); err == nil {
			err = s.fs.Rename(temp, path)
		}
	}
	if err != nil {
		return 0, errors.Join(wrap("naming an object", err), s.removeTemp(temp))
	}
	if err := s.syncer.sync(s.path(dirName(id))); err != nil {
		return 0, errors.Join(wrap("naming an object", err), s.removeTemp(path))
	}
	return id, nil
}

// ensureDir creates a directory of objects, durably. It remembers the last one.
func (s *Store) ensureDir(name string, again bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == s.current && !again {
		return nil
	}
	if err := s.fs.MkdirAll(s.path(name), 0o700); err != nil {
		return err
	}
	if err := s.syncer.sync(s.dir); err != nil {
		return err
	}
	s.current = name
	return nil
}
