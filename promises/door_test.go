package promises

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// makers are the functions of package mail that make a mailbox value. The door
// is one; the others serve the log of mailboxes that are gone, and each says
// here why it needs no door of its own.
var makers = map[string]string{
	"mailbox":       "the door: (*txn).mailbox",
	"read":          "(*auditTrail): User.Audit has passed aclNode with the right a; mailboxes that are gone have a log too",
	"deadMailboxes": "purge: reads the log of the tree and tells nobody",
	"deleted":       "purge: removes what was deleted, and tells nobody",
}

// doors check a right; whatever opens a transaction for a user must pass one.
var doors = []string{"mailbox", "place", "admit", "rightsAt"}

// doorless are the exported methods that open a transaction and pass no door,
// each with what else keeps others' mail from them.
var doorless = map[string]string{
	"User.SetQuota":      "for the administrator's User only, writes in that owner's account",
	"User.Subscriptions": "reads the names that the user wrote into the own account, and none that has become a mailbox",
}

// TestOneDoor reads the source of package mail: a mailbox value is made by the
// door only, and each exported method of User and Mailbox that opens a
// transaction reaches a check of rights.
func TestOneDoor(t *testing.T) {
	names, err := filepath.Glob("../mail/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	calls, exported := map[string]map[string]bool{}, map[string]bool{}
	made := map[string]bool{}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			name := fn.Name.Name
			if r := receiver(fn); fn.Name.IsExported() && (r == "User" || r == "Mailbox") {
				name = r + "." + name
				exported[name] = true
			} else if r == "Mailbox" && transaction[name] {
				name = "Mailbox." + name // which looks for the mailbox by itself
			}
			if calls[name] == nil {
				calls[name] = map[string]bool{}
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					calls[name][called(n, fn)] = true
				case *ast.CompositeLit:
					if id, ok := n.Type.(*ast.Ident); ok && id.Name == "mailbox" {
						made[fn.Name.Name] = true
					}
				}
				return true
			})
		}
	}
	for fn := range made {
		if makers[fn] == "" {
			t.Errorf("%s makes a mailbox: it must get it from (*txn).mailbox, which checks the right", fn)
		}
	}
	for fn := range makers {
		if !made[fn] {
			t.Errorf("%s is said to make a mailbox, and does not", fn)
		}
	}
	transactions := 0
	for _, name := range slices.Sorted(maps.Keys(exported)) {
		reached := reach(calls, name)
		if !reached["view"] && !reached["update"] {
			continue
		}
		transactions++
		through := slices.ContainsFunc(doors, func(d string) bool { return reached[d] })
		if through == (doorless[name] != "") {
			t.Errorf("%s opens a transaction; it reaches a check of rights: %v; the list of exceptions says %q", name, through, doorless[name])
		}
	}
	if transactions < 35 {
		t.Errorf("only %d methods open transactions", transactions)
	}
	tried(t, "%d exported methods that open transactions, %d of them exceptions; %d functions that make a mailbox", transactions, len(doorless), len(made))
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	typ := fn.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// transaction are the names of what opens one.
var transaction = map[string]bool{"view": true, "update": true}

func called(c *ast.CallExpr, in *ast.FuncDecl) string {
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		return fn.Name
	case *ast.SelectorExpr:
		x, ok := fn.X.(*ast.Ident)
		if own := ok && receiver(in) == "Mailbox" && x.Name == in.Recv.List[0].Names[0].Name; own && transaction[fn.Sel.Name] {
			return "Mailbox." + fn.Sel.Name
		}
		return fn.Sel.Name
	}
	return ""
}

// reach returns all that is called from a function, by names: two methods of one
// name count as one. Making a person's first mailboxes is not followed: every
// name that is resolved may cause it, and it says nothing about the mailbox named.
func reach(calls map[string]map[string]bool, from string) map[string]bool {
	seen, todo := map[string]bool{}, []string{from}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for name := range calls[last] {
			if seen[name] {
				continue
			}
			seen[name] = true
			if name != "Provision" && !transaction[name] { // what runs inside one is in the body of its caller
				todo = append(todo, name)
			}
		}
	}
	return seen
}
