package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestTranslate(t *testing.T) {
	a := &app{german: true}
	for _, tt := range []struct{ en, de string }{
		{"there is no such mailbox", "dieses Postfach gibt es nicht"},
		{`there is no such mailbox: did you mean "Projects"?`, `dieses Postfach gibt es nicht: gemeint ist vielleicht "Projects"`},
		{`there is nobody called "a \"b\"" here: did you mean "ab"?`, `hier heißt niemand "a \"b\"": gemeint ist vielleicht "ab"`},
		{`the name "anna": already taken by a person`, `der Name "anna" ist schon vergeben, an eine Person`},
		{`invalid: the name "do:ra" holds ':'; use letters, digits and . _ - ' = ~`, `ungültig: der Name "do:ra" enthält ':'; es gehen Buchstaben, Ziffern und . _ - ' = ~`},
		{`c.toml:2: unknown key "limits.sise": did you mean "limits.size"?`, `c.toml:2: unbekannter Schlüssel "limits.sise": gemeint ist vielleicht "limits.size"`},
		{"anna: the message is no longer there", "anna: die Nachricht ist nicht mehr da"},
		{"open users.txt: no such file or directory", "users.txt: diese Datei gibt es nicht"},
		{"the backup is damaged: open x: permission denied", "die Sicherung ist beschädigt: x: keine Erlaubnis"},
		{"unknown flag: --bogus\nthe INBOX cannot be deleted", "den Schalter --bogus gibt es nicht\nder INBOX kann nicht gelöscht werden"},
		{"nobody knows this", "nobody knows this"},
		{"", ""},
	} {
		if got := a.translate(tt.en); got != tt.de {
			t.Errorf("%s\ngot  %s\nwant %s", tt.en, got, tt.de)
		}
		if got := (&app{}).translate(tt.en); got != tt.en {
			t.Errorf("%s became %s in English", tt.en, got)
		}
	}
}

// TestSentences: all that the engine says has a German form, and all that have one
// are still said; a form has as many gaps as its sentence.
func TestSentences(t *testing.T) {
	said, engine := map[string]bool{}, map[string]string{}
	for _, pkg := range []string{"mail", "admin", "directory", "acl", "server", "uidset"} {
		collectSentences(t, filepath.Join("../..", pkg), said, engine)
	}
	known := map[string]bool{}
	for _, s := range sentences() {
		known[s.en] = true
		if !said[s.en] {
			t.Errorf("no package says %q any more: change or remove it in sentences.go", s.en)
		}
	}
	for _, s := range append(sentences(), foreignSentences()...) {
		if en, de := len(verbs.FindAllString(s.en, -1)), len(verbs.FindAllString(s.de, -1)); en != de || s.de == "" {
			t.Errorf("%q has %d gaps, %q has %d", s.en, en, s.de, de)
		}
	}
	for s, where := range engine {
		if !known[s] {
			t.Errorf("%s: %q has no German form in sentences.go", where, s)
		}
	}
	if len(engine) < 45 {
		t.Errorf("only %d sentences were found in the engine", len(engine))
	}
}

// collectSentences gathers the string literals of a package, and, of package mail,
// those that are errors for users.
func collectSentences(t *testing.T, dir string, said map[string]bool, engine map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		var errs []error
		text := func(e ast.Expr) string {
			lit, ok := e.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return ""
			}
			s, err := strconv.Unquote(lit.Value)
			errs = append(errs, err)
			return s
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				said[text(n)] = true
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "fail" && len(n.Args) > 1 {
					if kind, ok := n.Args[0].(*ast.Ident); ok && kind.Name != "Internal" && text(n.Args[1]) != "" {
						engine[text(n.Args[1])] = fmt.Sprint(files.Position(n.Pos()))
					}
				}
			}
			return true
		})
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}
