package acl

import (
	"errors"
	"testing"
)

func TestParseIdentifier(t *testing.T) {
	tests := []struct {
		in   string
		want Identifier
	}{
		{"anna", Identifier{Kind: User, Name: "anna"}},
		{"Anna", Identifier{Kind: User, Name: "Anna"}},
		{"anna@example.org", Identifier{Kind: User, Name: "anna@example.org"}},
		{"user:anna", Identifier{Kind: User, Name: "anna"}},
		{"-anna", Identifier{Kind: User, Negative: true, Name: "anna"}},
		{"group:sales", Identifier{Kind: Group, Name: "sales"}},
		{"GROUP:sales", Identifier{Kind: Group, Name: "sales"}},
		{"$sales", Identifier{Kind: Group, Name: "sales"}},
		{"-group:sales", Identifier{Kind: Group, Negative: true, Name: "sales"}},
		{"-$sales", Identifier{Kind: Group, Negative: true, Name: "sales"}},
		{"anyone", Identifier{Kind: Anyone}},
		{"Anyone", Identifier{Kind: Anyone}},
		{"-anyone", Identifier{Kind: Anyone, Negative: true}},
		{"anonymous", Identifier{Kind: Anonymous}},
		{"authenticated", Identifier{Kind: Authenticated}},
		{"owner", Identifier{Kind: Owner}},
		{"-owner", Identifier{Kind: Owner, Negative: true}},
		// RFC 4013 section 3
		{"I\u00ADX", Identifier{Kind: User, Name: "IX"}},
		{"\u00AA", Identifier{Kind: User, Name: "a"}},
		{"\u2168", Identifier{Kind: User, Name: "IX"}},
		{"jo\u0308rg", Identifier{Kind: User, Name: "jörg"}},
	}
	for _, tt := range tests {
		if got, err := ParseIdentifier(tt.in); err != nil || got != tt.want {
			t.Errorf("ParseIdentifier(%q) = %+v, %v; want %+v", tt.in, got, err, tt.want)
		}
	}
	for _, bad := range []string{
		"", "-", "--anna", "$", "group:", "-group:", "user:", "role:boss", "group:a:b", "group:anyone",
		"$owner", "group:-x", "$$x", "group:$x", "\u00AD", "an\x00na", "\u0007", "\u0627\u0031", "a\xffb",
	} {
		if id, err := ParseIdentifier(bad); !errors.Is(err, ErrIdentifier) {
			t.Errorf("ParseIdentifier(%q) = %+v, %v", bad, id, err)
		}
	}
}

func TestIdentifierForms(t *testing.T) {
	id := Identifier{Kind: Group, Negative: true, Name: "sales"}
	if got := id.String(); got != "-group:sales" {
		t.Errorf("String: %q", got)
	}
	if got := id.Format(DollarPrefix); got != "-$sales" {
		t.Errorf("Format: %q", got)
	}
	if w := id.Who(7); w != (Who{Group, true, 7}) || w.Identifier("vendas").String() != "-group:vendas" {
		t.Errorf("Who: %+v", w)
	}
	if w := (Identifier{Kind: Anyone}).Who(7); w != (Who{Kind: Anyone}) || w.Identifier("x").String() != "anyone" {
		t.Errorf("Who of anyone: %+v", w)
	}
	if !Reserved("Owner") || Reserved("anna") {
		t.Error("Reserved is wrong")
	}
}

func FuzzParseIdentifier(f *testing.F) {
	for _, seed := range []string{"anna", "-group:sales", "$x", "anyone", "a\u00ADb", "--", "user:a", "\u2168"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		id, err := ParseIdentifier(in)
		if err != nil {
			return
		}
		for _, prefix := range []string{GroupPrefix, DollarPrefix} {
			if back, err := ParseIdentifier(id.Format(prefix)); err != nil || back != id {
				t.Fatalf("%q was read as %+v, and its form %q as %+v, %v", in, id, id.Format(prefix), back, err)
			}
		}
	})
}
