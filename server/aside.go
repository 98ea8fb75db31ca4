package server

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"poststube/admin"
)

// An Aside is a backup that is open beside the store of a data directory, to take
// single mailboxes out of it.
type Aside struct {
	*Store
	// Backup is the directory of the backup.
	Backup string
	temp   string
}

// OpenAside copies a backup into a temporary directory below dir, compares each
// file with its checksum, and opens it. from is a backup, or a directory of them,
// of which the newest is taken. Neither the backup nor the store in dir is
// touched. Close removes the copy.
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
	if a.temp, err = os.MkdirTemp(dir, "aside"); err != nil {
		return nil, err
	}
	if err := copyBack(ctx, a.temp, m, &done, progress); err != nil {
		return nil, errors.Join(err, os.RemoveAll(a.temp))
	}
	// People are as they were: nobody is asked who they are now.
	quiet := *c
	quiet.Sharing.Announce, quiet.Storage.Ballast = false, 0
	quiet.LDAP, quiet.OIDC = LDAP{}, OIDC{}
	if a.Store, err = OpenStore(ctx, a.temp, &quiet, log); err != nil {
		return nil, errors.Join(err, os.RemoveAll(a.temp))
	}
	return a, nil
}

// Close closes the copy and removes it.
func (a *Aside) Close() error {
	return errors.Join(a.Store.Close(), os.RemoveAll(a.temp))
}
