package postfix

import (
	"os"
	"strings"
	"testing"
)

// fromDocs returns the file of that name that docs/postfix.md gives.
func fromDocs(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/postfix.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), " "+name+"\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok || text == "" {
		t.Fatalf("docs/postfix.md has no file %s", name)
	}
	return text
}

// replaced returns text with the one place of old changed.
func replaced(t *testing.T, text, old, new string) string {
	t.Helper()
	if n := strings.Count(text, old); n == 0 {
		t.Fatalf("%q is not in\n%s", old, text)
	}
	return strings.ReplaceAll(text, old, new)
}
