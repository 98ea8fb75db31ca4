package wire

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// literalAt returns a decoder that is about to read the literal of a command.
func literalAt(t *testing.T, input io.Reader) *Decoder {
	t.Helper()
	d := NewDecoder(bufio.NewReaderSize(input, 16), LimitsAfterLogin())
	if !d.Next() || d.Tag() != "A1" || !d.TrySP() {
		t.Fatal(d.Err())
	}
	return d
}

func TestStreamNUL(t *testing.T) {
	d := literalAt(t, strings.NewReader("A1 {5+}\r\nab\x00cd\r\nA2 NOOP\r\n"))
	content, err := io.ReadAll(d.Accept(d.Literal()))
	if string(content) != "ab" || err == nil || err.Error() != "a NUL in a literal at octet 12 of the command" {
		t.Errorf("%q, %v", content, err)
	}
	if d.Err() != err || kindOf(d) != Syntax {
		t.Errorf("the decoder says %v", d.Err())
	}
	if n, again := d.Accept(Literal{}).Read(make([]byte, 1)); n != 0 || again != err {
		t.Errorf("after the error: %d, %v", n, again)
	}
	if !d.Next() || d.Tag() != "A2" {
		t.Errorf("the next command is lost: %v", d.Err())
	}
}

func TestStreamLost(t *testing.T) {
	broken := errors.New("broken")
	for cause, want := range map[error]error{io.EOF: io.ErrUnexpectedEOF, broken: broken} {
		d := literalAt(t, io.MultiReader(strings.NewReader("A1 {5+}\r\nab"), iotest.ErrReader(cause)))
		content, err := io.ReadAll(d.Accept(d.Literal()))
		if string(content) != "ab" || !errors.Is(err, want) || kindOf(d) != IO {
			t.Errorf("%q, %v, want %v", content, err, want)
		}
		if d.Next() || !errors.Is(d.Err(), want) {
			t.Errorf("there is a next command: %v", d.Err())
		}
	}
}

// A literal that was read in part is passed over by the next piece.
func TestStreamPart(t *testing.T) {
	d := literalAt(t, strings.NewReader("A1 {50+}\r\n"+strings.Repeat("x", 50)+" y\r\n"))
	r := d.Accept(d.Literal())
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	if n, err := r.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Errorf("three octets: %d, %v", n, err)
	}
	d.SP()
	if word := d.Atom(); word != "y" || d.Err() != nil {
		t.Errorf("%q, %v", word, d.Err())
	}
	if n, err := r.Read(make([]byte, 3)); n != 0 || err != io.EOF {
		t.Errorf("behind the literal: %d, %v", n, err)
	}
	d = literalAt(t, strings.NewReader("A1 {50+}\r\nx"))
	d.Accept(d.Literal())
	if d.SP(); kindOf(d) != IO {
		t.Errorf("a literal that ends too early: %v", d.Err())
	}
}

func TestInMemory(t *testing.T) {
	large := strings.Repeat("x", 120<<10)
	tests := []struct {
		name string
		in   string
		read func(*Decoder)
		text string
	}{
		{"literal8 for a string", "A1 ~{1+}\r\nx\r\n", func(d *Decoder) { d.inMemory(false) }, "expected a literal without ~ at octet 4 of the command"},
		{"literal8", "A1 ~{1+}\r\n\x00\r\n", func(d *Decoder) { d.String8() }, ""},
		{"all together", "A1 " + strings.Repeat("{122880+}\r\n"+large, 9) + "\r\n", func(d *Decoder) {
			for range 9 {
				d.Str()
			}
		}, "the literals of the command are too large together at octet 983132 of the command"},
	}
	for _, tt := range tests {
		d := literalAt(t, strings.NewReader(tt.in+"A2 NOOP\r\n"))
		tt.read(d)
		switch err := d.Err(); {
		case tt.text == "" && err != nil, tt.text != "" && (err == nil || err.Error() != tt.text):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.text)
		}
		if !d.Next() || d.Tag() != "A2" {
			t.Errorf("%s: the next command is lost: %v", tt.name, d.Err())
		}
	}
}

func TestTail(t *testing.T) {
	for in, want := range map[string]tail{
		"{5}": {found: true, size: 5}, "x{5+}": {found: true, start: 1, size: 5, nonSync: true},
		"~{5+}": {found: true, size: 5, nonSync: true, binary: true}, "a ~{05}": {found: true, start: 2, size: 5, binary: true},
		"{}": {}, "{+}": {}, "5}": {}, "{5": {}, "{a}": {}, "{-5}": {}, "{5+ }": {}, "55}": {}, "5+}": {}, "": {}, "}": {}, "x}": {}, "a5}": {},
	} {
		if got := parseTail([]byte(in)); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}
