package poststube

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A floor is a height in the house. Imports go downwards only.
type floor int

const (
	stone    floor = iota // values that everything may use
	ground                // values and contracts; no I/O
	cellar                // back ends of the contracts
	bench                 // conformance suites, for tests only
	first                 // people
	second                // the engine
	third                 // protocols
	side                  // clients and tests of the whole; no server package imports it
	roof                  // configuration and wiring
	doorstep              // the program
)

// A room is one package: what it may import of this module and of others. A
// test file may import more: whatever lies on a lower floor, and testModules.
type room struct {
	floor   floor
	imports string // packages of this module
	modules string // modules of others
}

// house is the table of contents: every package of the module, from the ground
// up. A new package is a new line; a new import is a decision that a reviewer
// sees here.
var house = map[string]room{
	"uidset":             {stone, "", ""},
	"acl":                {ground, "", "github.com/xdg-go/stringprep"},
	"message":            {ground, "", "golang.org/x/text"},
	"mbox":               {ground, "", ""},
	"maildir":            {ground, "", ""},
	"imap/wire":          {ground, "uidset", "golang.org/x/text"},
	"imap/inflate":       {ground, "", ""},
	"imap/view":          {ground, "uidset", ""},
	"kv":                 {ground, "", ""},
	"blob":               {ground, "", ""},
	"notify":             {ground, "", ""},
	"diskspace":          {ground, "", ""},
	"kv/pebblekv":        {cellar, "diskspace kv", "github.com/cockroachdb/pebble/v2"},
	"kv/sealed":          {cellar, "kv", ""},
	"blob/dirblob":       {cellar, "blob diskspace", "github.com/cockroachdb/pebble/v2"},
	"notify/localbus":    {cellar, "notify", ""},
	"storetest":          {bench, "blob blob/dirblob kv kv/pebblekv notify", "github.com/cockroachdb/pebble/v2 pgregory.net/rapid"},
	"directory":          {first, "acl kv notify", "golang.org/x/crypto golang.org/x/net golang.org/x/text github.com/xdg-go/stringprep"},
	"directory/oidcdir":  {second, "directory", "github.com/coreos/go-oidc/v3"},
	"directory/ldapdir":  {second, "directory", "github.com/go-ldap/ldap/v3"},
	"search":             {first, "kv message", ""},
	"mail":               {second, "acl blob directory kv message notify search uidset", "golang.org/x/text"},
	"imap":               {third, "acl directory imap/inflate imap/view imap/wire mail message uidset", "github.com/klauspost/compress"},
	"smtp":               {third, "mail", ""},
	"dovecotauth":        {third, "directory", ""},
	"socketmap":          {third, "directory", ""},
	"admin":              {third, "acl directory mail uidset", ""},
	"imapclient":         {third, "imap/wire uidset", ""},
	"bench":              {side, "", ""},
	"scripts/perftable":  {side, "", "golang.org/x/crypto"},
	"scripts/vulndb":     {side, "", ""},
	"moving":             {side, "acl admin imap/wire imapclient mail maildir message uidset", ""},
	"dialogue":           {side, "", ""},
	"dialogue/house":     {side, "acl blob/dirblob directory dovecotauth imap kv kv/pebblekv kv/sealed mail notify/localbus smtp", "github.com/cockroachdb/pebble/v2"},
	"interop":            {side, "", ""},
	"interop/dovecot":    {side, "", ""},
	"interop/clients":    {side, "", ""},
	"interop/postfix":    {side, "", ""},
	"interop/prometheus": {side, "", ""},
	"interop/table":      {side, "", ""},
	"promises":           {side, "", ""},
	"promises/cmd/table": {doorstep, "promises", ""},
	"interop/ldap":       {side, "", ""},
	"interop/moving":     {side, "", ""},
	"interop/service":    {side, "", ""},
	"server":             {roof, "acl admin blob blob/dirblob directory directory/ldapdir directory/oidcdir diskspace dovecotauth imap imap/wire kv kv/pebblekv kv/sealed mail notify/localbus smtp socketmap", "github.com/pelletier/go-toml/v2 github.com/prometheus/client_golang golang.org/x/sys"},
	"cmd/poststube":      {doorstep, "acl admin bench directory imapclient mail mbox moving server", "github.com/spf13/cobra github.com/spf13/pflag golang.org/x/term"},
}

// testModules may be imported by test files only.
const testModules = "github.com/anishathalye/porcupine github.com/coreos/go-oidc/v3 github.com/emersion/go-imap/v2 github.com/emersion/go-smtp github.com/go-ldap/ldap/v3 " +
	"github.com/google/go-cmp github.com/xdg-go/scram github.com/rogpeppe/go-internal go.uber.org/goleak pgregory.net/rapid github.com/cockroachdb/pebble/v2"

