package acl

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseRights(t *testing.T) {
	tests := []struct{ in, letters, shown, fault string }{
		{"", "", "", ""},
		{"lrs", "lrs", "lrs", ""},
		{"srl", "lrs", "lrs", ""},
		{"ll", "l", "l", ""},
		// RFC 4314 section 2.1.1
		{"lrswida", "lrswitea", "lrswitedA", ""},
		{"lrswikda", "lrswiktea", "lrswiktecdA", ""},
		{"c", "kx", "kxc", ""},
		{"d", "te", "ted", ""},
		{"x", "x", "xc", ""},
		{"e", "e", "ed", ""},
		{"12", "12", "12", ""},
		// RFC 4314 section 3.1
		{"lrQswicda", "", "", "uppercase rights are not allowed: 'Q'"},
		{"lrqswicda", "", "", "the right 'q' is not supported"},
		{"lr0", "", "", "the right '0' is not supported"},
		{"ln", "", "", "the right 'n' is not supported"},
		{"+l", "", "", "the right '+' is not supported"},
		{"lé", "", "", "the right 'é' is not supported"},
	}
	for _, tt := range tests {
		got, err := ParseRights(tt.in, Supported)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("ParseRights(%q): error %v, want one with %q", tt.in, err, tt.fault)
			}
			continue
		}
		shown := strings.ToLower(tt.shown)
		if err != nil || got.Letters() != tt.letters || got.String() != shown {
			t.Errorf("ParseRights(%q) = %s, shown as %s, %v; want %s and %s", tt.in, got.Letters(), got, err, tt.letters, shown)
		}
	}
	if r, err := ParseRights("n", Supported|Annotate); err != nil || r != Annotate {
		t.Errorf("n where it is supported: %v, %v", r, err)
	}
	if len(letters) != 22 || every.Letters() != letters {
		t.Errorf("letters and bits are out of step: %q", every.Letters())
	}
}

func TestCapability(t *testing.T) {
	// RFC 4314 section 5.1.1: all that is supported, without RFC 2086 and digits.
	r, err := ParseRights(Capability, Supported)
	if err != nil {
		t.Fatal(err)
	}
	rfc2086 := Lookup | Read | Seen | Write | Insert | Post | Admin | OwnWrite | OwnDelete
	if r != Supported&^rfc2086 {
		t.Errorf("RIGHTS=%s, but %s are supported", Capability, Supported)
	}
}

func TestModification(t *testing.T) {
	tests := []struct{ old, mod, want string }{
		{"lrswi", "+cda", "lrswikxtea"}, // RFC 4314 section 3.1
		{"lrswikxtea", "-d", "lrswikxa"},
		{"lrs", "w", "w"},
		{"lrs", "", ""},
		{"lrs", "+", "lrs"},
		{"lrs", "-", "lrs"},
		{"lrs", "-w", "lrs"},
		{"", "+l", "l"},
	}
	for _, tt := range tests {
		old, _ := ParseRights(tt.old, Supported)
		m, err := ParseModification(tt.mod, Supported)
		if got := m.Apply(old).Letters(); err != nil || got != tt.want {
			t.Errorf("%q on %q: %q, %v; want %q", tt.mod, tt.old, got, err, tt.want)
		}
	}
	for _, bad := range []string{"++l", "l+", "-L", " l"} {
		if m, err := ParseModification(bad, Supported); err == nil {
			t.Errorf("ParseModification(%q) = %v", bad, m)
		}
	}
}

func TestRightsOfOwnMessages(t *testing.T) {
	author := Lookup | Read | OwnWrite | OwnDelete
	if got := author.Of(false); got != author {
		t.Errorf("someone else's message: %s", got)
	}
	if got := author.Of(true); got != author|Write|Delete|Expunge {
		t.Errorf("own message: %s", got)
	}
}

// The examples of RFC 4314 section 5.2.
func TestReadWrite(t *testing.T) {
	tests := []struct {
		mine, shared string
		want         bool
	}{
		{"lrs", "tw", false},
		{"rit", "s", true},
		{"rset", "sw", true},
		{"lr", "swt", false},
		{"lrs", "", false},
		{"lr2", "", true},
	}
	for _, tt := range tests {
		mine, _ := ParseRights(tt.mine, Supported)
		shared, _ := ParseRights(tt.shared, Supported)
		if got := mine.ReadWrite(shared); got != tt.want {
			t.Errorf("%s with shared flags %s: %v", tt.mine, tt.shared, got)
		}
	}
}

func TestRightsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rights(rapid.Uint32().Draw(t, "rights")) & every
		if back, err := ParseRights(r.Letters(), every); err != nil || back != r {
			t.Fatalf("%q was read as %v, %v", r.Letters(), back, err)
		}
		// What a client reads from us and sends back never takes a right away.
		if back, err := ParseRights(r.String(), every); err != nil || !back.Has(r) {
			t.Fatalf("%q was read as %v, %v", r.String(), back, err)
		}
	})
}

func FuzzParseRights(f *testing.F) {
	for _, seed := range []string{"lrswipkxtea", "+cd", "-", "Q", "é", "lr0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		m, err := ParseModification(in, Supported)
		if err == nil && m.Rights&^Supported != None {
			t.Fatalf("%q gave unsupported rights %s", in, m.Rights)
		}
	})
}
