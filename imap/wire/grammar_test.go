package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPieces reads one piece each, in a command by itself. want is what %v
// shows of the piece, or "" if it must be refused.
func TestPieces(t *testing.T) {
	type read = func(*Decoder) any
	atom := func(d *Decoder) any { return d.Atom() }
	label := func(d *Decoder) any { defer d.Rest(); return d.Label() }
	astring := func(d *Decoder) any { return d.AString() }
	str := func(d *Decoder) any { return d.Str() }
	nstring := func(d *Decoder) any { s, ok := d.NString(); return fmt.Sprint(s, " ", ok) }
	nstring8 := func(d *Decoder) any { s, ok := d.NString8(); return fmt.Sprintf("%q %v", s, ok) }
	number := func(d *Decoder) any { return d.Number() }
	nz := func(d *Decoder) any { return d.NZNumber() }
	number64 := func(d *Decoder) any { return d.Number64() }
	nz64 := func(d *Decoder) any { return d.NZNumber64() }
	modseq := func(d *Decoder) any { return d.ModSeq() }
	modseq0 := func(d *Decoder) any { return d.ModSeqOrZero() }
	set := func(d *Decoder) any { return d.NumSet() }
	uids := func(d *Decoder) any { return d.UIDSet() }
	flag := func(d *Decoder) any { return d.Flag() }
	flags := func(d *Decoder) any { return fmt.Sprintf("%q", d.Flags()) }
	date := func(d *Decoder) any { return d.Date().Format(time.RFC3339) }
	dateTime := func(d *Decoder) any { return d.DateTime().Format(time.RFC3339) }
	b64 := func(d *Decoder) any { return fmt.Sprintf("%q", d.Base64()) }
	section := func(d *Decoder) any { return fmt.Sprintf("%+v", d.Section()) }
	part := func(d *Decoder) any { return fmt.Sprint(d.SectionPart()) }
	partial := func(d *Decoder) any { return fmt.Sprint(d.Partial()) }
	mailbox := func(d *Decoder) any { return d.Mailbox() }
	patterns := func(d *Decoder) any { return fmt.Sprintf("%q", d.Patterns()) }
	tests := []struct {
		read     read
		in, want string
	}{
		{atom, "a.b[c+&#;|~^", "a.b[c+&#;|~^"},
		{atom, "a]", ""}, {atom, "a%", ""}, {atom, "a*", ""}, {atom, `a"`, ""}, {atom, `a\`, ""}, {atom, "a{", ""},
		{atom, "a(", ""}, {atom, "", ""}, {atom, "ä", ""}, {atom, "a\x7f", ""}, {atom, "a\tb", ""},
		{label, "Body.Peek[]", "BODY.PEEK"}, {label, "x-gm_1:2<", "X-GM_1:2"}, {label, "[", ""},
		{label, strings.Repeat("a", 100), strings.Repeat("A", 100)},
		{astring, "a]b", "a]b"}, {astring, `"a b"`, "a b"}, {astring, "NIL", "NIL"}, {astring, "{2+}\r\na\n", "a\n"},
		{astring, `""x`, ""}, {astring, "%", ""}, {astring, "~{1+}\r\nx", ""},
		{str, `"a\"\\b"`, `a"\b`}, {str, `"jörg"`, "jörg"}, {str, "x", ""}, {str, `"`, ""}, {str, `"\`, ""}, {str, `"\n"`, ""},
		{str, "\"a\tb\"", "a\tb"}, {str, `"\\"`, `\`}, {str, `"` + "\xc3" + `"`, ""}, {str, "{1+}\r\n\xff", "\xff"}, {str, `"\"` + "\xc3" + `"`, ""},
		{nstring, "NIL", " false"}, {nstring, "nil", " false"}, {nstring, `"NIL"`, "NIL true"}, {nstring, "NILX", ""}, {nstring, "{0+}\r\n", " true"},
		{nstring8, "NIL", `"" false`}, {nstring8, "~{2+}\r\n\x00a", `"\x00a" true`}, {nstring8, `"x"`, `"x" true`}, {nstring8, "~x", ""},
		{number, "0", "0"}, {number, "007", "7"}, {number, "4294967295", "4294967295"}, {number, "4294967296", ""}, {number, "-1", ""}, {number, "x", ""},
		{number, "99999999999999999999999999", ""},
		{nz, "1", "1"}, {nz, "0", ""}, {nz, "01", ""}, {nz, "4294967296", ""},
		{number64, "9223372036854775807", "9223372036854775807"}, {number64, "9223372036854775808", ""}, {nz64, "0", ""}, {nz64, "5", "5"},
		{modseq, "9223372036854775807", "9223372036854775807"}, {modseq, "0", ""}, {modseq0, "0", "0"},
		{set, "1,2:4,*:5", "1,2:4,*:5"}, {set, "$", "$"}, {set, "*", "*"}, {set, "1,", ""}, {set, "1:2:3", ""}, {set, "0", ""}, {set, "$,1", ""}, {set, "a", ""},
		{set, "01", ""}, {set, "4294967296", ""},
		{uids, "5:3,9", "3:5,9"}, {uids, "*", ""}, {uids, "$", ""},
		{flag, `\SEEN`, `\Seen`}, {flag, `\deleted`, `\Deleted`}, {flag, "$MDNSent", "$MDNSent"}, {flag, `\Other`, `\Other`}, {flag, `\`, ""}, {flag, `\*`, ""}, {flag, "a]", ""},
		{flags, "()", "[]"}, {flags, `(\Seen x)`, `["\\Seen" "x"]`}, {flags, `x \seen X \SEEN`, `["x" "\\Seen"]`}, {flags, "(x", ""}, {flags, "(x )", ""}, {flags, "( x)", ""}, {flags, "x  y", ""},
		{date, "1-Feb-1994", "1994-02-01T00:00:00Z"}, {date, `"28-fEB-1994"`, "1994-02-28T00:00:00Z"}, {date, "29-Feb-1994", ""}, {date, "29-Feb-1996", "1996-02-29T00:00:00Z"},
		{date, "01-Feb-1994", "1994-02-01T00:00:00Z"}, {date, "001-Feb-1994", ""}, {date, "0-Feb-1994", ""}, {date, "1-Foo-1994", ""}, {date, "1-Feb-94", ""}, {date, `"1-Feb-1994`, ""}, {date, "1-Feb-19945", ""},
		{dateTime, `"17-Jul-1996 02:44:25 -0700"`, "1996-07-17T02:44:25-07:00"}, {dateTime, `" 7-Jul-1996 02:44:25 +0000"`, "1996-07-07T02:44:25Z"},
		{dateTime, `"07-Jul-1996 23:59:60 +1400"`, "1996-07-08T00:00:00+14:00"},
		{dateTime, `"7-Jul-1996 02:44:25 +0000"`, ""}, {dateTime, `"17-Jul-1996 24:00:00 +0000"`, ""}, {dateTime, `"17-Jul-1996 02:60:00 +0000"`, ""},
		{dateTime, `"17-Jul-1996 02:44:61 +0000"`, ""}, {dateTime, `"17-Jul-1996 02:44:25 +0060"`, ""}, {dateTime, `"31-Jun-1996 02:44:25 +0000"`, ""},
		{dateTime, `17-Jul-1996 02:44:25 +0000`, ""}, {dateTime, `"17-Jul-1996 2:44:25 +0000"`, ""}, {dateTime, `"17-Jul-1996 02:44:25 GMT"`, ""},
		{b64, "AGFubmE=", `"\x00anna"`}, {b64, "=", `""`}, {b64, "AGFubmE", ""}, {b64, "A===", ""}, {b64, "!", ""}, {b64, "AGFubmF=", ""},
		{section, "[]", "{Part:[] Text:0 Fields:[]}"}, {section, "[1.2]", "{Part:[1 2] Text:0 Fields:[]}"}, {section, "[HEADER]", "{Part:[] Text:1 Fields:[]}"},
		{section, "[2.header.fields (From {2+}\r\nTo)]", "{Part:[2] Text:2 Fields:[From To]}"}, {section, "[HEADER.FIELDS.NOT (Date)]", "{Part:[] Text:3 Fields:[Date]}"},
		{section, "[text]", "{Part:[] Text:4 Fields:[]}"}, {section, "[1.MIME]", "{Part:[1] Text:5 Fields:[]}"},
		{section, "[MIME]", ""}, {section, "[1.]", ""}, {section, "[0]", ""}, {section, "[1.2", ""}, {section, "[HEADER.FIELDS ()]", ""}, {section, "[HEADER.FIELDS]", ""},
		{section, "[1MIME]", ""}, {section, "[HEADERS]", ""}, {section, "[1" + strings.Repeat(".1", 100) + "]", ""},
		{part, "[]", "[]"}, {part, "[1.2]", "[1 2]"}, {part, "[1.MIME]", ""}, {part, "[TEXT]", ""}, {part, "[1", ""},
		{partial, "<0.10>", "0 10 true"}, {partial, "<0.0>", ""}, {partial, "<5>", ""}, {partial, "<9223372036854775807.9223372036854775807>", "9223372036854775807 9223372036854775807 true"},
		{mailbox, "inBox", "INBOX"}, {mailbox, `"inbox"`, "INBOX"}, {mailbox, "inbox/x", "inbox/x"}, {mailbox, "Entw&APw-rfe", "Entwürfe"}, {mailbox, `"a&-b"`, "a&b"},
		{mailbox, "Entwu&Awg-rfe", "Entwürfe"}, {mailbox, `"Entwürfe"`, "Entwürfe"}, {mailbox, `"Entwürfe&-"`, "Entwürfe&"},
		{mailbox, "a&b", ""}, {mailbox, "{1+}\r\n\xff", ""}, {mailbox, "{3+}\r\na\tb", ""}, {mailbox, "&IcI-", "⇂"}, {mailbox, "&ICg-", ""}, {mailbox, "a%", ""},
		{patterns, "*", `["*"]`}, {patterns, `"%"`, `["%"]`}, {patterns, "(INBOX {2+}\r\n%a)", `["INBOX" "%a"]`}, {patterns, "()", ""}, {patterns, "&APw-%", `["ü%"]`},
	}
	for _, tt := range tests {
		d := newTest(t, "A1 "+tt.in+"\r\n")
		d.Tag()
		d.SP()
		got := fmt.Sprint(tt.read(d))
		d.CRLF()
		switch {
		case tt.want == "" && d.Err() == nil:
			t.Errorf("%q was taken: %s", tt.in, got)
		case tt.want != "" && (d.Err() != nil || got != tt.want):
			t.Errorf("%q: %s, %v, want %s", tt.in, got, d.Err(), tt.want)
		}
	}
}

func TestMailboxUTF8(t *testing.T) {
	for in, want := range map[string]string{
		`"Entwürfe"`: "Entwürfe", "a&b": "a&b", "&APw-": "&APw-", "inbox": "INBOX", "\"u\u0308\"": "ü",
	} {
		d := newTest(t, "A1 "+in+"\r\n")
		d.UTF8 = true
		d.Tag()
		d.SP()
		if got := d.Mailbox(); got != want || d.Err() != nil {
			t.Errorf("%s: %q, %v, want %q", in, got, d.Err(), want)
		}
	}
	d := newTest(t, "A1 {1+}\r\n\xff\r\n")
	d.UTF8 = true
	d.Tag()
	d.SP()
	if d.Mailbox(); kindOf(d) != Name {
		t.Errorf("a name that is not UTF-8: %v", d.Err())
	}
}

func TestWords(t *testing.T) {
	d := newTest(t, "A1 return (MIN ALL)\r\n")
	d.Tag()
	d.SP()
	if d.TryWord("RET") || d.TryWord("RETURNS") || !d.TryWord("RETURN") {
		t.Error("TryWord takes the wrong words")
	}
	if d.TryList(func() { t.Error("there is a space before the list") }) {
		t.Error("TryList read a space")
	}
	d.SP()
	var options []string
	if !d.TryList(func() { options = append(options, d.Keyword()) }) || !slices.Equal(options, []string{"MIN", "ALL"}) {
		t.Errorf("options %q", options)
	}
	if d.CRLF(); d.Err() != nil {
		t.Error(d.Err())
	}
	if d.Word("X"); d.Err() == nil || d.Peek() != 0 || d.Try('x') || d.TrySP() || d.AtEnd() {
		t.Errorf("behind the end: %v", d.Err())
	}
	if d.Skip() != nil {
		t.Error("reading behind the end is fatal")
	}
}

func TestTag(t *testing.T) {
	for in, want := range map[string]string{"A1]x ": "A1]x", "+ ": "", "A+1 ": "A", "a(": "a", " ": "", "\"a\"": ""} {
		d := newTest(t, in+"\r\n")
		if got := d.Tag(); got != want || (want == "") != (d.Err() != nil) {
			t.Errorf("%q: %q, %v, want %q", in, got, d.Err(), want)
		}
	}
}

// What a client sends after "+" in IDLE and in AUTHENTICATE.
func TestLines(t *testing.T) {
	d := newTest(t, "A1 IDLE\r\nDone\r\nAGFubmE=\r\n\r\n*\r\n!\r\n*x\r\nx {1+}\r\ny\r\nA2 NOOP\r\n")
	if line, ok := d.Line(); line != "Done" || !ok {
		t.Errorf("%q, %v", line, ok)
	}
	for i, want := range []struct {
		response      []byte
		cancelled, ok bool
	}{
		{[]byte("\x00anna"), false, true}, {[]byte{}, false, true}, {nil, true, true}, {[]byte{}, false, false}, {nil, true, false},
	} {
		response, cancelled, ok := d.Base64Line()
		if !bytes.Equal(response, want.response) || (response == nil) != (want.response == nil) || cancelled != want.cancelled || ok != want.ok {
			t.Errorf("line %d: %q, %v, %v: %v", i, response, cancelled, ok, d.Err())
		}
	}
	if line, ok := d.Line(); ok {
		t.Errorf("a line with a literal was taken: %q", line)
	}
	if !d.Next() || d.Tag() != "A2" {
		t.Errorf("the next command is lost: %v", d.Err())
	}
	if _, ok := d.Line(); ok {
		t.Error("a line behind the last one")
	}
	if _, _, ok := d.Base64Line(); ok {
		t.Error("base64 behind the last line")
	}
}

func TestNesting(t *testing.T) {
	d := newTest(t, "A1 x\r\n")
	d.Tag()
	d.Limits.Depth = 2
	if one, two := d.Enter(), d.Enter(); !one || !two || d.Enter() || kindOf(d) != Limit {
		t.Errorf("%v", d.Err())
	}
	d = newTest(t, "A1 x\r\n")
	d.Limits.Depth = 1
	for range 3 {
		if !d.Enter() {
			t.Fatal("depth is not given back")
		}
		d.Leave()
	}
}
