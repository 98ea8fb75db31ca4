package wire

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// newTest returns a decoder over input at the beginning of its first command.
func newTest(t testing.TB, input string) *Decoder {
	t.Helper()
	d := NewDecoder(bufio.NewReader(strings.NewReader(input)), LimitsAfterLogin())
	if !d.Next() {
		t.Fatalf("no command in %q: %v", input, d.Err())
	}
	return d
}

// kindOf returns the kind of the decoder's error.
func kindOf(d *Decoder) Kind {
	var e *Error
	if errors.As(d.Err(), &e) {
		return e.Kind
	}
	return 0
}

func TestCommands(t *testing.T) {
	d := newTest(t, "A1 login \"anna\" {4+}\r\npass\r\nA2 NOOP\nA3 Store 1:3,* +FLAGS.SILENT (\\seen $X)\r\n")
	if tag := d.Tag(); tag != "A1" {
		t.Errorf("tag %q", tag)
	}
	d.SP()
	if word := d.Keyword(); word != "LOGIN" {
		t.Errorf("keyword %q", word)
	}
	d.SP()
	user := d.AString()
	d.SP()
	password := d.AString()
	d.CRLF()
	if user != "anna" || password != "pass" || d.Err() != nil {
		t.Errorf("%q %q %v", user, password, d.Err())
	}
	if !d.Next() || d.Tag() != "A2" || !d.TrySP() || d.Keyword() != "NOOP" {
		t.Errorf("second command: %v", d.Err())
	}
	if d.CRLF(); d.Err() != nil {
		t.Errorf("LF alone at the end of a command: %v", d.Err())
	}
	if !d.Next() || d.Tag() != "A3" {
		t.Fatalf("third command: %v", d.Err())
	}
	d.SP()
	d.Word("STORE")
	d.SP()
	set := d.NumSet()
	d.SP()
	add := d.Try('+')
	item := d.Label()
	d.SP()
	flags := d.Flags()
	d.CRLF()
	if set.String() != "1:3,*" || !add || item != "FLAGS.SILENT" || !slices.Equal(flags, []string{`\Seen`, "$X"}) || d.Err() != nil {
		t.Errorf("%v %v %q %v %v", set, add, item, flags, d.Err())
	}
	if d.Next() || !errors.Is(d.Err(), io.EOF) {
		t.Errorf("at the end: %v", d.Err())
	}
}

// The whole must not depend on how the octets come in.
func TestOctetByOctet(t *testing.T) {
	input := "A1 X {3}\r\na\nb \"q\\\"q\"\r\nA2 NOOP\r\n"
	d := NewDecoder(bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(input)), 16), LimitsAfterLogin())
	asked := 0
	d.Continue = func() error { asked++; return nil }
	d.Next()
	d.Tag()
	d.SP()
	d.Word("x")
	d.SP()
	literal := d.AString()
	d.SP()
	quoted := d.AString()
	d.CRLF()
	if literal != "a\nb" || quoted != `q"q` || asked != 1 || d.Err() != nil {
		t.Errorf("%q %q, asked %d times, %v", literal, quoted, asked, d.Err())
	}
	if !d.Next() || d.Tag() != "A2" {
		t.Errorf("next command: %v", d.Err())
	}
}

