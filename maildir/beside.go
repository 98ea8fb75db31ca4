package maildir

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// maxBeside bounds a line of the files beside messages, in octets.
const maxBeside = 1 << 20

// lines calls each for every line of a file; a file that is not there has none.
func (f *Folder) lines(name string, each func(n int, line string) error) {
	err := readLines(f.fsys, path.Join(f.dir, name), each)
	if err != nil {
		f.Problems = append(f.Problems, err)
	}
}

func readLines(fsys fs.FS, name string, each func(n int, line string) error) error {
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxBeside)
	for n := 1; lines.Scan(); n++ {
		if err := each(n, lines.Text()); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readKeywords reads dovecot-keywords: "number name" a line, the number being
// that of the letter in file names.
func (f *Folder) readKeywords() (names []string) {
	names = make([]string, 26)
	f.lines(keywordsName, func(_ int, line string) error {
		number, name, _ := strings.Cut(line, " ")
		i, err := strconv.Atoi(number)
		if err != nil || name == "" {
			return errors.New("the line is not a number and a keyword")
		}
		if i >= 0 && i < len(names) { // Dovecot keeps others in its index only
			names[i] = name
		}
		return nil
	})
	return names
}

// readUIDs reads the UIDs by base name, and sets UIDVALIDITY and UIDNEXT.
func (f *Folder) readUIDs() map[string]uint32 {
	f.UIDValidity, f.UIDNext = 0, 0
	uids := map[string]uint32{}
	f.lines(uidListName, func(n int, line string) error { return f.uidLine(n, line, uids) })
	if f.UIDValidity == 0 {
		clear(uids)
		f.lines(courierUIDsName, func(n int, line string) error { return f.uidLine(n, line, uids) })
	}
	if f.UIDValidity == 0 {
		clear(uids) // UIDs without it mean nothing
	}
	return uids
}

// uidLine reads a line of a list of UIDs. The first is, in version 3, "3" and
// fields of which V and N are UIDVALIDITY and UIDNEXT; in version 1, and for
// Courier, "1 uidvalidity uidnext". The others are "uid fields… :name", in
// version 1 "uid name". Names come with or without flags.
func (f *Folder) uidLine(n int, line string, uids map[string]uint32) error {
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return nil
	}
	if n == 1 {
		return f.uidHeader(fields)
	}
	uid, err := strconv.ParseUint(fields[0], 10, 32)
	_, name, ok := strings.Cut(line, " :")
	if !ok && len(fields) == 2 {
		name, ok = fields[1], true
	}
	if err != nil || uid == 0 || !ok {
		return errors.New("the line is not a UID and a file name")
	}
	name, _, _ = strings.Cut(name, ":")
	uids[name] = uint32(uid)
	f.UIDNext = max(f.UIDNext, uint32(uid)+1)
	return nil
}

func (f *Folder) uidHeader(fields []string) error {
	for i, field := range fields[1:] {
		key, text := field[0], field[1:]
		if fields[0] == "1" {
			key, text = "VN "[min(i, 2)], field
		}
		if key != 'V' && key != 'N' {
			continue
		}
		v, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return fmt.Errorf("the number %q is none", text)
		}
		if key == 'V' {
			f.UIDValidity = uint32(v)
		} else {
			f.UIDNext = max(f.UIDNext, uint32(v))
		}
	}
	if f.UIDValidity == 0 {
		return errors.New("the first line has no UIDVALIDITY")
	}
	return nil
}

// An ACLEntry is a line of dovecot-acl: an identifier as RFC 4314 and Dovecot
// write it ("user=ben", "-group=sales", "anyone", "owner") and letters of rights.
type ACLEntry struct{ Identifier, Rights string }

// ACL reads the rights that were given on the folder.
func (f *Folder) ACL() (list []ACLEntry, err error) {
	err = readLines(f.fsys, path.Join(f.dir, aclName), func(_ int, line string) error {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			return nil
		}
		// An identifier with spaces is in quotes.
		id, rest, ok := strings.Cut(line, " ")
		if line[0] == '"' {
			id, rest, ok = strings.Cut(line[1:], `" `)
		}
		if !ok {
			return errors.New("the line is not an identifier and rights")
		}
		letters, _, _ := strings.Cut(strings.TrimSpace(rest), ":")
		list = append(list, ACLEntry{id, strings.TrimSpace(letters)})
		return nil
	})
	return list, err
}

// readSubscriptions reads the names that the user subscribed to. Dovecot's
// version 2 begins with "V\t2" and has TAB between levels.
func (t *Tree) readSubscriptions() {
	tabs := false
	err := readLines(t.fsys, subscriptionsName, func(n int, line string) error {
		switch {
		case n == 1 && strings.HasPrefix(line, "V\t"):
			tabs = true
		case line == "":
		case tabs:
			t.Subscriptions = append(t.Subscriptions, strings.ReplaceAll(line, "\t", "/"))
		case t.dotted():
			t.Subscriptions = append(t.Subscriptions, strings.ReplaceAll(line, ".", "/"))
		default:
			t.Subscriptions = append(t.Subscriptions, line)
		}
		return nil
	})
	if err == nil {
		err = readLines(t.fsys, courierSubscriptionsName, func(_ int, line string) error {
			if name, ok := strings.CutPrefix(line, "INBOX."); ok {
				t.Subscriptions = append(t.Subscriptions, strings.ReplaceAll(name, ".", "/"))
			}
			return nil
		})
	}
	if err != nil {
		t.Problems = append(t.Problems, err)
	}
}

// dotted tells whether folders are directories ".A.B".
func (t *Tree) dotted() bool {
	for _, f := range t.Folders {
		if strings.HasPrefix(f.dir, ".") && f.dir != "." {
			return true
		}
	}
	return false
}
