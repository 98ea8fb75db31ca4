package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"

	"poststube/blob"
)

// dirBits is how many low bits of an ID select the file within its directory.
const dirBits = 12

// Names are hexadecimal of fixed width, so that their order is that of the IDs.
const (
	dirDigits  = 13
	fileDigits = 16
)

func dirName(id blob.ID) string  { return fmt.Sprintf("%0*x", dirDigits, uint64(id)>>dirBits) }
func fileName(id blob.ID) string { return fmt.Sprintf("%0*x", fileDigits, uint64(id)) }

func (s *Store) objectPath(id blob.ID) string { return s.path(dirName(id), fileName(id)) }

// parseName reads a name of the given width; other names are not ours.
func parseName(name string, digits int) (uint64, bool) {
	if len(name) != digits {
		return 0, false
	}
	n, err := strconv.ParseUint(name, 16, 64)
	if err != nil || fmt.Sprintf("%0*x", digits, n) != name {
		return 0, false
	}
	return n, true
}

// List implements blob.Store. Objects that come or go during the listing may
// or may not be in it. An error ends it.
func (s *Store) List(ctx context.Context) iter.Seq2[blob.ID, error] {
	return func(yield func(blob.ID, error) bool) {
		if s.closed.Load() {
			yield(0, errClosed)
			return
		}
		dirs, err := s.numbers(s.dir, dirDigits)
		if err != nil {
			yield(0, wrap("listing objects", err))
			return
		}
		for _, d := range dirs {
			if err := context.Cause(ctx); err != nil {
				yield(0, err)
				return
			}
			files, err := s.numbers(s.path(dirName(blob.ID(d<<dirBits))), fileDigits)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				yield(0, wrap("listing objects", err))
				return
			}
			for _, f := range files {
				if f>>dirBits == d && !yield(blob.ID(f), nil) {
					return
				}
			}
		}
	}
}

// numbers returns the names in dir that are numbers of the given width, in
// ascending order.
func (s *Store) numbers(dir string, digits int) ([]uint64, error) {
	names, err := s.fs.List(dir)
	if err != nil {
		return nil, err
	}
	numbers := make([]uint64, 0, len(names))
	for _, name := range names {
		if n, ok := parseName(name, digits); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
