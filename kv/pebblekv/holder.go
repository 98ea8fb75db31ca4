package pebblekv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// InUseError is what Open returns for a directory that is open already.
type InUseError struct {
	Dir string
	// PID is the process that has it open, 0 if that is not known.
	PID int
	// Err is what the lock said.
	Err error
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("%s is in use by process %d", e.Dir, e.PID)
}

func (e *InUseError) Unwrap() error { return e.Err }

// holderFile names who holds the lock. It is no lock itself and means nothing
// while nobody holds one.
const holderFile = "holder"

// hold locks dir for this process, and says who has it if it cannot.
func hold(fs vfs.FS, dir string) (*pebble.Lock, error) {
	path := fs.PathJoin(dir, holderFile)
	lock, err := pebble.LockDirectory(dir, fs)
	if err != nil && isHeld(err) {
		return nil, &InUseError{Dir: dir, PID: readHolder(fs, path), Err: err}
	}
	if err != nil {
		return nil, err
	}
	if err := writeHolder(fs, path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// isHeld tells a lock that somebody has from one that cannot be asked for.
func isHeld(err error) bool {
	var noFile *os.PathError
	if errors.As(err, &noFile) {
		return false
	}
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "held by current process")
}

func readHolder(fs vfs.FS, path string) int {
	file, err := fs.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

func writeHolder(fs vfs.FS, path string) error {
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, os.Getpid())
	return errors.Join(err, file.Close())
}
