package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"poststube/uidset"
)

// pieces are all methods that read something, for fuzzing.
var pieces = []func(*Decoder){
	func(d *Decoder) { d.Tag() },
	func(d *Decoder) { d.SP() },
	func(d *Decoder) { d.TrySP() },
	func(d *Decoder) { d.CRLF() },
	func(d *Decoder) { d.Atom() },
	func(d *Decoder) { d.Keyword() },
	func(d *Decoder) { d.Label() },
	func(d *Decoder) { d.TryWord("RETURN") },
	func(d *Decoder) { d.Rest() },
	func(d *Decoder) { d.AString() },
	func(d *Decoder) { d.Str() },
	func(d *Decoder) { d.NString() },
	func(d *Decoder) { d.String8() },
	func(d *Decoder) { d.NString8() },
	func(d *Decoder) { d.Quoted() },
	func(d *Decoder) { d.Number() },
	func(d *Decoder) { d.NZNumber64() },
	func(d *Decoder) { d.ModSeqOrZero() },
	func(d *Decoder) { d.NumSet() },
	func(d *Decoder) { d.UIDSet() },
	func(d *Decoder) { d.Flags() },
	func(d *Decoder) { d.Date() },
	func(d *Decoder) { d.DateTime() },
	func(d *Decoder) { d.Base64() },
	func(d *Decoder) { d.Section() },
	func(d *Decoder) { d.SectionPart() },
	func(d *Decoder) { d.Partial() },
	func(d *Decoder) { d.Mailbox() },
	func(d *Decoder) { d.Patterns() },
	func(d *Decoder) { d.List(func() { d.AString() }) },
	func(d *Decoder) { d.TryList(func() { d.NString() }) },
	func(d *Decoder) { d.Literal() },
	func(d *Decoder) { d.Accept(d.Literal()).Read(make([]byte, 3)) },
	func(d *Decoder) { io.Copy(io.Discard, d.Accept(d.Literal())) },
	func(d *Decoder) { d.Skip() },
	func(d *Decoder) { d.Next() },
	func(d *Decoder) { d.Line() },
	func(d *Decoder) { d.Base64Line() },
}

// FuzzDecoder reads anything by any sequence of methods. Whatever that does, it
// ends, and a decoder that gets its octets one by one does the same.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		"A1 LOGIN {4+}\r\nanna \"pass\"\r\nA2 NOOP\r\n",
		"A1 APPEND INBOX (\\Seen) \"17-Jul-1996 02:44:25 -0700\" ~{3+}\r\na\x00b\r\n",
		"A1 FETCH 1:*,$ (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (From To)]<0.10>)\r\n",
		"A1 LIST (SUBSCRIBED) \"\" (\"%\" *) RETURN (CHILDREN)\r\n",
		"A1 {5}\r\nA2 {99999999999999999999+}\r\n",
		"A1 \"\\\"\xff\r\n\x00\nA2 SELECT &U,BTFw-\n",
	} {
		f.Add([]byte(seed), []byte{0, 1, 4, 1, 9, 1, 9, 3, 35})
		f.Add([]byte(seed), []byte{0, 1, 4, 1, 27, 1, 20, 1, 22, 1, 33, 3, 35, 0})
		f.Add([]byte(seed), []byte{0, 1, 5, 1, 18, 1, 29, 34})
	}
	limits := Limits{Line: 100, Literal: 50, Literals: 5, Command: 300, Depth: 4, Ranges: 5, Discard: 1000}
	f.Fuzz(func(t *testing.T, input, program []byte) {
		run := func(r io.Reader) (trace []string) {
			d := NewDecoder(bufio.NewReaderSize(r, 16), limits)
			d.Continue = func() error { return nil }
			d.Next()
			for _, op := range program {
				pieces[int(op)%len(pieces)](d)
				text := "-"
				if err := d.Err(); err != nil {
					text = err.Error()
				}
				trace = append(trace, text)
			}
			for i := 0; d.Next(); i++ {
				if i > len(input) {
					t.Fatal("there are more commands than octets")
				}
				trace = append(trace, d.Tag())
			}
			var e *Error
			if !errors.As(d.Err(), &e) || !e.Fatal {
				t.Fatalf("the last error is not fatal: %v", d.Err())
			}
			return append(trace, e.Text)
		}
		whole := strings.Join(run(bytes.NewReader(input)), "\n")
		parts := strings.Join(run(iotest.OneByteReader(bytes.NewReader(input))), "\n")
		// How much a partial read of a literal yields is up to the reader.
		if whole != parts && !bytes.Contains(program, []byte{32}) {
			t.Fatalf("at once:\n%s\noctet by octet:\n%s", whole, parts)
		}
	})
}

