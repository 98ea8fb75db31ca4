package moving

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"poststube/admin"
	"poststube/imap/wire"
	"poststube/maildir"
)

// Maildir is a source that reads a Maildir, Maildir++ or nested directories.
type Maildir struct {
	tree    *maildir.Tree
	folders map[string]*maildir.Folder
}

// OpenMaildir opens a directory.
func OpenMaildir(dir string) (*Maildir, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: name the directory that holds cur and new", dir)
	}
	tree, err := maildir.Open(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Maildir{tree: tree, folders: map[string]*maildir.Folder{}}, nil
}

// Close implements Source.
func (m *Maildir) Close() error { return nil }

// Problems implements Source.
func (m *Maildir) Problems() []Problem {
	var list []Problem
	for _, err := range m.tree.Problems {
		list = append(list, Problem{Text: err.Error()})
	}
	return list
}

// folderName returns the UTF-8 form of levels on disk: Dovecot writes modified
// UTF-7 unless it was told to write UTF-8.
func folderName(levels []string) string {
	if len(levels) == 0 {
		return wire.Inbox
	}
	names := make([]string, len(levels))
	for i, l := range levels {
		name, err := wire.DecodeUTF7(l)
		if err != nil {
			name = strings.ToValidUTF8(l, string(utf8.RuneError))
		}
		names[i] = strings.ReplaceAll(name, "/", "_")
	}
	return strings.Join(names, "/")
}

// Folders implements Source.
func (m *Maildir) Folders(context.Context) ([]Folder, error) {
	var subscribed []string
	for _, s := range m.tree.Subscriptions {
		subscribed = append(subscribed, folderName(strings.Split(s, "/")))
	}
	list := make([]Folder, len(m.tree.Folders))
	for i, f := range m.tree.Folders {
		name := folderName(f.Path)
		list[i] = Folder{Name: name, Subscribed: slices.Contains(subscribed, name), Messages: f.Count(), key: strings.Join(f.Path, "/")}
		m.folders[list[i].key] = f
	}
	return list, nil
}

// Open implements Source.
func (m *Maildir) Open(_ context.Context, f Folder) (*Contents, error) {
	folder := m.folders[f.key]
	list, err := folder.Load()
	if err != nil {
		return nil, &FolderError{err}
	}
	c := &Contents{UIDValidity: folder.UIDValidity, UIDNext: folder.UIDNext}
	for _, err := range folder.Problems {
		c.Problems = append(c.Problems, Problem{Text: err.Error()})
	}
	entries, err := folder.ACL()
	if err != nil {
		c.Problems = append(c.Problems, Problem{Text: err.Error()})
	}
	for _, e := range entries {
		c.ACL = append(c.ACL, Entry(e))
	}
	c.Messages = func(known func(string) bool, report func(Problem)) iter.Seq2[admin.Message, error] {
		return func(yield func(admin.Message, error) bool) {
			var memory bytes.Buffer
			for _, msg := range list {
				source := "maildir\x00" + msg.Base
				if known(source) {
					continue
				}
				ok, err := giveFile(folder, msg, source, &memory, yield)
				if err != nil {
					report(Problem{Message: msg.Base, Text: err.Error()})
				}
				if !ok {
					return
				}
			}
		}
	}
	return c, nil
}

// giveFile yields one file. An error says that it can't be read; a file that is
// gone was deleted meanwhile, which is none.
func giveFile(folder *maildir.Folder, msg maildir.Message, source string, memory *bytes.Buffer, yield func(admin.Message, error) bool) (ok bool, err error) {
	file, err := folder.Open(msg)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return true, err
	}
	defer file.Close()
	body, err := readAhead(file, memory)
	if err != nil {
		return true, err
	}
	if body == nil {
		return true, errors.New("the file is empty")
	}
	return yield(admin.Message{Date: file.Date, Flags: maildirFlags(msg.Flags), UID: msg.UID, Source: source, Body: body}, nil), nil
}

// ahead is how much of a message is read before it is given away, so that a
// file that cannot be read costs that message alone. Behind it an error ends
// the import, which can be done again.
const ahead = 4 << 20

// readAhead reads the beginning of r into memory. An empty r is nil.
func readAhead(r io.Reader, memory *bytes.Buffer) (io.Reader, error) {
	memory.Reset()
	n, err := memory.ReadFrom(io.LimitReader(r, ahead))
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, nil
	case n < ahead:
		return bytes.NewReader(memory.Bytes()), nil
	}
	return io.MultiReader(bytes.NewReader(memory.Bytes()), r), nil
}

// forwarded is the keyword for the letter P.
const forwarded = "$Forwarded"

func maildirFlags(f maildir.Flags) []string {
	isForwarded := func(k string) bool { return strings.EqualFold(k, forwarded) }
	names := make([]string, 0, 6+len(f.Keywords))
	for _, flag := range [...]struct {
		set  bool
		name string
	}{{f.Seen, `\Seen`}, {f.Answered, `\Answered`}, {f.Flagged, `\Flagged`}, {f.Deleted, `\Deleted`}, {f.Draft, `\Draft`}, {f.Forwarded && !slices.ContainsFunc(f.Keywords, isForwarded), forwarded}} {
		if flag.set {
			names = append(names, flag.name)
		}
	}
	return append(names, f.Keywords...)
}