// TestFloors holds the house to its plan: no unknown package, no import that
// the plan does not list, none upwards or sideways.
func TestFloors(t *testing.T) {
	for name, r := range house {
		for _, imp := range strings.Fields(r.imports) {
			if below, ok := house[imp]; !ok {
				t.Errorf("the plan lets %s import %s, which is not in the plan", name, imp)
			} else if below.floor >= r.floor {
				t.Errorf("the plan lets %s import %s, which does not lie below it", name, imp)
			}
		}
	}
	seen := map[string]bool{}
	used := map[string]bool{} // "package import", of files that are no tests
	for _, f := range goFiles(t) {
		pkg := path.Dir(f)
		if pkg == "." {
			continue // this test
		}
		seen[pkg] = true
		r, ok := house[pkg]
		if !ok {
			t.Errorf("package %s is not in the plan: add it to the house in floors_test.go", pkg)
			continue
		}
		for _, imp := range importsOf(t, f) {
			if !strings.HasSuffix(f, "_test.go") {
				used[pkg+" "+imp] = true
			}
			if problem := r.objection(pkg, imp, strings.HasSuffix(f, "_test.go")); problem != "" {
				t.Errorf("%s imports %s: %s", f, imp, problem)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(house)) {
		if !seen[name] {
			t.Errorf("the plan has a package %s, the tree has none", name)
		}
		for _, imp := range house[name].unused(name, used) {
			t.Errorf("the plan lets %s import %s, but it doesn't: take it out", name, imp)
		}
	}
}

// unused returns what the plan allows without need.
func (r room) unused(pkg string, used map[string]bool) (list []string) {
	for _, imp := range strings.Fields(r.imports) {
		if !used[pkg+" poststube/"+imp] {
			list = append(list, imp)
		}
	}
	for _, module := range strings.Fields(r.modules) {
		isUsed := false
		for line := range used {
			if imp, ok := strings.CutPrefix(line, pkg+" "); ok && inModules(module, imp) {
				isUsed = true
			}
		}
		if !isUsed {
			list = append(list, module)
		}
	}
	return list
}

// objection says what is wrong with an import, or nothing.
func (r room) objection(pkg, imp string, test bool) string {
	local, ok := strings.CutPrefix(imp, "poststube/")
	if !ok {
		first, _, _ := strings.Cut(imp, "/")
		switch {
		case !strings.Contains(first, "."): // the standard library
			return ""
		case inModules(r.modules, imp), test && inModules(testModules, imp):
			return ""
		}
		return "the plan does not list its module for this package"
	}
	below, known := house[local]
	switch {
	case !known:
		return "not in the plan"
	case local == pkg && test: // an external test package
		return ""
	case slices.Contains(strings.Fields(r.imports), local):
		return ""
	case test && below.floor < r.floor, test && below.floor == bench, test && below.floor == side:
		return ""
	case below.floor >= r.floor:
		return fmt.Sprintf("%s does not lie below %s", local, pkg)
	}
	return "the plan does not list it"
}

func inModules(modules, imp string) bool {
	return slices.ContainsFunc(strings.Fields(modules), func(m string) bool {
		return imp == m || strings.HasPrefix(imp, m+"/")
	})
}

// goFiles returns the Go files of the module, relative to its root.
func goFiles(t *testing.T) []string {
	var files []string
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")):
			return fs.SkipDir
		case !d.IsDir() && filepath.Ext(p) == ".go":
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(house) {
		t.Fatalf("found only %d Go files: this test must run in the root of the module", len(files))
	}
	return files
}

func importsOf(t *testing.T, file string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return nil
	}
	var list []string
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		list = append(list, p)
	}
	return list
}

// TestSizes keeps files small enough to read: no file over 600 lines, no
// function over 100.
func TestSizes(t *testing.T) {
	const maxFile, maxFunc = 600, 100
	for _, f := range goFiles(t) {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Error(err)
			continue
		}
		lines := strings.Split(string(src), "\n")
		if len(lines) > maxFile+1 {
			t.Errorf("%s has %d lines, more than %d", f, len(lines)-1, maxFile)
		}
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		start := 0
		for i, line := range lines {
			switch {
			case strings.HasPrefix(line, "func "):
				start = i
			case line == "}" && start > 0:
				if n := i - start + 1; n > maxFunc {
					t.Errorf("%s:%d: a function of %d lines, more than %d", f, start+1, n, maxFunc)
				}
				start = 0
			}
		}
	}
}
