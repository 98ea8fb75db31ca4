package directory

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	for _, c := range []struct{ in, out, wrong string }{
		{"anna", "anna", ""},
		{"Anna", "anna", ""},
		{"anna.b-c_d", "anna.b-c_d", ""},
		{"o'hara", "o'hara", ""},
		{"JÜRGEN", "jürgen", ""},
		{"ju\u0308rgen", "jürgen", ""}, // NFC
		{"ＡＮＮＡ", "anna", ""},           // width
		{"ΣΊΣΥΦΟΣ", "σίσυφοσ", ""},
		{"Анна", "анна", ""},
		{"田中", "田中", ""},
		{"Anna@Example.ORG", "anna@example.org", ""},
		{"anna@bücher.example", "anna@xn--bcher-kva.example", ""},
		{strings.Repeat("a", 64), strings.Repeat("a", 64), ""},

		{"", "", "is empty"},
		{strings.Repeat("a", 65), "", "longer than 64"},
		{strings.Repeat("ü", 33), "", "longer than 64"},
		{strings.Repeat("a", 5000), "", "too long"},
		{"a:b", "", `holds ':'`},
		{"a/b", "", `holds '/'`},
		{"a+b", "", `holds '+'`},
		{"a*", "", `holds '*'`},
		{"$sales", "", `holds '$'`},
		{"#a", "", `holds '#'`},
		{"a b", "", `holds ' '`},
		{"a\x00b", "", `holds '\x00'`},
		{"a\nb", "", `holds '\n'`},
		{"a\x7f", "", `holds '\x7f'`},
		{"jürgen x", "", "RFC 8265"},
		{"ü\u2028", "", "RFC 8265"},
		{"aא", "", "RFC 8265"}, // mixed directions
		{"\xff", "", "UTF-8"},
		{"-anna", "", "begins with '-'"},
		{".anna", "", "begins with '.'"},
		{"anna.", "", "dot"},
		{"an..na", "", "dot"},
		{"anyone", "", "access lists"},
		{"Owner", "", "access lists"},
		{"AUTHENTICATED", "", "access lists"},
		{"anonymous", "", "access lists"},
		{"@example.org", "", "nothing before"},
		{"anna@", "", "not a domain"},
		{"anna@b@c", "", "not a domain"},
		{"anna@exa mple", "", "not a domain"},
	} {
		out, err := CleanName(c.in)
		switch {
		case c.wrong == "" && (err != nil || out != c.out):
			t.Errorf("CleanName(%q) = %q, %v; want %q", c.in, out, err, c.out)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("CleanName(%q) = %q, %v; want an error with %q", c.in, out, err, c.wrong)
		case c.wrong != "":
			want(t, err, ErrInvalid)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"anna", "ANNA@Example.org", "jürgen", "ＡＮＮＡ", "İ", "a\u0345b", "ß", "ﬁ", "-a", "a\x00", "x@xn--a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := CleanName(s)
		if err != nil {
			return
		}
		if again, err := CleanName(name); err != nil || again != name {
			t.Errorf("CleanName(%q) = %q, and of that %q, %v", s, name, again, err)
		}
		if !utf8.ValidString(name) || len(name) > maxName || strings.ContainsAny(name, "\x00:/*%\" +$#") {
			t.Errorf("CleanName(%q) = %q", s, name)
		}
		// A name receives mail at itself.
		local, domain, err := parseAddress(name)
		if a := (address{foldLocal(local), domain}); err != nil || a.String() != name {
			t.Errorf("%q as an address is %q, %v", name, a, err)
		}
	})
}
