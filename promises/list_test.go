package promises

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestList: each promise has a test of that name in that package, and
// docs/promises.md tells of it in the same words, with the command.
func TestList(t *testing.T) {
	doc, err := os.ReadFile("../docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range List() {
		files, err := filepath.Glob(filepath.Join("..", p.Package, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(b), "\nfunc "+p.Test+"(t *testing.T)")
		}
		if !found {
			t.Errorf("%s has no %s", p.Package, p.Test)
		}
		for _, text := range []string{p.Says, p.Command()} {
			if !strings.Contains(string(doc), text) {
				t.Errorf("docs/promises.md lacks %q: go run ./promises/cmd/table -list writes the table", text)
			}
		}
	}
}