// Errors name what was expected and where.
func TestErrors(t *testing.T) {
	tests := []struct {
		in   string
		read func(*Decoder)
		kind Kind
		text string
	}{
		{"A1 FETCH x FLAGS\r\n", func(d *Decoder) { d.Word("FETCH"); d.SP(); d.NumSet() }, Syntax, "expected a sequence set at octet 10 of the command"},
		{"A1 FETCH 0 FLAGS\r\n", func(d *Decoder) { d.Word("FETCH"); d.SP(); d.NumSet() }, Syntax, "expected a sequence set at octet 10 of the command"},
		{"A1 {2+}\r\nab x\r\n", func(d *Decoder) { d.AString(); d.SP(); d.Number() }, Syntax, "expected a number below 2^32 at octet 13 of the command"},
		{"A1 x y\r\n", func(d *Decoder) { d.Atom(); d.CRLF() }, Syntax, "expected the end of the command at octet 5 of the command"},
		{"A1 x\ry\r\n", func(d *Decoder) { d.Atom(); d.CRLF() }, Syntax, "expected the end of the command at octet 5 of the command"},
		{"A1 \"x\r\n", func(d *Decoder) { d.Quoted() }, Syntax, `expected '"' at the end of the string at octet 6 of the command`},
		{"A1 \"\\x\"\r\n", func(d *Decoder) { d.Quoted() }, Syntax, `expected '"' or '\' behind '\' at octet 6 of the command`},
		{"A1 \"\xff\"\r\n", func(d *Decoder) { d.Quoted() }, Syntax, "expected UTF-8 in a quoted string at octet 7 of the command"},
		{"A1 \"a\rb\"\r\n", func(d *Decoder) { d.Quoted() }, Syntax, "expected no CR in a quoted string at octet 6 of the command"},
		{"A1 {1+}\nx\r\n", func(d *Decoder) { d.AString() }, Syntax, "expected CRLF behind the size of a literal at octet 4 of the command"},
		{"A1 {1+}\r\n\x00\r\n", func(d *Decoder) { d.AString() }, Syntax, "a NUL in a literal at octet 10 of the command"},
		{"A1 ~{1+}\r\nx\r\n", func(d *Decoder) { d.Str() }, Syntax, "expected a string at octet 4 of the command"},
		{"A1 {99999999999999999999}\r\n", func(d *Decoder) { d.AString() }, Syntax, "expected a literal of less than 2^63 octets at octet 4 of the command"},
		{"A1 {999999}\r\n", func(d *Decoder) { d.AString() }, Limit, "the literal is too large at octet 4 of the command"},
		{"A1 x {1+}\r\ny\r\n", func(d *Decoder) { d.Rest(); d.CRLF() }, Syntax, "expected the end of the command at octet 10 of the command"},
		{"A1 &x-\r\n", func(d *Decoder) { d.Mailbox() }, Name, "the name of the mailbox is no modified UTF-7 (RFC 3501 section 5.1.3): modified base64 in it ends in the middle of a character at octet 4 of the command"},
	}
	for _, tt := range tests {
		d := newTest(t, tt.in+"A2 NOOP\r\n")
		d.Tag()
		d.SP()
		tt.read(d)
		if kindOf(d) != tt.kind || d.Err().Error() != tt.text {
			t.Errorf("%q: %v %v, want %q", tt.in, kindOf(d), d.Err(), tt.text)
		}
		if !d.Next() || d.Tag() != "A2" || d.Err() != nil {
			t.Errorf("%q: lost the next command: %v", tt.in, d.Err())
		}
	}
}

// Whatever is wrong with a command, none of its octets becomes a command.
func TestSkip(t *testing.T) {
	evil := "A9 LOGOUT\r\n"
	tests := []string{
		"\r\n",
		"A1\r\n",
		"A1 \x00\r\n",
		"A1 \"unfinished\r\n",
		"A1 BAD {11+}\r\n" + evil + "\r\n",
		"A1 BAD ~{11+}\r\n" + evil + "\r\n",
		"A1 BAD {11+}\n" + evil + "\r\n",
		"A1 \"unfinished {11+}\r\n" + evil + "\r\n",
		"A1 \x00 {11+}\r\n" + evil + "\r\n",
		"A1 {11+}\r\n" + evil + " {11+}\r\n" + evil + " {11+}\r\n" + evil + "\r\n",
		"A1 " + strings.Repeat("x", 70_000) + " {11+}\r\n" + evil + "\r\n",
		"A1 {11+}\r\n" + evil + strings.Repeat("x", 70_000) + " {11+}\r\n" + evil + "\r\n",
		strings.Repeat("x", 200_000) + "\r\n",
		"A1 {200000+}\r\n" + strings.Repeat(evil, 20000)[:200000] + "\r\n",
	}
	for _, in := range tests {
		for _, read := range []func(*Decoder){
			func(d *Decoder) {},
			func(d *Decoder) { d.Tag() },
			func(d *Decoder) {
				d.Tag()
				d.SP()
				d.AString()
				d.SP()
				d.AString()
				d.CRLF()
			},
			func(d *Decoder) {
				d.Tag()
				d.SP()
				d.Atom()
				d.SP()
				io.ReadFull(d.Accept(d.Literal()), make([]byte, 5))
			},
		} {
			d := NewDecoder(bufio.NewReader(strings.NewReader(in+"A2 NOOP\r\n")), LimitsAfterLogin())
			if !d.Next() {
				t.Errorf("%.40q: %v", in, d.Err())
				continue
			}
			read(d)
			if !d.Next() || d.Tag() != "A2" || d.Err() != nil {
				t.Errorf("%.40q: the next command is lost: %v", in, d.Err())
			}
		}
	}
}

