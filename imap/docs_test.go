package imap

import (
	"crypto/tls"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// update is the flag -update, which package dialogue has too.
func update() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// announced returns the capabilities of an extension in some state.
func announced(x extension, srv *Server, in states) []string {
	if x.capabilities == nil {
		return nil
	}
	s := newSession(srv, silentConn{}, nil)
	s.in = in
	names := x.capabilities(s)
	s.secure = true
	for _, c := range x.capabilities(s) {
		if !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	return names
}

// document writes docs/imap.md from the list of extensions.
func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# What the IMAP server speaks\n\n" +
		"Written by `go test ./imap -update` from imap/extensions.go; a test fails when it is stale.\n\n" +
		"| extension | document | announced | commands | enabled by ENABLE | adds |\n|---|---|---|---|---|---|\n")
	srv := newTestServer(t)
	srv.tls = &tls.Config{}
	for _, x := range extensions() {
		var commands, enables, adds []string
		for _, a := range x.additions() {
			adds = append(adds, a.String())
		}
		for _, c := range x.commands {
			commands = append(commands, c.name)
		}
		for _, e := range x.enables {
			enables = append(enables, e.announce)
		}
		caps := announced(x, srv, notAuthenticated)
		for _, c := range announced(x, srv, authenticated) {
			if !slices.Contains(caps, c) {
				caps = append(caps, c)
			}
		}
		row := []string{x.name, x.rfc, strings.Join(caps, " "), strings.Join(commands, ", "), strings.Join(enables, " "), strings.Join(adds, "; ")}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

// An addition is what an extension adds to a command of others.
type addition struct {
	to    string
	names []string
}

func (a addition) String() string { return a.to + ": " + strings.Join(a.names, " ") }

// additions lists what an extension adds to commands.
func (x extension) additions() []addition {
	all := []addition{
		{"FETCH", namesOf(x.fetch, func(v fetchItem) string { return v.name })},
		{"FETCH modifiers", namesOf(x.fetchMod, func(v fetchModifier) string { return v.name })},
		{"SEARCH", namesOf(x.search, func(v searchKey) string { return v.name })},
		{"SEARCH RETURN", namesOf(x.results, func(v searchOption) string { return v.name })},
		{"SORT", namesOf(x.sort, func(v sortCriterion) string { return v.name })},
		{"STATUS", namesOf(x.status, func(v statusItem) string { return v.name })},
		{"LIST selection", namesOf(x.choose, func(v listSelection) string { return v.name })},
		{"LIST return", namesOf(x.returns, func(v listReturn) string { return v.name })},
		{"SELECT", namesOf(x.params, func(v selectParam) string { return v.name })},
		{"CREATE", namesOf(x.create, func(v createParam) string { return v.name })},
		{"STORE modifiers", namesOf(x.modify, func(v storeModifier) string { return v.name })},
	}
	return slices.DeleteFunc(all, func(a addition) bool { return len(a.names) == 0 })
}

func namesOf[V any](items []V, name func(V) string) []string {
	var out []string
	for _, v := range items {
		out = append(out, name(v))
	}
	return out
}

func TestDocument(t *testing.T) {
	path := filepath.Join("..", "docs", "imap.md")
	want := document(t)
	if update() {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale: run go test ./imap -update and look at the difference", path)
	}
}

// neverOK are the commands that have only one answer, a refusal.
var neverOK = map[string]bool{
	"SETQUOTA": true, // quotas are the administrator's, and QUOTASET is not announced
}

// TestDialogueForEverything fails when an extension has no dialogue of its name,
// or when a command is not answered with OK in any.
func TestDialogueForEverything(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	sent := regexp.MustCompile(`(?m)^(?:[a-z][a-z0-9-]* )?C: (\S+) (UID \S+|\S+).*$`)
	good := regexp.MustCompile(`(?m)^(?:[a-z][a-z0-9-]* )?S: (\S+) OK`)
	var all strings.Builder
	done := map[string]bool{}
	var commands []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
		ok := map[string]bool{}
		for _, m := range good.FindAllStringSubmatch(string(text), -1) {
			ok[m[1]] = true
		}
		for _, m := range sent.FindAllStringSubmatch(string(text), -1) {
			commands = append(commands, strings.ToUpper(m[0]))
			if ok[m[1]] {
				done[strings.ToUpper(m[2])] = true
			}
		}
	}
	for _, x := range extensions() {
		for _, c := range x.commands {
			if done[c.name] == neverOK[c.name] {
				t.Errorf("no dialogue in which %s is answered with OK, or one against the list", c.name)
			}
		}
		if !strings.Contains(all.String(), x.rfc) && !slices.ContainsFunc(strings.Split(x.rfc, ", "), func(rfc string) bool {
			return strings.Contains(all.String(), rfc)
		}) {
			t.Errorf("no dialogue cites %s, which describes %s", x.rfc, x.name)
		}
		for _, a := range x.additions() {
			command, _, _ := strings.Cut(a.to, " ")
			for _, name := range a.names {
				if !used(commands, command, name) {
					t.Errorf("no dialogue uses %s in %s (%s)", name, command, x.name)
				}
			}
		}
	}
}

// used tells whether a command line names a word, on its own.
func used(lines []string, command, word string) bool {
	whole := regexp.MustCompile(`(?i)[ (]` + regexp.QuoteMeta(word) + `([ )<[]|$)`)
	return slices.ContainsFunc(lines, func(line string) bool {
		return (strings.Contains(line, command) || command == "SELECT" && strings.Contains(line, "EXAMINE")) && whole.MatchString(line)
	})
}
