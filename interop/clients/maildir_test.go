package clients

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// A maildir is a folder in which a client keeps messages, one a file.
type maildir string

// A maildirMessage is one of them. Its line ends are LF.
type maildirMessage struct {
	path  string
	flags string // letters, as in "FS"
	raw   []byte
}

// messages returns all that are in a maildir, by subject.
func (d maildir) messages(r *rig) map[string]maildirMessage {
	r.Helper()
	all := map[string]maildirMessage{}
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(string(d), sub, "*"))
		if err != nil {
			r.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				r.Fatal(err)
			}
			m := maildirMessage{path: file, raw: raw}
			_, m.flags, _ = strings.Cut(filepath.Base(file), ":2,")
			subject := message{raw: bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))}.subject()
			if other, twice := all[subject]; twice {
				r.Errorf("%s is there twice, as %s and %s", subject, file, other.path)
			}
			all[subject] = m
		}
	}
	return all
}

// holds fails the test unless exactly these messages are in the maildir, each as
// it is stored but for its line ends and what strip takes away.
func (d maildir) holds(r *rig, strip func([]byte) []byte, samples ...sample) {
	r.Helper()
	all := d.messages(r)
	for _, s := range samples {
		m, ok := all[s.subject]
		if !ok {
			r.Errorf("%s is not in %s", s.subject, d)
			continue
		}
		r.same(strip(m.raw), sample{s.subject, s.lf()})
	}
	if len(all) != len(samples) {
		r.Errorf("%s has %d messages, want %d", d, len(all), len(samples))
	}
}

// message returns the one with a subject.
func (d maildir) message(r *rig, subject string) maildirMessage {
	r.Helper()
	m, ok := d.messages(r)[subject]
	if !ok {
		r.Fatalf("%s is not in %s", subject, d)
	}
	return m
}

// setFlags gives a message other flags, as a mail program does that works on the
// maildir: it renames the file.
func (d maildir) setFlags(r *rig, subject, letters string) {
	r.Helper()
	m := d.message(r, subject)
	base, _, _ := strings.Cut(filepath.Base(m.path), ":2,")
	if err := os.Rename(m.path, filepath.Join(string(d), "cur", base+":2,"+letters)); err != nil {
		r.Fatal(err)
	}
}

// add puts a new message into a maildir.
func (d maildir) add(r *rig, s sample) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(string(d), "new", s.subject+".interop"), s.lf(), 0o600); err != nil {
		r.Fatal(err)
	}
}

// remove deletes a message's file.
func (d maildir) remove(r *rig, subject string) {
	r.Helper()
	if err := os.Remove(d.message(r, subject).path); err != nil {
		r.Fatal(err)
	}
}
