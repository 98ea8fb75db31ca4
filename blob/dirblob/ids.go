package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob"
)

// idBlock is how many IDs are reserved on disk at a time. What is left of a
// block when the store closes or crashes is never given out: so an ID cannot
// come twice, even if the newest objects were deleted before the crash.
const idBlock = 1024

// idSource gives out ascending IDs.
type idSource struct {
	mu       sync.Mutex
	next     blob.ID
	reserved blob.ID // IDs below this number are reserved on disk
}

const idsFile = "ids"

// idGap is skipped when the reservation was lost and only the objects are left
// to tell which IDs were in use: those of deleted objects must not come again.
const idGap = 1 << 32

// errDamaged says that the file of the reservation can be read and makes no
// sense.
var errDamaged = errors.New("the file is damaged")

// openIDs finds the first ID that was certainly never given out.
func (s *Store) openIDs() error {
	mark, err := s.readIDs()
	if err == nil {
		s.ids.next, s.ids.reserved = mark, mark
		return nil
	}
	lost := errors.Is(err, errDamaged)
	if !lost && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	next := blob.ID(1)
	for id, err := range s.List(context.Background()) {
		if err != nil {
			return err
		}
		next, lost = id+1, true
	}
	if lost {
		next += idGap
		s.log.Warn("blob: the reservation of IDs was lost; a range is skipped", "dir", s.dir, "next", uint64(next), "err", err)
	}
	s.ids.next, s.ids.reserved = next, next
	return nil
}

func (s *Store) readIDs() (blob.ID, error) {
	file, err := s.fs.Open(s.path(idsFile))
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return 0, err
	}
	mark, err := strconv.ParseUint(strings.TrimSuffix(string(text), "\n"), 10, 64)
	if err != nil || mark == 0 {
		return 0, fmt.Errorf("%s: %w: %q", s.path(idsFile), errDamaged, text)
	}
	return blob.ID(mark), nil
}

// nextID returns an ID that was never returned before.
func (s *Store) nextID() (blob.ID, error) {
	s.ids.mu.Lock()
	defer s.ids.mu.Unlock()
	if s.ids.next == s.ids.reserved {
		if err := s.reserveIDs(s.ids.reserved + idBlock); err != nil {
			return 0, err
		}
		s.ids.reserved += idBlock
	}
	id := s.ids.next
	s.ids.next++
	return id, nil
}

// reserveIDs makes durable that IDs below mark may be in use.
func (s *Store) reserveIDs(mark blob.ID) error {
	temp := s.path("tmp", idsFile)
	file, err := s.fs.Create(temp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, uint64(mark))
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := s.fs.Rename(temp, s.path(idsFile)); err != nil {
		return err
	}
	return s.syncer.sync(s.dir)
}
