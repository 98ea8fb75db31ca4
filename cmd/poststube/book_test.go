package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The handbook's pages are run: what a reader types is typed here, in order, in an
// empty directory, and what is printed must be what the page shows.
//
//	```console   lines after "$ " are typed, the others are printed; "…" is anything
//	```sh        lines are typed, what they print does not matter
//	```sh package    lines that the test of the Debian package types (interop/service)
//	```txt NAME  a file (any language with a name behind it is one)
//	```text      shown only
//	<!-- run     lines that the reader does not see are typed
//	<!-- serve   a server runs from here on, <!-- stop and no longer
//
// "poststube serve" runs on until <!-- stop. The handbook's ports, directories and
// hosts stand for others, which this machine has free.
func TestBook(t *testing.T) {
	for _, p := range []struct {
		file     string
		commands int               // at least, so that no page falls silent
		instead  map[string]string // what the page says, and what is typed
	}{
		{"README.md", 9, nil},
		{"docs/handbook/start.md", 12, map[string]string{"go install": "echo"}}, // README's does it
		{"docs/handbook/users-and-groups.md", 25, nil},
		{"docs/handbook/backup.md", 15, nil},
		{"docs/handbook/running.md", 12, nil},
		{"docs/sharing.md", 14, nil},
		{"docs/moving-in.md", 7, map[string]string{"--host imap.example.org": "--host $IMAP --tls none"}},
	} {
		t.Run(strings.TrimSuffix(filepath.Base(p.file), ".md"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("../..", p.file))
			if err != nil {
				t.Fatal(err)
			}
			r := newReader(t, p.instead)
			for _, b := range bookBlocks(string(text)) {
				b.where = p.file + b.where
				r.do(b)
			}
			if r.typed < p.commands {
				t.Errorf("only %d commands were found", r.typed)
			}
		})
	}
}

// A bookBlock is a part of a page that is run.
type bookBlock struct {
	kind, name, text string
	where            string // ":line"
}

var bookSyntax = regexp.MustCompile("(?ms)^```(\\w*) ?([^\n]*)\n(.*?)^```$|^<!-- (run|serve|stop)\\b(.*?)-->$")

func bookBlocks(page string) (list []bookBlock) {
	for _, at := range bookSyntax.FindAllStringSubmatchIndex(page, -1) {
		get := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return page[at[2*i]:at[2*i+1]]
		}
		b := bookBlock{get(1), get(2), get(3), fmt.Sprintf(":%d", 1+strings.Count(page[:at[0]], "\n"))}
		if directive := get(4); directive != "" {
			b.kind, b.text = "<!-- "+directive, get(5)
		}
		list = append(list, b)
	}
	return list
}

// A reader does what a page says.
type reader struct {
	t       *testing.T
	dir     string
	env     []string
	there   *strings.Replacer // from the page to this machine
	back    *strings.Replacer
	typed   int
	servers []*process
}

// bookPorts are those of the pages; each stands for one that is free here.
var bookPorts = [...]string{"1143", "1993", "1124"}

