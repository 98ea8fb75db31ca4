package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"poststube/admin"
)

// A copier copies trees of files into a new directory, and links what has not
// changed since an earlier copy to it.
type copier struct {
	ctx      context.Context
	to       string
	earlier  string            // or ""
	known    map[string]string // its sums
	sums     strings.Builder
	done     *admin.Backup
	progress func(admin.Backup)
}

// after makes an earlier backup the one to link to.
func (c *copier) after(dir string) (err error) {
	c.earlier = dir
	c.known, err = readSums(dir)
	return err
}

// treeSize returns the octets of all files below dir, as far as they can be seen:
// it is for showing progress.
func treeSize(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// tree copies all files below from as name; a tree that is not there is empty.
// Files that disappear meanwhile are passed over: nothing refers to them.
func (c *copier) tree(from, name string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		to := filepath.Join(name, rel)
		switch {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case d.IsDir() && to == filepath.Join("blob", "tmp"):
			return fs.SkipDir // unfinished
		case d.IsDir():
			return os.MkdirAll(filepath.Join(c.to, to), 0o700)
		case d.Name() == "LOCK" || !d.Type().IsRegular():
			return nil
		}
		if err := c.file(path, to); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.syncDirs(filepath.Join(c.to, name))
}

// file takes one file over.
func (c *copier) file(from, name string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	to := filepath.Join(c.to, name)
	sum, linked := c.link(info, name, to)
	if !linked {
		if sum, err = copyFile(from, to, info); err != nil {
			return err
		}
		c.done.Copied += info.Size()
	}
	fmt.Fprintf(&c.sums, "%s  %s\n", sum, name)
	c.done.Files++
	c.done.Octets += info.Size()
	if c.progress != nil && c.done.Files%64 == 0 {
		c.progress(*c.done)
	}
	return nil
}

// link tries to link a file to the earlier copy, which is the same if size and
// time are: files of the store are written once.
func (c *copier) link(info fs.FileInfo, name, to string) (sum string, ok bool) {
	sum = c.known[name]
	if sum == "" {
		return "", false
	}
	old := filepath.Join(c.earlier, name)
	was, err := os.Stat(old)
	if err != nil || was.Size() != info.Size() || !was.ModTime().Equal(info.ModTime()) {
		return "", false
	}
	return sum, os.Link(old, to) == nil // where there are no links, it is copied
}

// copyFile copies a file with its time, durably, and returns its SHA-256.
func copyFile(from, to string, info fs.FileInfo) (sum string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), in)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Chtimes(to, info.ModTime(), info.ModTime())
	}
	return hex.EncodeToString(hash.Sum(nil)), err
}

// syncDirs makes the names below dir durable.
func (c *copier) syncDirs(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = syncDir(path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func writeSynced(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
