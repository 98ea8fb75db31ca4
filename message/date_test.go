package message

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		// RFC 5322 appendix A.
		{"Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"},
		{"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30"},
		{"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"},
		{"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"},
		{"1 Jul 2003 10:52:37 +0200", "2003-07-01T10:52:37+02:00"},
		// Obsolete zones, RFC 5322 section 4.3.
		{"1 Jan 2000 00:00 UT", "2000-01-01T00:00:00Z"},
		{"1 Jan 2000 00:00:00 EST", "2000-01-01T00:00:00-05:00"},
		{"1 Jan 2000 00:00:00 pdt", "2000-01-01T00:00:00-07:00"},
		{"1 Jan 2000 00:00:00 Z", "2000-01-01T00:00:00Z"},
		{"1 Jan 2000 00:00:00 A", "2000-01-01T00:00:00Z"},
		{"1 Jan 2000 00:00:00 XYZ", "2000-01-01T00:00:00Z"},
		{"1 Jan 49 00:00:00 GMT", "2049-01-01T00:00:00Z"},
		{"1 Jan 50 00:00:00 GMT", "1950-01-01T00:00:00Z"},
		{"1 Jan 100 00:00:00 GMT", "2000-01-01T00:00:00Z"},
		// RFC 5256 section 2.2: bad zone is UTC, bad time is midnight.
		{"1 Jan 2000 10:00:00 +9999", "2000-01-01T10:00:00Z"},
		{"1 Jan 2000 10:00:00 +12345", "2000-01-01T10:00:00Z"},
		{"1 Jan 2000 25:00:00 +0100", "2000-01-01T00:00:00+01:00"},
		{"1 Jan 2000 10:60", "2000-01-01T00:00:00Z"},
		{"1 Jan 2000 xx", "2000-01-01T00:00:00Z"},
		{"1 Jan 2000", "2000-01-01T00:00:00Z"},
		{"31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"},
		// Other forms.
		{"Fri Nov 21 09:55:06 1997", "1997-11-21T09:55:06Z"},
		{"Fri Nov 21 09:55:06 CST 1997", "1997-11-21T09:55:06-06:00"},
		{"November 21, 1997 9:55 PM", "1997-11-21T21:55:00Z"},
		{"21 Nov 1997 12:05 am", "1997-11-21T00:05:00Z"},
		{"21-Nov-1997 09:55:06 +0100", "1997-11-21T09:55:06+01:00"},
		{"1997-11-21 09:55:06 -0100", "1997-11-21T09:55:06-01:00"},
		{"1997-11-21T09:55:06.123+01:00", "1997-11-21T09:55:06+01:00"},
		{"Fri, 21 Nov 1997 09:55:06 GMT+0100", "1997-11-21T09:55:06+01:00"},
		{"Friday, 21 November 1997 09:55:06 +01", "1997-11-21T09:55:06+01:00"},
		{"Fri,21 Nov 1997 09:55:06-0600", "1997-11-21T09:55:06-06:00"},
		{"Fri, 21 Nov 1997 09:55:06 \"+0100\"", "1997-11-21T09:55:06+01:00"},
		// Not even a date.
		{"", ""}, {"yesterday", ""}, {"12:00", ""}, {"32 Jan 2000", ""}, {"30 Feb 2000", ""},
		{"1 Foo 2000", ""}, {"0 Jan 2000", ""}, {"1 Jan", ""}, {"1 13 2000", ""}, {"99999999999999 Jan 2000", ""},
	} {
		got, ok := ParseDate([]byte(tt.in))
		text := ""
		if ok {
			text = got.Format(time.RFC3339)
		}
		if text != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, text, tt.want)
		}
	}
}

func TestParseMessageIDs(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"<a@b>", []string{"a@b"}},
		{" <a@b>\r\n <c@d>\t<e@f>", []string{"a@b", "c@d", "e@f"}},
		{"<a@b><c@d>", []string{"a@b", "c@d"}},
		{`<"a"@b> <"a b"@c>`, []string{"a@b", "a b@c"}}, // RFC 5256: quoting makes no difference
		{"<a\r\n @b>", []string{"a@b"}},
		{"Your message of Monday <a@b> (comment <c@d>)", []string{"a@b"}},
		{`"quoted <x@y>" <a@b>`, []string{"a@b"}},
		{"a@b", []string{"a@b"}},
		{"message of a@b", nil},
		{"<>", nil}, {"", nil}, {"<", nil}, {"<a@b", nil}, {"> <", nil},
		{"<a@b <c@d>", []string{"c@d"}},
		{"<no-at-sign>", []string{"no-at-sign"}},
		{"(unclosed <a@b>", []string{"a@b"}},
	} {
		got := ParseMessageIDs([]byte(tt.in))
		if len(got) != len(tt.want) {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
			}
		}
	}
}
