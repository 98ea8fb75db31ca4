package maildir

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Writer makes a tree as Maildir++ with the files of Dovecot, which can be put
// in the place of a Dovecot's as it is.
type Writer struct {
	root *os.Root
	host string
	subs []string
}

// NewWriter makes a tree in an empty directory.
func NewWriter(root *os.Root) (*Writer, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(1)
	f.Close()
	if len(names) > 0 {
		return nil, fmt.Errorf("%s is not empty: give a new directory", root.Name())
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	host, _ := os.Hostname()
	host = strings.NewReplacer("/", "_", ":", "_", ",", "_").Replace(host)
	return &Writer{root: root, host: host}, nil
}

// A FolderWriter makes one folder.
type FolderWriter struct {
	w                    *Writer
	dir                  string
	uidValidity, uidNext uint32
	keywords             []string
	list                 bytes.Buffer
	// Lost are keywords that have no letter: a folder has 26.
	Lost []string
}

// Folder begins a folder. Levels are as on disk, without "." and "/"; the inbox
// has none.
func (w *Writer) Folder(levels []string, uidValidity, uidNext uint32) (*FolderWriter, error) {
	for _, level := range levels {
		if level == "" || strings.ContainsAny(level, "./\x00") {
			return nil, fmt.Errorf("Maildir++ has no form for a folder called %q", level)
		}
	}
	f := &FolderWriter{w: w, dir: ".", uidValidity: uidValidity, uidNext: uidNext}
	if len(levels) > 0 {
		f.dir = "." + strings.Join(levels, ".")
		if err := w.root.Mkdir(f.dir, 0o700); err != nil {
			return nil, err
		}
		// Courier and the specification want this mark in folders.
		if err := f.file("maildirfolder", nil); err != nil {
			return nil, err
		}
	}
	for _, sub := range [...]string{"cur", "new", "tmp"} {
		if err := w.root.Mkdir(path.Join(f.dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Add writes a message, with LF at the ends of its lines.
func (f *FolderWriter) Add(uid uint32, flags Flags, date time.Time, body io.Reader) error {
	base := fmt.Sprintf("%d.V%dU%d.%s", date.Unix(), f.uidValidity, uid, f.w.host)
	name := path.Join(f.dir, "cur", base+":2,"+f.letters(flags))
	out, err := f.w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	lines := bufio.NewWriterSize(out, 32<<10)
	ends := &bareEnds{w: lines}
	_, err = io.Copy(ends, body)
	ends.flush()
	if err = errors.Join(err, lines.Flush(), out.Close()); err != nil {
		return err
	}
	if err := f.w.root.Chtimes(name, date, date); err != nil {
		return err
	}
	f.uidNext = max(f.uidNext, uid+1)
	fmt.Fprintf(&f.list, "%d :%s\n", uid, base)
	return nil
}

// letters writes flags in the order of their letters, as readers expect it.
func (f *FolderWriter) letters(flags Flags) string {
	var b []byte
	for _, flag := range [...]struct {
		set    bool
		letter byte
	}{{flags.Draft, 'D'}, {flags.Flagged, 'F'}, {flags.Forwarded, 'P'}, {flags.Answered, 'R'}, {flags.Seen, 'S'}, {flags.Deleted, 'T'}} {
		if flag.set {
			b = append(b, flag.letter)
		}
	}
	var words []byte
	for _, k := range flags.Keywords {
		i := slices.Index(f.keywords, k)
		if i < 0 {
			if len(f.keywords) == 26 {
				if !slices.Contains(f.Lost, k) {
					f.Lost = append(f.Lost, k)
				}
				continue
			}
			i = len(f.keywords)
			f.keywords = append(f.keywords, k)
		}
		words = append(words, byte('a'+i))
	}
	slices.Sort(words)
	return string(append(b, words...))
}

// Close writes what stands beside the messages.
func (f *FolderWriter) Close(acl []ACLEntry) error {
	head := fmt.Sprintf("3 V%d N%d\n", f.uidValidity, f.uidNext)
	err := f.file(uidListName, append([]byte(head), f.list.Bytes()...))
	if len(f.keywords) > 0 {
		var b []byte
		for i, k := range f.keywords {
			b = append(strconv.AppendInt(b, int64(i), 10), ' ')
			b = append(append(b, k...), '\n')
		}
		err = errors.Join(err, f.file(keywordsName, b))
	}
	if len(acl) > 0 {
		var b []byte
		for _, e := range acl {
			id := e.Identifier
			if strings.Contains(id, " ") {
				id = `"` + id + `"`
			}
			b = fmt.Appendf(b, "%s %s\n", id, e.Rights)
		}
		err = errors.Join(err, f.file(aclName, b))
	}
	return err
}

func (f *FolderWriter) file(name string, content []byte) error {
	return f.w.root.WriteFile(path.Join(f.dir, name), content, 0o600)
}

// Subscribe adds a folder to the subscribed ones.
func (w *Writer) Subscribe(levels []string) {
	if len(levels) == 0 {
		levels = []string{"INBOX"}
	}
	w.subs = append(w.subs, strings.Join(levels, "\t"))
}

// Close writes the subscriptions.
func (w *Writer) Close() error {
	text := "V\t2\n\n"
	for _, s := range w.subs {
		text += s + "\n"
	}
	return w.root.WriteFile(subscriptionsName, []byte(text), 0o600)
}

// bareEnds makes CRLF LF; a CR elsewhere stays.
type bareEnds struct {
	w  *bufio.Writer
	cr bool // held back
}

func (b *bareEnds) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if b.cr {
			if p[0] != '\n' {
				b.w.WriteByte('\r')
			}
			b.cr = false
		}
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			_, err := b.w.Write(p)
			return n, err
		}
		if _, err := b.w.Write(p[:i]); err != nil {
			return 0, err
		}
		b.cr, p = true, p[i+1:]
	}
	return n, nil
}

// flush writes what was held back at the end.
func (b *bareEnds) flush() {
	if b.cr {
		b.w.WriteByte('\r')
		b.cr = false
	}
}
