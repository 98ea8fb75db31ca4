package pebblekv

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ballast is a file that only takes room. When the log finds none, which Pebble
// cannot bear, it is thrown off; meanwhile the guard of the free space has seen
// it too and refuses to grow.
type ballast struct {
	fs   vfs.FS
	path string
	size int64

	mu      sync.Mutex
	present bool
}

// load makes the file anew with the wanted size; 0 only removes an old one.
func (b *ballast) load() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.fs.Remove(b.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if b.size == 0 {
		return nil
	}
	file, err := b.fs.Create(b.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	err = errors.Join(file.Preallocate(0, b.size), file.Close())
	b.present = err == nil
	return err
}

// release throws the ballast off. It returns false if it was gone already.
func (b *ballast) release() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.present {
		return false
	}
	b.present = false
	return b.fs.Remove(b.path) == nil
}

// gone tells whether a ballast is wanted and was thrown off.
func (b *ballast) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size > 0 && !b.present
}