func newReader(t *testing.T, instead map[string]string) *reader {
	dir := shortDir(t)
	r := &reader{t: t, dir: dir}
	var there, back []string
	for page, here := range instead {
		there = append(there, page, here)
	}
	for _, port := range bookPorts {
		free := freePort(t)
		there, back = append(there, ":"+port, ":"+free), append(back, ":"+free, ":"+port)
	}
	for _, top := range []string{"/var/", "/etc/", "/backup/"} {
		there, back = append(there, " "+top, " "+dir+top, "="+top, "="+dir+top), append(back, dir+top, top)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	there = append(there, "sudo -u poststube ", "", "go run ./cmd/poststube", "poststube",
		"go install", "cd "+root+" && HOME="+os.Getenv("HOME")+" GOBIN="+dir+"/bin go install")
	r.there, r.back = strings.NewReplacer(there...), strings.NewReplacer(back...)
	r.env = append(os.Environ(), "HOME="+dir, "LC_ALL=C", "TZ=UTC", "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0",
		"POSTSTUBE_HOST_NAME=mail.example.org", "POSTSTUBE_DATA="+filepath.Join(dir, "poststube-data"))
	t.Cleanup(r.stop)
	for _, d := range []string{"etc", "var/lib", "var/backups", "backup"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// freePort returns a port that nobody has, below those that the system gives out
// by itself, so that it stays free until the page comes to it.
func freePort(t *testing.T) string {
	for range 100 {
		port := strconv.Itoa(10000 + rand.IntN(5000))
		if l, err := net.Listen("tcp", ":"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (r *reader) stop() {
	for _, p := range r.servers {
		if err := p.stop(); err != nil {
			r.t.Error(err)
		}
	}
	r.servers = nil
}

func (r *reader) do(b bookBlock) {
	r.t.Helper()
	switch b.kind {
	case "<!-- serve":
		r.serve(b, "")
	case "<!-- stop":
		r.stop()
	case "<!-- run":
		if out, err := r.shell(b.text, false); err != nil {
			r.t.Fatalf("%s: %v\n%s", b.where, err, out)
		}
	case "sh":
		if b.name == "package" {
			r.packaged(b)
			return
		}
		for line := range strings.Lines(b.text) {
			r.run(b, strings.TrimSpace(line), nil)
		}
	case "console":
		r.console(b)
	default:
		if b.name == "" {
			return // shown only
		}
		name := r.there.Replace(" " + b.name)[1:]
		if !filepath.IsAbs(name) {
			name = filepath.Join(r.dir, name)
		}
		if err := os.WriteFile(name, []byte(r.there.Replace(b.text)), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
}

// packaged looks for the lines in the test that types them on a Debian of its own.
func (r *reader) packaged(b bookBlock) {
	r.t.Helper()
	test, err := os.ReadFile("../../interop/service/package_test.go")
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(b.text) {
		if r.typed++; !strings.Contains(string(test), strconv.Quote(strings.TrimSpace(line))) {
			r.t.Errorf("%s: interop/service does not type %s", b.where, line)
		}
	}
}

// console types the lines behind "$ " and compares what is printed.
func (r *reader) console(b bookBlock) {
	r.t.Helper()
	var command string
	var printed []string
	flush := func() {
		if command != "" {
			r.run(b, command, printed)
		}
		command, printed = "", []string{}
	}
	for line := range strings.Lines(b.text) {
		line = strings.TrimSuffix(line, "\n")
		if next, ok := strings.CutPrefix(line, "$ "); ok {
			flush()
			command = next
			continue
		}
		printed = append(printed, line)
	}
	flush()
}

// run types one command. printed is what the page shows; nil: whatever.
func (r *reader) run(b bookBlock, command string, printed []string) {
	r.t.Helper()
	command, _, _ = strings.Cut(command, "   # ")
	if command == "" || strings.HasPrefix(command, "#") {
		return
	}
	r.typed++
	var out string
	var err error
	switch words := strings.Fields(r.there.Replace(command)); {
	case words[0] == "export" && len(words) == 2:
		r.env = append(r.env, words[1])
	case len(words) > 1 && words[0] == "poststube" && words[1] == "serve":
		out = r.serve(b, command)
	default:
		out, err = r.shell(command, strings.Contains(strings.Join(printed, "\n"), "Password:"))
	}
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && printed != nil) {
		r.t.Fatalf("%s: %s: %v\n%s", b.where, command, err, out)
	}
	if printed == nil {
		return
	}
	if got := r.back.Replace(out); !bookMatch(printed, got) {
		r.t.Errorf("%s: %s printed\n%s\nand the page says\n%s", b.where, command, got, strings.Join(printed, "\n"))
	}
}

// spaces between columns are as wide as the widest cell, which may differ.
var spaces = regexp.MustCompile(` {2,}`)

// bookMatch compares what was printed with what a page shows.
func bookMatch(page []string, got string) bool {
	expr := "(?s)^"
	for _, line := range page {
		if line == "…" {
			expr += "(?:.*\n)?"
			continue
		}
		parts := strings.Split(spaces.ReplaceAllString(strings.TrimRight(line, " "), " "), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		expr += strings.Join(parts, "[^\n]*") + "[ \t]*\n"
	}
	got = spaces.ReplaceAllString(strings.ReplaceAll(got, "\r", ""), " ")
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	return regexp.MustCompile(expr + "$").MatchString(got)
}

// shell runs a command line; on a terminal if it asks for passwords.
func (r *reader) shell(command string, asks bool) (string, error) {
	c := exec.Command("sh", "-ec", r.there.Replace(command))
	c.Dir, c.Env = r.dir, r.env
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if asks {
		person, program := openTerminal(r.t)
		defer person.Close()
		defer program.Close()
		if _, err := io.WriteString(person, "secret\nsecret\n"); err != nil {
			return "", err
		}
		c.Stdin = program
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	err := c.Run()
	return out.String(), err
}

// serve starts a server, as a command of the page or, without one, beside it.
func (r *reader) serve(b bookBlock, command string) string {
	r.t.Helper()
	args := []string{"serve", "--listen", "imap=127.0.0.1:0", "--listen", "lmtp=127.0.0.1:0"}
	if command != "" {
		args = strings.Fields(r.there.Replace(strings.TrimSuffix(command, " &")))[1:]
		if strings.Contains(command, "--demo") {
			for i, proto := range []string{"imap", "imaps", "lmtp"} {
				args = append(args, "--listen", r.there.Replace(proto+"=127.0.0.1:"+bookPorts[i]))
			}
		}
	}
	c := exec.Command("poststube", args...)
	c.Dir, c.Env = r.dir, r.env
	p, err := startCommand(c)
	if err != nil {
		r.t.Fatalf("%s: %v", b.where, err)
	}
	r.servers = append(r.servers, p)
	if command == "" {
		r.env = append(r.env, "IMAP="+p.addrs["imap"], "LMTP="+p.addrs["lmtp"])
	}
	return p.stdout
}
