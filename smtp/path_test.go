package smtp

import (
	"strings"
	"testing"
)

func TestCutPath(t *testing.T) {
	long := strings.Repeat("a", maxLocalPart)
	tests := []struct {
		in, address, rest string
		ok                bool
	}{
		{"<>", "", "", true},
		{"<anna@example.org>", "anna@example.org", "", true},
		{" <anna@example.org> SIZE=1", "anna@example.org", " SIZE=1", true},
		{"<Postmaster>", "Postmaster", "", true},
		{"<@a.example,@b.example:anna@example.org>", "anna@example.org", "", true},
		{`<"anna ben>@"@example.org>`, `"anna ben>@"@example.org`, "", true},
		{`<"a\">b"@example.org>`, `"a\">b"@example.org`, "", true},
		{"<a..b.@example.org>", "a..b.@example.org", "", true},
		{"<anna@[192.0.2.1]>", "anna@[192.0.2.1]", "", true},
		{"<anna@[IPv6:2001:db8::1]>", "anna@[IPv6:2001:db8::1]", "", true},
		{"<grün@grün.example>", "grün@grün.example", "", true},
		{"<anna+Lists/x=y@example.org>", "anna+Lists/x=y@example.org", "", true},
		{"<" + long + "@example.org>", long + "@example.org", "", true},
		{"<a" + long + "@example.org>", "", "", false},
		{"<a@" + long + ">", "", "", false},
		{"", "", "", false},
		{"anna@example.org", "", "", false},
		{"<anna@example.org", "", "", false},
		{"<anna@example.org>x", "", "", false},
		{"<anna@>", "", "", false},
		{"<@example.org>", "", "", false},
		{"<@a.example>", "", "", false},
		{"<anna@ben@example.org>", "", "", false},
		{"<anna ben@example.org>", "", "", false},
		{"<anna@exam ple.org>", "", "", false},
		{"<anna@-example.org>", "", "", false},
		{"<anna@.org>", "", "", false},
		{"<anna@[192.0.2.1>", "", "", false},
		{`<"anna@example.org>`, "", "", false},
		{`<"anna"ben@example.org>`, "", "", false},
		{"<an\x00na@example.org>", "", "", false},
		{"<an\tna@example.org>", "", "", false},
		{"<ann\xff@example.org>", "", "", false},
		{"<<anna@example.org>>", "", "", false},
	}
	for _, tt := range tests {
		address, rest, err := cutPath([]byte(tt.in))
		if (err == nil) != tt.ok || address != tt.address || string(rest) != tt.rest {
			t.Errorf("cutPath(%q) = %q, %q, %v", tt.in, address, rest, err)
		}
	}
}

// FuzzCutPath: what is taken for an address can be written into a header field
// and between angle brackets without ending either.
func FuzzCutPath(f *testing.F) {
	f.Add([]byte("<anna@example.org> SIZE=1"))
	f.Add([]byte(`<@a:"\">"@[::1]>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		address, _, err := cutPath(in)
		if err != nil || address == "" {
			return
		}
		if strings.ContainsAny(address, "\r\n\x00") {
			t.Errorf("%q gives %q", in, address)
		}
		again, rest, err := cutPath([]byte("<" + address + ">"))
		if err != nil || again != address || len(rest) != 0 {
			t.Errorf("%q gives %q, which gives %q, %q, %v", in, address, again, rest, err)
		}
	})
}
