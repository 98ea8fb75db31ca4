package uidset

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct{ in, want, fault string }{
		{"", "", ""},
		{"1", "1", ""},
		{"4294967295", "4294967295", ""},
		{"5:3,1,2", "1:5", ""},
		{"2,4:7,9,12:15", "2,4:7,9,12:15", ""}, // RFC 9051 section 9
		{"0", "", `"0" is not a number from 1`},
		{"01", "", "leading zeros"},
		{"4294967296", "", "greater than"},
		{"1:", "", "a number is missing"},
		{"1,,2", "", "a number is missing"},
		{"1:2:3", "", `"2:3" is not a number`},
		{"-1", "", `"-1" is not a number`},
		{"1 ", "", "is not a number"},
		{"1:*", "", `"*" in "1:*"`},
		{"$", "", "is not a number"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		switch {
		case tt.fault == "" && (err != nil || got.String() != tt.want):
			t.Errorf("Parse(%q) = %v, %v, want %s", tt.in, got, err, tt.want)
		case tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)):
			t.Errorf("Parse(%q): error %v, want one with %q", tt.in, err, tt.fault)
		}
	}
}

func TestNumSet(t *testing.T) {
	tests := []struct {
		in      string
		largest uint32
		want    string
	}{
		{"*", 5, "5"},
		{"*", 0, ""},
		{"1:*", 0, ""},
		{"*:*", 5, "5"},
		{"7:*", 5, "5:7"}, // RFC 9051 section 6.4.9: always holds the last message
		{"*:4,5:7", 10, "4:10"},
		{"2,4:7,9,12:*", 15, "2,4:7,9,12:15"},
		{"3:1", 2, "1:3"},
	}
	for _, tt := range tests {
		n, err := ParseNumSet(tt.in, 100)
		if err != nil {
			t.Errorf("ParseNumSet(%q): %v", tt.in, err)
			continue
		}
		if got := n.Resolve(tt.largest).String(); got != tt.want {
			t.Errorf("%q with * = %d: got %q, want %q", tt.in, tt.largest, got, tt.want)
		}
		if n.HasStar() != strings.Contains(tt.in, "*") {
			t.Errorf("%q: HasStar is %v", tt.in, n.HasStar())
		}
	}
	if n, err := ParseNumSet("$", 1); err != nil || !n.Saved || n.String() != "$" {
		t.Errorf("$: %v, %v", n, err)
	}
	if _, err := ParseNumSet("1,2,3", 3); err != nil {
		t.Errorf("3 ranges of 3: %v", err)
	}
	if _, err := ParseNumSet("1,2,3,4", 3); !errors.Is(err, ErrTooManyRanges) {
		t.Errorf("4 ranges of 3: %v", err)
	}
	for _, bad := range []string{"", "$,1", "1,$", "**", "1:*:2", "0", "*0"} {
		if n, err := ParseNumSet(bad, 100); err == nil {
			t.Errorf("ParseNumSet(%q) = %v", bad, n)
		}
	}
}

func TestParseBinaryDamaged(t *testing.T) {
	good := Of(1, 2, 3, 9, 4294967295).AppendBinary(nil)
	for cut := range good {
		if s, _, err := ParseBinary(good[:cut]); !errors.Is(err, ErrBinary) {
			t.Errorf("cut to %d octets: %v, %v", cut, s, err)
		}
	}
	for name, b := range map[string][]byte{
		"huge count":   {0xff, 0xff, 0xff, 0xff, 0x0f, 0},
		"adjacent":     {2, 0, 0},
		"overlong":     {0x81, 0x00, 0},
		"behind top":   {1, 0xfe, 0xff, 0xff, 0xff, 0x7f},
		"long run":     {1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"wraps around": {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0},
	} {
		if s, _, err := ParseBinary(b); !errors.Is(err, ErrBinary) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1", "1:3,5", "5:3", "*", "1:*", "$", "0", "1,,2", "4294967295:1", "1:2:3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if s, err := Parse(in); err == nil {
			back, err := Parse(s.String())
			if err != nil || !back.Equal(s) {
				t.Fatalf("%q -> %v -> %v, %v", in, s, back, err)
			}
		}
		if n, err := ParseNumSet(in, 1000); err == nil {
			back, err := ParseNumSet(n.String(), 1000)
			if err != nil || !back.Resolve(77).Equal(n.Resolve(77)) || back.Saved != n.Saved {
				t.Fatalf("%q -> %v -> %v, %v", in, n, back, err)
			}
		}
	})
}

func FuzzParseBinary(f *testing.F) {
	f.Add([]byte{0})
	f.Add(Of(1, 2, 3, 9, 4294967295).AppendBinary(nil))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		s, rest, err := ParseBinary(in)
		if err != nil {
			return
		}
		if again := append(s.AppendBinary(nil), rest...); !bytes.Equal(again, in) {
			t.Fatalf("%x was read as %v, whose form is %x", in, s, again)
		}
	})
}
