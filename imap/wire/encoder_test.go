package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"poststube/uidset"
)

// written returns what fn makes an encoder write.
func written(t testing.TB, utf8 bool, fn func(*Encoder)) string {
	t.Helper()
	var out bytes.Buffer
	e := NewEncoder(&out)
	e.UTF8 = utf8
	fn(e)
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestEncodeStrings(t *testing.T) {
	tests := []struct{ in, str, str8, astring string }{
		{"", `""`, `""`, `""`},
		{"x", `"x"`, `"x"`, "x"},
		{"a b", `"a b"`, `"a b"`, `"a b"`},
		{`a"\b`, `"a\"\\b"`, `"a\"\\b"`, `"a\"\\b"`},
		{"a]b", `"a]b"`, `"a]b"`, "a]b"},
		{"nil", `"nil"`, `"nil"`, `"nil"`},
		{"a\r\nb", "{4}\r\na\r\nb", "{4}\r\na\r\nb", "{4}\r\na\r\nb"},
		{"a\x00b", "{3}\r\na?b", "{3}\r\na?b", "{3}\r\na?b"},
		{"a\tb", "\"a\tb\"", "\"a\tb\"", "\"a\tb\""},
		{"jörg", "{5}\r\njörg", `"jörg"`, "{5}\r\njörg"},
		{`ö"`, "{3}\r\nö\"", `"ö\""`, "{3}\r\nö\""},
		{"\xff", "{1}\r\n\xff", "{1}\r\n\xff", "{1}\r\n\xff"},
	}
	for _, tt := range tests {
		if got := written(t, false, func(e *Encoder) { e.String(tt.in) }); got != tt.str {
			t.Errorf("String(%q) = %q, want %q", tt.in, got, tt.str)
		}
		if got := written(t, true, func(e *Encoder) { e.StringBytes([]byte(tt.in)) }); got != tt.str8 {
			t.Errorf("String(%q) with UTF-8 = %q, want %q", tt.in, got, tt.str8)
		}
		if got := written(t, false, func(e *Encoder) { e.AString(tt.in) }); got != tt.astring {
			t.Errorf("AString(%q) = %q, want %q", tt.in, got, tt.astring)
		}
		if got := string(AppendString([]byte("x "), tt.in, true)); got != "x "+tt.str8 {
			t.Errorf("AppendString(%q) = %q", tt.in, got)
		}
	}
	if got := written(t, false, func(e *Encoder) { e.NString("", false).SP().NString("", true) }); got != `NIL ""` {
		t.Errorf("NString: %q", got)
	}
}

func TestEncodePieces(t *testing.T) {
	zone := time.FixedZone("", -7*3600)
	tests := []struct {
		want string
		fn   func(*Encoder)
	}{
		{`* 3 FETCH (FLAGS (\Seen $X) UID 7)` + "\r\n", func(e *Encoder) {
			e.Star().Number(3).Raw(" FETCH (FLAGS ").Flags([]string{`\Seen`, "$X"}).Raw(" UID ").Int(7).Byte(')').CRLF()
		}},
		{"()", func(e *Encoder) { e.Flags(nil) }},
		{"1:3,5 1:*,7 $", func(e *Encoder) {
			e.Set(uidset.Of(1, 2, 3, 5)).SP()
			e.NumSet(uidset.NumSet{Ranges: []uidset.NumRange{{First: 1}, {First: 7, Last: 7}}}).SP()
			e.NumSet(uidset.NumSet{Saved: true})
		}},
		{"9223372036854775807", func(e *Encoder) { e.Uint64(1<<63 - 1) }},
		// RFC 9051 section 9, date-time
		{`"17-Jul-1996 02:44:25 -0700"`, func(e *Encoder) { e.DateTime(time.Date(1996, 7, 17, 2, 44, 25, 0, zone)) }},
		{`" 1-Feb-1994 00:00:00 +0000"`, func(e *Encoder) { e.DateTime(time.Date(1994, 2, 1, 0, 0, 0, 0, time.UTC)) }},
		{`"31-Dec-0007 23:59:59 +1345"`, func(e *Encoder) {
			e.DateTime(time.Date(7, 12, 31, 23, 59, 59, 0, time.FixedZone("", 13*3600+45*60)))
		}},
		{"INBOX", func(e *Encoder) { e.Mailbox("INBOX") }},
		{`"a b"`, func(e *Encoder) { e.Mailbox("a b") }},
		{"Entw&APw-rfe", func(e *Encoder) { e.Mailbox("Entwürfe") }},
		{`"Entw&APw-rfe 2"`, func(e *Encoder) { e.Mailbox("Entwürfe 2") }},
		{"a&-b", func(e *Encoder) { e.Mailbox("a&b") }},
		{`"Entwürfe"`, func(e *Encoder) { e.UTF8 = true; e.Mailbox("Entwürfe") }},
		{"a&b", func(e *Encoder) { e.UTF8 = true; e.Mailbox("a&b") }},
		{"A1 OK done\r\n", func(e *Encoder) { e.Tagged("A1", OK, "", "done") }},
		{"* BAD what\r\n", func(e *Encoder) { e.Tagged("", BAD, "", "what") }},
		{"A1 NO [TRYCREATE] no such mailbox\r\n", func(e *Encoder) { e.Tagged("A1", NO, "TRYCREATE", "no such mailbox") }},
		{"* BYE [A?B??] a??b?\r\n", func(e *Encoder) { e.Untagged(BYE, "A]B\r\n", "a\r\nb\x00") }},
		{"* OK -\r\n", func(e *Encoder) { e.Untagged(OK, "", "") }},
		{"* OK sch?n ?\r\n", func(e *Encoder) { e.Untagged(OK, "", "schön \xff") }},
		{"* OK schön ?\r\n", func(e *Encoder) { e.UTF8 = true; e.Untagged(OK, "", "schön \xff") }},
		{"+ ready\r\n", func(e *Encoder) { e.Continue("ready") }},
		{"+ AP8=\r\n", func(e *Encoder) { e.ContinueBase64([]byte{0, 255}) }},
		{"+ \r\n", func(e *Encoder) { e.ContinueBase64(nil) }},
		{"{3}\r\na?b", func(e *Encoder) { e.Literal(3, strings.NewReader("a\x00bcd")) }},
		{"~{3}\r\na\x00b", func(e *Encoder) { e.Literal8(3, iotest.OneByteReader(strings.NewReader("a\x00b"))) }},
		{"{0}\r\n", func(e *Encoder) { e.Literal(0, strings.NewReader("")) }},
		{"{3}\r\nabc", func(e *Encoder) { e.LiteralBytes([]byte("abc")) }},
		{"xyz", func(e *Encoder) {
			e.RawBytes([]byte("x")).Append(func(dst []byte) []byte { return append(dst, "yz"...) })
		}},
	}
	for _, tt := range tests {
		if got := written(t, false, tt.fn); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// writes records each write.
type writes struct {
	sizes []int
	err   error
}

func (w *writes) Write(p []byte) (int, error) {
	w.sizes = append(w.sizes, len(p))
	return len(p), w.err
}

func TestFlushPolicy(t *testing.T) {
	var w writes
	e := NewEncoder(&w)
	line := strings.Repeat("x", 98)
	for range 10_000 {
		e.Raw(line).CRLF()
	}
	if len(w.sizes) != 10_000*100/flushAt {
		t.Errorf("a megabyte in lines of 100 octets took %d writes", len(w.sizes))
	}
	if e.Buffered() == 0 {
		t.Error("the last lines did not wait")
	}
	e.Flush()
	e.Release()
	w.sizes = nil
	e.Literal(1<<20, bytes.NewReader(make([]byte, 1<<20)))
	e.Flush()
	for _, size := range w.sizes {
		if size > flushAt+1024 {
			t.Errorf("a literal was collected to %d octets", size)
		}
	}
	w.sizes = nil
	e.LiteralBytes(bytes.Repeat([]byte{'x'}, 1<<20))
	if len(w.sizes) != 2 || w.sizes[1] != 1<<20 {
		t.Errorf("a large literal in memory took writes of %v", w.sizes)
	}
	e.Raw("left")
	if e.Release(); e.Buffered() != 4 {
		t.Error("Release lost what was waiting")
	}
	e.Reset(io.Discard)
	if e.Buffered() != 0 {
		t.Error("Reset kept what was waiting")
	}
}

func TestEncoderErrors(t *testing.T) {
	broken := errors.New("broken")
	w := writes{err: broken}
	e := NewEncoder(&w)
	for range 10_000 {
		e.Raw("some line or other").CRLF()
	}
	e.Literal(1<<20, bytes.NewReader(make([]byte, 1<<20))).LiteralBytes(make([]byte, 1<<20))
	if err := e.Flush(); !errors.Is(err, broken) || len(w.sizes) != 1 {
		t.Errorf("%v after %d writes", err, len(w.sizes))
	}
	for name, r := range map[string]io.Reader{
		"too short": strings.NewReader("ab"),
		"broken":    io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)),
		"idle":      idleReader{},
	} {
		var out bytes.Buffer
		e := NewEncoder(&out)
		e.Literal(3, r)
		if e.Raw(")").CRLF(); e.Flush() == nil || e.Err() == nil {
			t.Errorf("%s: no error", name)
		}
		if strings.Contains(out.String(), ")") {
			t.Errorf("%s: wrote on: %q", name, out.String())
		}
	}
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }
