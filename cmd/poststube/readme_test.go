package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestReadmeCommands: README's list of commands is what --help says.
func TestReadmeCommands(t *testing.T) {
	const file = "../../README.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| command | |\n|---|---|\n")
	for _, c := range (&app{}).root().Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		name := c.Name()
		if c.HasSubCommands() {
			name += " " + strings.Join(subcommands(c), ", ")
		}
		fmt.Fprintf(&table, "| `%s` | %s |\n", name, c.Short)
	}
	list := regexp.MustCompile("(?s)(<!-- commands: [^>]* -->\n)(.*)(<!-- end of commands -->)")
	m := list.FindSubmatchIndex(b)
	if m == nil {
		t.Fatal("README.md has no list of commands")
	}
	if string(b[m[4]:m[5]]) == table.String() {
		return
	}
	if !*update {
		t.Error("README's list of commands is stale: go test ./cmd/poststube -run TestReadmeCommands -update")
		return
	}
	if err := os.WriteFile(file, []byte(string(b[:m[4]])+table.String()+string(b[m[5]:])), 0o644); err != nil {
		t.Fatal(err)
	}
}

func subcommands(c *cobra.Command) (names []string) {
	for _, child := range c.Commands() {
		if child.HasSubCommands() {
			for _, below := range subcommands(child) {
				names = append(names, child.Name()+" "+below)
			}
			continue
		}
		names = append(names, child.Name())
	}
	return names
}

// TestLinks: what the documents link to is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	n := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(b), -1) {
				n++
				if _, err := os.Stat(filepath.Join(filepath.Dir(f), m[1])); err != nil {
					t.Errorf("%s: %v", f, err)
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d links found", n)
	}
}
