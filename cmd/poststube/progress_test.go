package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestProgress: on a terminal long work says how far it is, how fast, and how much
// time is left, in the user's language; anywhere else it says nothing.
func TestProgress(t *testing.T) {
	dir := shortDir(t)
	var mbox strings.Builder
	for i := range 600 {
		fmt.Fprintf(&mbox, "From ben@example.org Tue Nov 24 12:00:00 2026\nSubject: %d\n\nHello.\n\n", i)
	}
	for name, text := range map[string]string{"users.txt": "anna:secret\nben:secret\n", "mail.mbox": mbox.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ args, english, german string }{
		{"user add --from users.txt", `\d+ of 2 people, \d+/s, \S+ left`, `\d+ von 2 Personen, \d+/s, noch \S+`},
		{"import mbox -u anna mail.mbox", `\d+ messages, .* of .*, \d+/s, \S+ left`, `\d+ Nachrichten, .* von .*, \d+/s, noch \S+`},
		{"export mbox -u anna out.mbox", `\d+ of 600 messages, \d+/s, \S+ left`, `\d+ von 600 Nachrichten, \d+/s, noch \S+`},
		{"index rebuild", `\d+ of 2 indexes, [\d.]+/s, \S+ left`, `\d+ von 2 Indexen, [\d.]+/s, noch \S+`},
	} {
		for lang, want := range map[string]string{"C": tt.english, "de_DE.UTF-8": tt.german} {
			run := func(stderr io.Writer) {
				t.Helper()
				c := exec.Command("poststube", strings.Fields(tt.args)...)
				c.Dir = dir
				// Each language begins anew.
				c.Env = append(os.Environ(), "LC_ALL="+lang, "POSTSTUBE_DATA="+lang, "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0")
				c.Stderr = stderr
				if err := c.Run(); err != nil {
					t.Fatalf("%s: %v", tt.args, err)
				}
			}
			person, program := openTerminal(t)
			run(program)
			program.Close()
			shown, _ := io.ReadAll(person) // ends with EIO, as terminals do
			person.Close()
			if !regexp.MustCompile(want).Match(shown) {
				t.Errorf("%s in %s: shown %q, want %s", tt.args, lang, shown, want)
			}
			if !bytes.HasSuffix(shown, []byte("\r\x1b[K")) {
				t.Errorf("%s in %s: the line is not taken away: %q", tt.args, lang, shown)
			}
			if strings.HasPrefix(tt.args, "index") {
				var quiet bytes.Buffer
				run(&quiet)
				if quiet.Len() > 0 {
					t.Errorf("%s where there is no terminal: %q", tt.args, quiet.String())
				}
			}
			if err := os.RemoveAll(filepath.Join(dir, "out.mbox")); err != nil {
				t.Fatal(err)
			}
		}
	}
}
