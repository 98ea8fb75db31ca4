package clients

import (
	"os"
	"strings"
	"testing"
)

// TestDocs: the table in docs/clients.md has every program and every action, each
// cell filled where the program can do that and empty where it cannot, and there
// are settings for each program that people set up.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, a := range actions {
		if !strings.Contains(page, "| "+string(a)+" |") || !strings.Contains(page, "**"+string(a)+"**") {
			t.Errorf("docs/clients.md does not have or explain the action %s", a)
		}
	}
	rows := map[string][]string{}
	for line := range strings.Lines(page) {
		if cells := strings.Split(strings.TrimSpace(line), "|"); len(cells) > 3 {
			rows[strings.TrimSpace(cells[1])] = cells[3 : len(cells)-1]
		}
	}
	for _, c := range clients() {
		cells := rows[c.name]
		if len(cells) != len(actions) {
			t.Errorf("docs/clients.md has no row for %s; run: go run ./interop/table -write", c.name)
			continue
		}
		for i, a := range actions {
			want := "✓"
			if _, cannot := c.cannot[a]; cannot {
				want = ""
			}
			if got := strings.TrimSpace(cells[i]); got != want {
				t.Errorf("docs/clients.md: %s %s is %q, want %q; run: go run ./interop/table -write", c.name, a, got, want)
			}
		}
		if _, library := map[string]bool{"imaplib": true, "go-imap": true}[c.name]; !library && !strings.Contains(page, "**"+c.name) {
			t.Errorf("docs/clients.md has no settings for %s", c.name)
		}
	}
}
