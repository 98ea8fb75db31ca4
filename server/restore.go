package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"poststube/admin"
)

// Restore puts a backup into the data directory dir, which must have no mail yet.
// from is a backup, or a directory of them, of which the newest is taken. Each
// file is compared with its checksum, and the result is checked before it gets
// its place: a Restore that fails has changed nothing that a server would use.
func Restore(ctx context.Context, from, dir string, c *Config, log *slog.Logger, progress func(admin.Backup)) (done admin.Backup, err error) {
	for _, part := range []string{"kv", "blob"} {
		if _, err := os.Lstat(filepath.Join(dir, part)); !errors.Is(err, fs.ErrNotExist) {
			return done, fmt.Errorf("%s has mail already: name an empty directory with --data, or move the old one away", dir)
		}
	}
	if done.Dir, err = findBackup(from); err != nil {
		return done, err
	}
	m, err := readManifest(done.Dir)
	if err != nil {
		return done, err
	}
	temp := filepath.Join(dir, "restoring")
	if err := os.RemoveAll(temp); err != nil {
		return done, err
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return done, err
	}
	if err := copyBack(ctx, temp, m, &done, progress); err != nil {
		return done, errors.Join(err, os.RemoveAll(temp))
	}
	if err := renew(ctx, temp, c, log); err != nil {
		return done, errors.Join(err, os.RemoveAll(temp))
	}
	return done, place(temp, dir)
}

// findBackup returns from if it is a backup, or the newest one in it.
func findBackup(from string) (string, error) {
	if _, err := os.Stat(filepath.Join(from, manifestFile)); err == nil {
		return from, nil
	}
	names, err := backups(from)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", fmt.Errorf("there is no backup in %s", from)
	}
	return filepath.Join(from, names[len(names)-1]), nil
}

// copyBack copies the backup done.Dir into temp.
func copyBack(ctx context.Context, temp string, m manifest, done *admin.Backup, progress func(admin.Backup)) error {
	sums, err := readSums(done.Dir)
	if err != nil {
		return err
	}
	if len(sums) != m.Files {
		return fmt.Errorf("the backup is damaged: %s lists %d files, there should be %d", sumsFile, len(sums), m.Files)
	}
	c := copier{ctx: ctx, to: temp, done: done, progress: progress}
	done.Total = m.Octets
	defer func() { done.Total = 0 }()
	for name, want := range sums {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(temp, filepath.Dir(name)), 0o700); err != nil {
			return err
		}
		from := filepath.Join(done.Dir, name)
		info, err := os.Stat(from)
		if err != nil {
			return fmt.Errorf("the backup is damaged: %w", err)
		}
		got, err := copyFile(from, filepath.Join(temp, name), info)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("the backup is damaged: %s is not what was saved", from)
		}
		done.Files++
		done.Octets += info.Size()
		done.Copied += info.Size()
		if progress != nil && done.Files%64 == 0 {
			progress(*done)
		}
	}
	return c.syncDirs(temp)
}

// renew makes the copied store one that goes on above all that clients may know.
func renew(ctx context.Context, dir string, c *Config, log *slog.Logger) error {
	quiet := *c
	quiet.Sharing.Announce = false
	s, err := OpenStore(ctx, dir, &quiet, log)
	if err != nil {
		return fmt.Errorf("the backup cannot be opened: %w", err)
	}
	return errors.Join(s.Engine.Restored(ctx), s.Close())
}

// place moves what was restored to where a server looks for it, the records last:
// they are what makes a directory a data directory.
func place(temp, dir string) error {
	for _, part := range []string{"tls", "blob", "kv"} {
		from, to := filepath.Join(temp, part), filepath.Join(dir, part)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if part == "tls" {
			if _, err := os.Stat(to); err == nil {
				continue // the directory has a certificate
			}
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	return os.RemoveAll(temp)
}