// A literal that the server does not ask for does not come.
func TestRefuseSynchronizing(t *testing.T) {
	d := newTest(t, "A1 APPEND x {99999999}\r\nA2 NOOP\r\n")
	d.Continue = func() error { t.Error("the literal was asked for"); return nil }
	d.Tag()
	d.SP()
	d.Atom()
	d.SP()
	d.Atom()
	d.SP()
	if l := d.Literal(); l.Size != 99999999 || l.NonSync || l.Binary {
		t.Errorf("%+v, %v", l, d.Err())
	}
	d.Fail(&Error{Kind: Limit, Code: "TOOBIG", Text: "too big"})
	if !d.Next() || d.Tag() != "A2" {
		t.Errorf("the next command is lost: %v", d.Err())
	}
}

func TestStream(t *testing.T) {
	d := newTest(t, "A1 {5}\r\nhello (x) ~{3+}\r\na\x00b\r\n")
	asked := 0
	d.Continue = func() error { asked++; return nil }
	d.Tag()
	d.SP()
	l := d.Literal()
	if asked != 0 {
		t.Error("asked before Accept")
	}
	first := d.Accept(l)
	if b, err := io.ReadAll(first); string(b) != "hello" || err != nil || asked != 1 {
		t.Errorf("%q, %v, asked %d times", b, err, asked)
	}
	d.SP()
	d.List1(func() { d.Atom() })
	d.SP()
	l = d.Literal()
	if l != (Literal{Size: 3, NonSync: true, Binary: true}) {
		t.Errorf("%+v", l)
	}
	if b, err := io.ReadAll(iotest.OneByteReader(d.Accept(l))); string(b) != "a\x00b" || err != nil || asked != 1 {
		t.Errorf("%q, %v, asked %d times", b, err, asked)
	}
	if n, err := first.Read(make([]byte, 1)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("the first literal still reads: %d, %v", n, err)
	}
	if d.CRLF(); d.Err() != nil {
		t.Error(d.Err())
	}
}

func TestLost(t *testing.T) {
	broken := errors.New("broken")
	for _, in := range []string{"A1 NO", "A1 {5+}\r\nhel", "A1 {5+}\r\nhello", "A1 {5+}\r\nhello\r"} {
		for _, cause := range []error{io.EOF, broken} {
			r := io.MultiReader(strings.NewReader(in), iotest.ErrReader(cause))
			d := NewDecoder(bufio.NewReader(r), LimitsAfterLogin())
			d.Next()
			d.Tag()
			d.SP()
			d.AString()
			d.CRLF()
			want := cause
			if cause == io.EOF {
				want = io.ErrUnexpectedEOF
			}
			if kindOf(d) != IO || !errors.Is(d.Err(), want) {
				t.Errorf("%q then %v: %v", in, cause, d.Err())
			}
			if d.Next() {
				t.Errorf("%q then %v: there is a next command", in, cause)
			}
		}
	}
	d := newTest(t, "A1 {5}\r\nhello\r\n")
	d.Continue = func() error { return broken }
	d.Tag()
	d.SP()
	if d.AString(); !errors.Is(d.Err(), broken) || kindOf(d) != IO {
		t.Errorf("asking fails: %v", d.Err())
	}
}