// FuzzSkip sends a bad command with literals that hold commands. None of them
// is ever taken for one.
func FuzzSkip(f *testing.F) {
	f.Add("A1 X ", "A2 LOGOUT\r\n", []byte{9})
	f.Add("A1 X (\"", "\r\nA2 LOGOUT\r\n", []byte{0, 1, 4, 29})
	f.Add("\x00", "A2 LOGOUT\r\nA3 ", []byte{33})
	f.Fuzz(func(t *testing.T, head, body string, program []byte) {
		if strings.ContainsAny(head, "\n") || len(head) > 1000 || len(body) > 1000 {
			return
		}
		var in bytes.Buffer
		in.WriteString(head)
		e := NewEncoder(&in)
		e.Raw("{").Int(len(body)).Raw("+}\r\n").Raw(body).Raw("\r\nOK NOOP\r\n").Flush()
		d := NewDecoder(bufio.NewReader(&in), LimitsAfterLogin())
		d.Next()
		for _, op := range program {
			// All but those that go on to the next command.
			if op := int(op) % len(pieces); op < len(pieces)-4 {
				pieces[op](d)
			}
		}
		if !d.Next() || d.Tag() != "OK" {
			t.Fatalf("after %q with %q: %v", head, body, d.Err())
		}
	})
}

// FuzzRoundTrip writes what it is given and reads it back.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a b", []byte{1, 2}, uint32(5), int64(1e9), true)
	f.Add("", []byte{}, uint32(0), int64(-1e9), false)
	f.Add("jörg\"\\", []byte("NIL"), uint32(7), int64(0), true)
	f.Add("a\r\nb&\x80", []byte{0}, uint32(1<<31), int64(253402300799), false)
	f.Fuzz(func(t *testing.T, s string, b []byte, n uint32, seconds int64, isUTF8 bool) {
		s = strings.ReplaceAll(s, "\x00", "")
		zone := int(n%27-13) * 3600
		date := time.Unix(seconds%(1<<37), 0).In(time.FixedZone("", zone))
		if year := date.Year(); year < 0 || year > 9999 {
			return
		}
		set := uidset.Of(n|1, n/2+1, n/2+2)
		var out bytes.Buffer
		e := NewEncoder(&out)
		e.UTF8 = isUTF8
		e.Raw("A1 ").String(s).SP().AString(s).SP().NString(s, n%2 == 0).SP().Mailbox(s).SP()
		e.Literal8(int64(len(b)), bytes.NewReader(b)).SP()
		e.Number(n).SP().Set(set).SP().DateTime(date).SP().Base64(append(b, 1)).CRLF()
		e.Tagged("A2", NO, s, s)
		e.Raw("A3 NOOP").CRLF()
		e.Flush()
		d := NewDecoder(bufio.NewReader(&out), Limits{
			Line: 1 << 20, Literal: 1 << 20, Literals: 9, Command: 1 << 24, Depth: 1, Ranges: 9, Discard: 1 << 20,
		})
		d.UTF8 = isUTF8
		d.Next()
		d.Tag()
		d.SP()
		if got := d.Str(); got != s {
			t.Fatalf("string %q: %q, %v", s, got, d.Err())
		}
		d.SP()
		if got := d.AString(); got != s {
			t.Fatalf("astring %q: %q, %v", s, got, d.Err())
		}
		d.SP()
		if got, ok := d.NString(); ok != (n%2 == 0) || ok && got != s {
			t.Fatalf("nstring %q: %q, %v", s, got, d.Err())
		}
		d.SP()
		// Names that can't be are written, too: the engine keeps them out.
		wantName, bad := DecodeMailbox(strings.ToValidUTF8(s, ""), true)
		if name := d.Mailbox(); bad == nil && utf8.ValidString(s) && !strings.EqualFold(s, Inbox) && name != wantName {
			t.Fatalf("mailbox %q: %q, want %q, %v", s, name, wantName, d.Err())
		} else if d.Err() != nil {
			return
		}
		d.SP()
		if got := d.String8(); !bytes.Equal(got, b) {
			t.Fatalf("literal8 %q: %q, %v", b, got, d.Err())
		}
		d.SP()
		if got := d.Number(); got != n {
			t.Fatalf("number %d: %d, %v", n, got, d.Err())
		}
		d.SP()
		if got := d.UIDSet(); !got.Equal(set) {
			t.Fatalf("set %v: %v, %v", set, got, d.Err())
		}
		d.SP()
		if got := d.DateTime(); !got.Equal(date) {
			t.Fatalf("date %v: %v, %v", date, got, d.Err())
		}
		d.SP()
		if got := d.Base64(); !bytes.Equal(got, append(b, 1)) {
			t.Fatalf("base64 %q: %q, %v", b, got, d.Err())
		}
		if d.CRLF(); d.Err() != nil {
			t.Fatal(d.Err())
		}
		// A response is one line, whatever its text is.
		if !d.Next() || d.Tag() != "A2" || !d.Next() || d.Tag() != "A3" {
			t.Fatalf("the text %q broke the line: %v", s, d.Err())
		}
	})
}
