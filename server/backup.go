package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"poststube/admin"
	"poststube/mail"
)

// A backup is a directory named after its time, below the one that is given, and
// whole as soon as it has that name:
//
//	DIR/20261125T030000Z/manifest.json  what it is
//	DIR/20261125T030000Z/SHA256SUMS     every other file, for sha256sum -c
//	DIR/20261125T030000Z/kv/            a checkpoint of the records
//	DIR/20261125T030000Z/blob/          large messages
//	DIR/20261125T030000Z/tls/           the self-signed certificate
//
// Files that have not changed since the backup before are hard links to it, so a
// further backup costs what is new. Nothing is linked to the data directory
// itself: one damaged block must not spoil both.
const (
	backupTime   = "20060102T150405Z"
	manifestFile = "manifest.json"
	sumsFile     = "SHA256SUMS"
	partial      = ".partial" // after the name of an unfinished one
)

// backupFormat rises when a restore of an older version would go wrong.
const backupFormat = 1

// A manifest says what a backup is.
type manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the poststube that made it
	Time    time.Time `json:"time"`
	Files   int       `json:"files"`
	Octets  int64     `json:"octets"`
}

// Backup copies the store into a new backup below to.Dir while it is in use.
// Everything that was acknowledged before the call is in it. progress, if not
// nil, hears how far it is.
func (s *Store) Backup(ctx context.Context, to admin.BackupTo, progress func(admin.Backup)) (admin.Backup, error) {
	done := admin.Backup{}
	if !filepath.IsAbs(to.Dir) {
		return done, &mail.Error{Kind: mail.Invalid, Text: fmt.Sprintf("%q is not an absolute path", to.Dir)}
	}
	if !s.backingUp.TryLock() {
		return done, &mail.Error{Kind: mail.Unavailable, Text: "another backup is being made: wait for its end"}
	}
	defer s.backingUp.Unlock()
	done, err := s.backup(ctx, to, progress)
	if err != nil && ctx.Err() == nil {
		err = &mail.Error{Kind: mail.Internal, Text: "the backup failed: " + err.Error(), Err: err}
	}
	return done, err
}

func (s *Store) backup(ctx context.Context, to admin.BackupTo, progress func(admin.Backup)) (done admin.Backup, err error) {
	if err := os.MkdirAll(to.Dir, 0o700); err != nil {
		return done, err
	}
	earlier, err := backups(to.Dir)
	if err != nil {
		return done, err
	}
	now := time.Now().UTC()
	name := now.Format(backupTime)
	if len(earlier) > 0 && name <= earlier[len(earlier)-1] {
		return done, fmt.Errorf("%s has a backup of this second or of the future: %s", to.Dir, earlier[len(earlier)-1])
	}
	done.Dir = filepath.Join(to.Dir, name)
	c := copier{ctx: ctx, to: done.Dir + partial, done: &done, progress: progress}
	if len(earlier) > 0 {
		if err := c.after(filepath.Join(to.Dir, earlier[len(earlier)-1])); err != nil {
			return done, err
		}
	}
	// What an interrupted one has left is in the way.
	if err := os.RemoveAll(c.to); err != nil {
		return done, err
	}
	if err := s.copyAll(&c); err != nil {
		return done, errors.Join(err, os.RemoveAll(c.to))
	}
	if err := c.finish(manifest{backupFormat, Version, now, done.Files, done.Octets}, done.Dir); err != nil {
		return done, err
	}
	return done, prune(to, append(earlier, name))
}

// copyAll copies a checkpoint of the records, and then all objects, none of which
// is deleted meanwhile.
func (s *Store) copyAll(c *copier) (err error) {
	checkpoint := filepath.Join(s.dir, "checkpoint")
	if err := os.RemoveAll(checkpoint); err != nil {
		return err
	}
	release := s.blobs.hold()
	defer func() { err = errors.Join(err, release(), os.RemoveAll(checkpoint)) }()
	if err := s.db.Checkpoint(checkpoint); err != nil {
		return err
	}
	parts := [...]struct{ from, name string }{
		{checkpoint, "kv"}, {filepath.Join(s.dir, "blob"), "blob"}, {filepath.Join(s.dir, "tls"), "tls"},
	}
	for _, part := range parts {
		c.done.Total += treeSize(part.from)
	}
	defer func() { c.done.Total = 0 }() // what is done says its size itself
	for _, part := range parts {
		if err := c.tree(part.from, part.name); err != nil {
			return err
		}
	}
	return nil
}

// finish writes what describes the backup and gives it its name.
func (c *copier) finish(m manifest, name string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(c.to, sumsFile), []byte(c.sums.String())); err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(c.to, manifestFile), append(b, '\n')); err != nil {
		return err
	}
	if err := syncDir(c.to); err != nil {
		return err
	}
	if err := os.Rename(c.to, name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// backups returns the names of the finished backups in dir, the oldest first.
func backups(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if _, err := time.Parse(backupTime, e.Name()); err == nil && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, err
}

// prune removes all but the newest to.Keep backups; 0 keeps all.
func prune(to admin.BackupTo, names []string) error {
	for to.Keep > 0 && len(names) > to.Keep {
		// Without its name it can no longer be taken for a whole one.
		old := filepath.Join(to.Dir, names[0])
		if err := os.Rename(old, old+partial); err != nil {
			return err
		}
		if err := os.RemoveAll(old + partial); err != nil {
			return err
		}
		names = names[1:]
	}
	return nil
}

// readManifest reads and checks what a backup says of itself.
func readManifest(dir string) (m manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("%s is damaged: %w", filepath.Join(dir, manifestFile), err)
	}
	if m.Format != backupFormat {
		return m, fmt.Errorf("%s has format %d, this poststube reads format %d: use the version that made it (%s)", dir, m.Format, backupFormat, m.Version)
	}
	return m, nil
}

// readSums reads SHA256SUMS: the sum of each file by its path.
func readSums(dir string) (map[string]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(sum) != 64 || !filepath.IsLocal(path) {
			return nil, fmt.Errorf("%s is damaged", filepath.Join(dir, sumsFile))
		}
		sums[path] = sum
	}
	return sums, nil
}
