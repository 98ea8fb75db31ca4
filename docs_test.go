package poststube

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNamesInDocs: what ARCHITECTURE.md, CONTRIBUTING.md and the decisions call
// by name exists: files, functions, methods, types. A walk through code that has
// been renamed leads nobody anywhere.
func TestNamesInDocs(t *testing.T) {
	var code strings.Builder
	for _, f := range goFiles(t) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	declared := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type |var |const |\t)(\w+)`).FindAllStringSubmatch(code.String(), -1) {
		declared[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`toml:"(\w+)"`).FindAllStringSubmatch(code.String(), -1) {
		declared[m[1]] = true
	}
	declared["mailboxCount"] = true // the exercise in CONTRIBUTING.md
	docs, err := filepath.Glob("docs/decisions/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("no decisions (%v)", err)
	}
	quoted := regexp.MustCompile("`([^`\n]+)`")
	call := regexp.MustCompile(`^(?:\w+\.)?(?:\(\*\w+\)\.)?(?:[A-Za-z]\w*\.)?([A-Za-z]\w*)(?:\([\w.]*\))?$`)
	names, files := 0, 0
	for _, doc := range append(docs, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md") {
		b, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile("(?ms)^ *```.*?^ *```").ReplaceAllString(string(b), "")
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			name := m[1]
			if strings.ContainsAny(name, "/") && regexp.MustCompile(`\.(go|txt|md|toml|sh)$`).MatchString(name) {
				files++
				if _, err := os.Stat(name); err != nil && !strings.Contains(name, "mailbox_count") {
					t.Errorf("%s mentions the file %s: %v", doc, name, err)
				}
				continue
			}
			// A name of code has a dot or a receiver, or is one word in mixed case.
			if c := call.FindStringSubmatch(name); c != nil && (strings.Contains(name, ".") || regexp.MustCompile(`^[a-zA-Z]*[a-z][A-Z]`).MatchString(name)) {
				names++
				if !declared[c[1]] {
					t.Errorf("%s mentions %s, but nothing is called %s", doc, name, c[1])
				}
			}
		}
	}
	if names < 40 || files < 8 {
		t.Errorf("only %d names and %d files found in the documents", names, files)
	}
}
