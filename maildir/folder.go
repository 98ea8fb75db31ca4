package maildir

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Load lists the messages by UID, those without one last in the order in which
// they came. What it cannot read of the files beside them is in Problems.
func (f *Folder) Load() ([]Message, error) {
	f.Problems = nil
	keywords := f.readKeywords()
	uids := f.readUIDs()
	var list []Message
	for _, sub := range [...]string{"cur", "new"} {
		entries, err := fs.ReadDir(f.fsys, path.Join(f.dir, sub))
		if errors.Is(err, fs.ErrNotExist) && sub == "new" {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") || e.IsDir() {
				continue
			}
			m := Message{file: path.Join(sub, e.Name())}
			var info string
			m.Base, info, _ = strings.Cut(e.Name(), ":")
			if letters, ok := strings.CutPrefix(info, "2,"); ok {
				m.Flags = parseFlags(letters, keywords)
			}
			m.UID = uids[m.Base]
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b Message) int {
		// Base names begin with the time of arrival in seconds.
		return cmp.Or(cmp.Compare(a.UID-1, b.UID-1), strings.Compare(a.Base, b.Base))
	})
	// A file that was in two directories while it moved is one message.
	list = slices.CompactFunc(list, func(a, b Message) bool { return a.Base == b.Base })
	return list, nil
}

// A File is a message's octets, with CRLF at the end of lines.
type File struct {
	io.Reader
	Date time.Time // when the message arrived: the time of the file
	file fs.File
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Open opens a message. If its flags changed since Load it is found under its
// new name; the error is fs.ErrNotExist if it is gone.
func (f *Folder) Open(m Message) (*File, error) {
	file, err := f.fsys.Open(path.Join(f.dir, m.file))
	if errors.Is(err, fs.ErrNotExist) {
		var name string
		if name, err = f.find(m.Base); err == nil {
			file, err = f.fsys.Open(name)
		}
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	r, err := decompress(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", m.file, err)
	}
	return &File{Reader: &lineEnds{r: r}, Date: info.ModTime(), file: file}, nil
}

func (f *Folder) find(base string) (string, error) {
	for _, sub := range [...]string{"cur", "new"} {
		entries, err := fs.ReadDir(f.fsys, path.Join(f.dir, sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		for _, e := range entries {
			if name, _, _ := strings.Cut(e.Name(), ":"); name == base {
				return path.Join(f.dir, sub, e.Name()), nil
			}
		}
	}
	return "", fmt.Errorf("%s: %w", base, fs.ErrNotExist)
}

// decompress reads what Dovecot's zlib plugin wrote. Its other forms, and
// encrypted mail, are refused by what they begin with, so that they don't
// arrive as nonsense.
func decompress(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, 16<<10)
	head, err := br.Peek(9)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for magic, form := range map[string]string{
		"\x1f\x8b": "gzip", "\x28\xb5\x2f\xfd": "zstd", "BZh": "bzip2", "\xfd7zXZ\x00": "xz", "Dovecot-LZ4\x0d\x2a\x9b\xc5"[:9]: "lz4", "CRYPTED\x03\x07": "mail_crypt",
	} {
		if !strings.HasPrefix(string(head), magic) {
			continue
		}
		if form != "gzip" {
			return nil, fmt.Errorf("the file is in the form of %s, which is not read: let the old server unpack it, or import over IMAP", form)
		}
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, 16<<10), nil
	}
	return br, nil
}

// lineEnds makes LF alone CRLF, as IMAP has it. CRs stay where they are.
type lineEnds struct {
	r    *bufio.Reader
	held bool // an LF whose CR was written
	last byte
}

func (l *lineEnds) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if l.held {
			p[n], l.held, l.last = '\n', false, '\n'
			n++
			continue
		}
		// As far as the buffer goes, lines are copied whole.
		if n > 0 && l.r.Buffered() == 0 {
			return n, nil
		}
		c, err := l.r.ReadByte()
		if err != nil {
			return n, err
		}
		if c == '\n' && l.last != '\r' {
			p[n], l.held, l.last = '\r', true, '\r'
			n++
			continue
		}
		p[n], l.last = c, c
		n++
	}
	return n, nil
}

// Count counts the messages without looking at them.
func (f *Folder) Count() int {
	n := 0
	for _, sub := range [...]string{"cur", "new"} {
		entries, err := fs.ReadDir(f.fsys, path.Join(f.dir, sub))
		if err == nil { // Load tells what is wrong
			n += len(entries)
		}
	}
	return n
}
