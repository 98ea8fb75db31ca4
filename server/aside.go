package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"poststube/admin"
)

// An Aside is a backup that is open beside the store of a data directory, to take
// single mailboxes out of it.
type Aside struct {
	*Store
	// Backup is the directory of the backup.
	Backup string
	copy   *asideCopy
}

// OpenAside copies a backup into a directory below dir, compares each file with
// its checksum, and opens it. from is a backup, or a directory of them, of which
// the newest is taken. Neither the backup nor the store in dir is touched. There
// is one at a time for each dir. Close removes the copy; that of a process that
// was killed is removed by the next call, or when a server starts.
func OpenAside(ctx context.Context, from, dir string, c *Config, log *slog.Logger, progress func(admin.Backup)) (_ *Aside, err error) {
	var done admin.Backup
	if done.Dir, err = findBackup(from); err != nil {
		return nil, err
	}
	m, err := readManifest(done.Dir)
	if err != nil {
		return nil, err
	}
	a := &Aside{Backup: done.Dir}
	if a.copy, err = claimAside(dir); err != nil {
		return nil, err
	}
	if err := copyBack(ctx, a.copy.dir, m, &done, progress); err != nil {
		return nil, errors.Join(err, a.copy.remove())
	}
	// People are as they were: nobody is asked who they are now.
	quiet := *c
	quiet.Sharing.Announce, quiet.Storage.Ballast = false, 0
	quiet.LDAP, quiet.OIDC = LDAP{}, OIDC{}
	if a.Store, err = OpenStore(ctx, a.copy.dir, &quiet, log); err != nil {
		return nil, errors.Join(err, a.copy.remove())
	}
	return a, nil
}

// Close closes the copy and removes it.
func (a *Aside) Close() error {
	return errors.Join(a.Store.Close(), a.copy.remove())
}

// An asideCopy is the place of a copy, and the lock without which it is nobody's:
// that of the data directory itself, which the store does not use. The lock ends
// with the process, the copy does not.
type asideCopy struct {
	dir  string
	lock *os.File
}

// asideDir is the name of the place, below the data directory.
const asideDir = "aside"

var errAside = errors.New("another restore --only is at work in this data directory: wait until it is done")

// claimAside takes the place below dir and empties it. The error is errAside if
// somebody has it.
func claimAside(dir string) (*asideCopy, error) {
	c := &asideCopy{dir: filepath.Join(dir, asideDir)}
	var err error
	if c.lock, err = os.Open(dir); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(c.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errAside
		}
		return nil, errors.Join(err, c.lock.Close())
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return nil, errors.Join(err, c.lock.Close())
	}
	return c, nil
}

// remove gives the place back, empty.
func (c *asideCopy) remove() error {
	return errors.Join(os.RemoveAll(c.dir), c.lock.Close())
}

// clearAside removes the copy of a process that was killed: it is mail that nobody
// looks after. One that is in use stays.
func clearAside(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, asideDir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c, err := claimAside(dir)
	if errors.Is(err, errAside) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.remove()
}
