package imap_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"poststube/dialogue"
)

// TestRFC4314 runs the conformance suite of RFC 4314: a dialogue for each section,
// with three people and two groups.
func TestRFC4314(t *testing.T) {
	const pattern = "testdata/rfc4314/*.txt"
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	answered := regexp.MustCompile(`(?m)^[a-z]+ S: [A-Za-z]+[0-9a-z]* (OK|NO|BAD) `)
	checks := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checks += len(answered.FindAll(text, -1))
	}
	if checks < 120 {
		t.Errorf("only %d commands are answered in the suite", checks)
	}
	t.Logf("%d commands are answered", checks)
	dialogue.Run(t, pattern, newHouse)
}
