package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite the files that scripts compare with")

// TestScripts runs testdata/script/*.txt: a command line, and what it prints.
// Each script runs twice, once while a server runs on the data directory and
// once while none does, unless it asks for one of them: [running], [stopped].
func TestScripts(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(map[bool]string{false: "stopped", true: "running"}[running], func(t *testing.T) {
			var h holder
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/script",
				UpdateScripts:       *update,
				RequireExplicitExec: true,
				Condition: func(name string) (bool, error) {
					switch name {
					case "running":
						return running, nil
					case "stopped":
						return !running, nil
					}
					return false, fmt.Errorf("unknown condition %q", name)
				},
				Setup: func(e *testscript.Env) error {
					dir := filepath.Join(e.WorkDir, "d")
					e.Setenv("POSTSTUBE_DATA", dir)
					e.Setenv("POSTSTUBE_STORAGE_MIN_FREE", "0")
					e.Setenv("POSTSTUBE_STORAGE_BALLAST", "0")
					e.Setenv("LC_ALL", "C")
					if !running {
						return nil
					}
					p, err := startProcess(dir)
					if err != nil {
						return err
					}
					e.Setenv("IMAP", p.addrs["imap"])
					e.Setenv("LMTP", p.addrs["lmtp"])
					e.Defer(func() {
						if err := p.stop(); err != nil {
							t.Error(err)
						}
					})
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){"send": sendLines, "hold": h.hold, "release": h.release},
			})
		})
	}
}

// sendLines is the script command "send ADDRESS FILE": it sends the lines of a
// file and prints all that the server answers until it hangs up.
func sendLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: send ADDRESS FILE")
	}
	c, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer c.Close()
	_, err = io.WriteString(c, strings.ReplaceAll(ts.ReadFile(args[1]), "\n", "\r\n"))
	ts.Check(err)
	b, err := io.ReadAll(c)
	ts.Check(err)
	_, err = ts.Stdout().Write(b)
	ts.Check(err)
}

// walk calls f for each command that does something.
func walk(c *cobra.Command, f func(*cobra.Command)) {
	if !c.HasSubCommands() {
		f(c)
	}
	for _, child := range c.Commands() {
		walk(child, f)
	}
}

// TestCommands: each command is in a script, describes itself in both languages,
// and its examples are command lines that exist.
func TestCommands(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts (%v)", err)
	}
	var scripts strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(b)
	}
	english, german := (&app{}).root(), (&app{german: true}).root()
	texts := map[string][2]string{}
	flags := map[string]string{}
	walk(german, func(c *cobra.Command) {
		texts[c.CommandPath()] = [2]string{c.Short, c.Long}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { flags[c.CommandPath()+" "+f.Name] = f.Usage })
	})
	n := 0
	walk(english, func(c *cobra.Command) {
		n++
		path := c.CommandPath()
		if !strings.Contains(scripts.String(), "exec "+path) {
			t.Errorf("no script in testdata/script runs %q", path)
		}
		de := texts[path]
		if c.Short == "" || c.Long == "" || de[0] == "" || de[1] == "" || de[0] == c.Short || de[1] == c.Long {
			t.Errorf("%q is not described in both languages", path)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if de := flags[path+" "+f.Name]; !f.Hidden && (f.Usage == "" || de == "" || de == f.Usage) {
				t.Errorf("--%s of %q is not described in both languages: %q", f.Name, path, f.Usage)
			}
		})
		if c.Example == "" {
			t.Errorf("%q has no example", path)
		}
		for line := range strings.Lines(c.Example) {
			_, args, ok := strings.Cut(line, "poststube ")
			if !ok {
				t.Errorf("%q: the example %q does not run poststube", path, line)
				continue
			}
			if found, _, err := english.Find(strings.Fields(args)); err != nil || found.CommandPath() != path {
				t.Errorf("%q: the example %q runs something else", path, line)
			}
		}
	})
	if n < 18 {
		t.Errorf("only %d commands found", n)
	}
}

func TestSpeaksGerman(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_MESSAGES": "de_AT"}, true},
	} {
		if got := speaksGerman(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%v: %v", tt.env, got)
		}
	}
}
