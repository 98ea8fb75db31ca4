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
		if !hasTest(t, m[2], m[3]) {
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

// hasTest tells whether a package has a test or a fuzz target of that name.
func hasTest(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// TestAttacksDocument: the tests that docs/attacks.md names exist.
func TestAttacksDocument(t *testing.T) {
	b, err := os.ReadFile("../docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| .* \\| .*\\| `([a-z/]+) (\\w+)` \\|$").FindAllStringSubmatch(string(b), -1)
	for _, m := range rows {
		if !hasTest(t, m[1], m[2]) {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
	if n := strings.Count(string(b), "\n|") - 2; len(rows) != n || n < 30 {
		t.Errorf("%d of %d rows name a test", len(rows), n)
	}
}
