package clients

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// deliveryAgent is a program for clients that hand messages on to one: each goes
// into a file of the folder out.
func (r *rig) deliveryAgent() string {
	r.Helper()
	r.mkdir("out")
	path := r.write("deliver", "#!/bin/sh\nexec cat >\"$(mktemp %s/out/XXXXXX)\"\n", r.home)
	r.must(os.Chmod(path, 0o700))
	return path
}

// fetched returns what is in out, by subject, and empties it.
func (r *rig) fetched() map[string]message {
	r.Helper()
	files, err := filepath.Glob(filepath.Join(r.home, "out", "*"))
	r.must(err)
	all := map[string]message{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		r.must(err)
		r.must(os.Remove(f))
		m := message{raw: []byte(strings.ReplaceAll(string(raw), "\n", "\r\n"))}
		all[m.subject()] = m
	}
	return all
}

// added are the fields that clients add to what they hand on.
var added = regexp.MustCompile(`\A(?:(?:Return-Path|Received|Delivered-To):(?:[^\n]|\n[ \t])*\n)+|(?m:^X-getmail-retrieved-from-mailbox: .*\n)`)

// passedOn fails the test unless exactly these messages were handed on, each as
// it is stored but for added fields and its line ends.
func (r *rig) passedOn(samples ...sample) {
	r.Helper()
	all := r.fetched()
	for _, s := range samples {
		m, ok := all[s.subject]
		if !ok {
			r.Errorf("%s was not fetched", s.subject)
			continue
		}
		r.same(added.ReplaceAll(m.raw, nil), s)
	}
	if len(all) != len(samples) {
		r.Errorf("%d messages fetched, want %d", len(all), len(samples))
	}
}
