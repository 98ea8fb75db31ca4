// Package maildir reads and writes mail as Maildir: a directory a folder, a file
// a message, flags in the names of files.
//
// Three forms are read, as they are found: one Maildir; Maildir++, where folders
// are directories ".A.B" beside the inbox's cur and new
// (https://www.courier-mta.org/imap/README.maildirquota.html); and nested
// directories A/B, as Dovecot's LAYOUT=fs and mail programs have them. What
// Dovecot and Courier keep beside the messages is read too: UIDs, keywords,
// subscriptions, rights. Reading goes through an fs.FS and changes nothing, so
// the tree may be in use.
//
// Writer writes Maildir++ with Dovecot's files, which Tree reads back.
package maildir

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Files that Dovecot and Courier keep.
const (
	uidListName              = "dovecot-uidlist"
	keywordsName             = "dovecot-keywords"
	aclName                  = "dovecot-acl"
	subscriptionsName        = "subscriptions"
	courierUIDsName          = "courierimapuiddb"
	courierSubscriptionsName = "courierimapsubscribed"
)

// ErrNone is returned for a directory in which there is no Maildir.
var ErrNone = errors.New("there is no Maildir: no directory cur in it or beneath it")

// A Tree is the folders of one person.
type Tree struct {
	fsys    fs.FS
	Folders []*Folder // parents before children
	// Subscriptions are names of folders as they stand in the file, levels in
	// the encoding of folders, with "/" between levels.
	Subscriptions []string
	// Problems are what could not be read of the tree.
	Problems []error
}

// maxDepth bounds how deep directories are looked into; links may go in circles.
const maxDepth = 20

// Open finds the folders of a tree. The error is ErrNone if there are none.
func Open(fsys fs.FS) (*Tree, error) {
	t := &Tree{fsys: fsys}
	if isMaildir(fsys, ".") {
		t.add(nil, ".")
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, dotted := strings.CutPrefix(e.Name(), ".")
		if !dotted {
			continue
		}
		if isMaildir(fsys, e.Name()) {
			t.add(strings.Split(name, "."), e.Name())
		}
	}
	t.nested(".", nil)
	if len(t.Folders) == 0 {
		return nil, ErrNone
	}
	slices.SortStableFunc(t.Folders, func(a, b *Folder) int { return slices.Compare(a.Path, b.Path) })
	t.readSubscriptions()
	return t, nil
}

// nested looks for folders that are directories in directories.
func (t *Tree) nested(dir string, above []string) {
	entries, err := fs.ReadDir(t.fsys, dir)
	if err != nil {
		t.Problems = append(t.Problems, err)
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || name == "cur" || name == "new" || name == "tmp" || len(above) == maxDepth {
			continue
		}
		child := path.Join(dir, name)
		if info, err := fs.Stat(t.fsys, child); err != nil || !info.IsDir() {
			continue
		}
		levels := append(slices.Clone(above), name)
		if isMaildir(t.fsys, child) {
			t.add(levels, child)
		}
		t.nested(child, levels)
	}
}

func isMaildir(fsys fs.FS, dir string) bool {
	info, err := fs.Stat(fsys, path.Join(dir, "cur"))
	return err == nil && info.IsDir()
}

func (t *Tree) add(levels []string, dir string) {
	if len(levels) == 1 && strings.EqualFold(levels[0], "INBOX") {
		levels = nil
	}
	for _, f := range t.Folders {
		if slices.Equal(f.Path, levels) {
			t.Problems = append(t.Problems, fmt.Errorf("%s: there is a folder of the same name in %s", dir, f.dir))
			return
		}
	}
	t.Folders = append(t.Folders, &Folder{fsys: t.fsys, dir: dir, Path: levels})
}

// A Folder is one Maildir.
type Folder struct {
	fsys fs.FS
	dir  string
	// Path holds the levels of the name as they are on disk, which Dovecot
	// writes in modified UTF-7 or in UTF-8; none for the inbox.
	Path []string
	// UIDValidity and UIDNext are 0 if no file tells them. Load sets them.
	UIDValidity, UIDNext uint32
	// Problems are what could not be read. Load sets them.
	Problems []error
}

// A Message is one file.
type Message struct {
	// Base is the name of the file without flags. It is unique in the folder
	// and stays while flags change.
	Base  string
	UID   uint32 // 0: unknown
	Flags Flags

	file string
}

// Flags are a message's flags; keywords by name.
type Flags struct {
	Seen, Answered, Flagged, Deleted, Draft, Forwarded bool
	Keywords                                           []string
}

// parseFlags reads what stands behind ":2," in the name of a file: D F P R S T
// in any order (https://cr.yp.to/proto/maildir.html), and Dovecot's keywords as
// small letters.
func parseFlags(info string, keywords []string) (f Flags) {
	for i := range len(info) {
		switch c := info[i]; {
		case c == 'D':
			f.Draft = true
		case c == 'F':
			f.Flagged = true
		case c == 'P':
			f.Forwarded = true
		case c == 'R':
			f.Answered = true
		case c == 'S':
			f.Seen = true
		case c == 'T':
			f.Deleted = true
		case c >= 'a' && c <= 'z' && int(c-'a') < len(keywords) && keywords[c-'a'] != "":
			f.Keywords = append(f.Keywords, keywords[c-'a'])
		}
	}
	return f
}
