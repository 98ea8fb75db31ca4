package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMovingDoc runs docs/moving-in.md: blocks "txt NAME" are files, blocks "sh"
// are commands. The old server's files are made up, and the old IMAP server is
// the new one.
func TestMovingDoc(t *testing.T) {
	doc, err := os.ReadFile("../../docs/moving-in.md")
	if err != nil {
		t.Fatal(err)
	}
	var script, files strings.Builder
	commands := 0
	for _, block := range regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\n(.*?)^```$").FindAllStringSubmatch(string(doc), -1) {
		switch kind, name, text := block[1], block[2], block[3]; kind {
		case "txt":
			// Lists name directories, which are elsewhere in the test.
			fmt.Fprintf(&files, "-- %s --\n%s", name, strings.ReplaceAll(text, "/var/vmail", "vmail"))
		case "sh":
			for line := range strings.Lines(text) {
				commands++
				line = strings.NewReplacer("/var/vmail", "vmail", "/backup/", "backup-", "imap.example.org", "$IMAP --tls none").Replace(strings.TrimSpace(line))
				if before, file, ok := strings.Cut(line, " < "); ok {
					fmt.Fprintf(&script, "stdin %s\n", file)
					line = before
				}
				fmt.Fprintf(&script, "exec %s\n! stdout 'not taken over'\n", line)
			}
		}
	}
	if commands < 7 {
		t.Errorf("only %d commands found", commands)
	}
	for _, who := range []string{"anna", "ben", "clara"} {
		fmt.Fprintf(&files, "-- vmail/%s/Maildir/cur/1000000000.M1.host:2,S --\nSubject: for %s\n\n", who, who)
	}
	files.WriteString("-- archive.mbox --\nFrom ben@example.org Mon Jan  1 10:20:30 2002\nSubject: old\n\nold\n\n")
	start := "exec poststube user add --from there.txt\nexec poststube import mbox -u anna@example.org -m Work archive.mbox\n"
	end := "exec poststube export mbox -u clara -m Work\nstdout 'Subject: old'\nexec poststube verify --bodies\nstdout '^nothing is wrong$'\n"
	dir := t.TempDir()
	text := start + script.String() + end + "-- there.txt --\nanna@example.org:secret\nben@example.org:secret\n" + files.String()
	if err := os.WriteFile(filepath.Join(dir, "moving-in.txt"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			data := filepath.Join(e.WorkDir, "d")
			for name, value := range map[string]string{"POSTSTUBE_DATA": data, "POSTSTUBE_STORAGE_MIN_FREE": "0", "POSTSTUBE_STORAGE_BALLAST": "0", "LC_ALL": "C"} {
				e.Setenv(name, value)
			}
			p, err := startProcess(data)
			if err != nil {
				return err
			}
			e.Setenv("IMAP", p.addrs["imap"])
			e.Defer(func() {
				if err := p.stop(); err != nil {
					t.Error(err)
				}
			})
			return nil
		},
	})
}
