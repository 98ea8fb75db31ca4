package acl

import (
	"os"
	"strings"
	"testing"
)

// TestHandbook: the table of presets in docs/sharing.md is that of the program.
func TestHandbook(t *testing.T) {
	text, err := os.ReadFile("../docs/sharing.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		p, err := PresetByName(cells[0])
		if len(cells) != 4 || err != nil {
			continue
		}
		rows++
		if cells[0] != p.Name || cells[1] != p.Rights.Letters() || cells[2] != p.Exchange {
			t.Errorf("the handbook says %v, the preset is %s %s %s", cells[:3], p.Name, p.Rights.Letters(), p.Exchange)
		}
	}
	if rows != len(Presets()) {
		t.Errorf("the handbook has %d presets, there are %d", rows, len(Presets()))
	}
}
