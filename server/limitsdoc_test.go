package server

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLimitsDocument: docs/limits.md has every key of [limits], and no other, and the
// tests that it names exist.
func TestLimitsDocument(t *testing.T) {
	b, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	known := map[string]bool{}
	for _, k := range keys(&c) {
		if name, ok := strings.CutPrefix(k.name, "limits."); ok && !k.table {
			known[name] = false
		}
	}
	row := regexp.MustCompile("^\\| .* \\| .* \\| (?:`([a-z_]+)`)? ?\\| .* \\| `([a-z/]+) (Test\\w+)` \\|$")
	rows := 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what ") {
			continue
		}
		m := row.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a row: %s", line)
			continue
		}
		rows++
		if key := m[1]; key != "" {
			if _, ok := known[key]; !ok {
				t.Errorf("there is no key limits.%s", key)
			}
			known[key] = true
		}
		files, err := filepath.Glob(filepath.Join("..", m[2], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(src), "\nfunc "+m[3]+"(")
		}
		if !found {
			t.Errorf("%s has no %s", m[2], m[3])
		}
	}
	for key, there := range known {
		if !there {
			t.Errorf("limits.%s is not in docs/limits.md", key)
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows", rows)
	}
}
