package wire

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
)

// Each limit, one below it, at it and one above it.
func TestLimits(t *testing.T) {
	limits := Limits{Line: 60, Literal: 30, Literals: 4, Command: 150, Depth: 5, Ranges: 6, Discard: 400}
	lists := func(d *Decoder) {
		var nest func()
		nest = func() {
			if d.Peek() == '(' {
				d.List(nest)
			} else {
				d.Atom()
			}
		}
		nest()
	}
	words := func(d *Decoder) {
		d.AString()
		for d.TrySP() {
			d.AString()
		}
	}
	tests := []struct {
		name string
		at   int // the largest that is taken
		code string
		make func(n int) string
		read func(*Decoder)
	}{
		{"line", limits.Line, "TOOBIG", func(n int) string { return "A1 " + strings.Repeat("x", n-5) + "\r\n" }, words},
		{"line with LF", limits.Line, "TOOBIG", func(n int) string { return "A1 " + strings.Repeat("x", n-4) + "\n" }, words},
		{"second line", limits.Line, "TOOBIG", func(n int) string { return "A1 {1+}\r\nx" + strings.Repeat(" ", 1) + strings.Repeat("x", n-3) + "\r\n" }, words},
		{"literal", int(limits.Literal), "TOOBIG", func(n int) string { return fmt.Sprintf("A1 {%d+}\r\n%s\r\n", n, strings.Repeat("x", n)) }, words},
		{"literals", limits.Literals, "TOOBIG", func(n int) string { return "A1 x" + strings.Repeat(" {1+}\r\nx", n) + "\r\n" }, words},
		{"command", int(limits.Command), "TOOBIG", func(n int) string {
			text := "A1 x" + strings.Repeat(" {30+}\r\n"+strings.Repeat("x", 30), 3)
			return text + " " + strings.Repeat("y", n-len(text)-3) + "\r\n"
		}, words},
		{"depth", limits.Depth, "LIMIT", func(n int) string { return "A1 " + strings.Repeat("(", n) + "x" + strings.Repeat(")", n) + "\r\n" }, lists},
		{"ranges", limits.Ranges, "LIMIT", func(n int) string { return "A1 1" + strings.Repeat(",3", n-1) + "\r\n" }, func(d *Decoder) { d.NumSet() }},
	}
	for _, tt := range tests {
		for n := tt.at - 1; n <= tt.at+1; n++ {
			input := tt.make(n)
			d := NewDecoder(bufio.NewReaderSize(strings.NewReader(input+"A2 NOOP\r\n"), 16), limits)
			if !d.Next() {
				t.Errorf("%s of %d: %v", tt.name, n, d.Err())
				continue
			}
			if tag := d.Tag(); tag != "A1" {
				t.Errorf("%s of %d: tag %q, the answer can't be tagged", tt.name, n, tag)
			}
			d.SP()
			tt.read(d)
			d.CRLF()
			switch e, _ := d.Err().(*Error); {
			case n <= tt.at && e != nil:
				t.Errorf("%s of %d: %v", tt.name, n, e)
			case n > tt.at && (e == nil || e.Kind != Limit || e.Code != tt.code || e.Fatal):
				t.Errorf("%s of %d: %+v", tt.name, n, e)
			}
			if !d.Next() || d.Tag() != "A2" {
				t.Errorf("%s of %d: the next command is lost: %v", tt.name, n, d.Err())
			}
		}
	}
}

// What is too much to be thrown away ends the connection.
func TestLimitDiscard(t *testing.T) {
	limits := Limits{Line: 60, Literal: 10, Literals: 4, Command: 150, Depth: 5, Ranges: 6, Discard: 400}
	literal := func(n int) string { return fmt.Sprintf("{%d+}\r\n%s", n, strings.Repeat("x", n)) }
	tests := []struct {
		name  string
		in    string
		fatal bool
	}{
		{"literal of 400", "A1 " + literal(400) + "\r\n", false},
		{"literal of 401", "A1 " + literal(401) + "\r\n", true},
		{"literals and lines of 400", "A1 " + literal(200) + literal(194) + "\r\n", false},
		{"literals and lines of 401", "A1 " + literal(200) + literal(195) + "\r\n", true},
		{"long rest of the line", "A1 " + literal(200) + strings.Repeat("x", 190) + "\r\n", false},
		{"too long rest of the line", "A1 " + literal(200) + strings.Repeat("x", 210) + "\r\n", true},
		{"largest literal", "A1 {9223372036854775807+}\r\n", true},
		{"literal beyond all numbers", "A1 {99999999999999999999999+}\r\n", true},
		{"it is not asked for", "A1 {99999999999999999999999}\r\n", false},
	}
	for _, tt := range tests {
		d := NewDecoder(bufio.NewReaderSize(strings.NewReader(tt.in+"A2 NOOP\r\n"), 16), limits)
		d.Next()
		d.Tag()
		d.SP()
		d.AString()
		err := d.Skip()
		if tt.fatal && (err == nil || err.Kind != Limit || !err.Fatal || err.Code != "TOOBIG") || !tt.fatal && err != nil {
			t.Errorf("%s: %+v", tt.name, err)
		}
		if next := d.Next(); next == tt.fatal {
			t.Errorf("%s: there is a next command: %v, %v", tt.name, next, d.Err())
		}
	}
}

// A line without end costs no memory and ends the connection.
func TestEndlessLine(t *testing.T) {
	limits := LimitsBeforeLogin()
	for _, begin := range []string{"", "A1 NOOP\r\n", "A1 {1+}\r\n"} {
		d := NewDecoder(bufio.NewReader(io.MultiReader(strings.NewReader(begin), endless{})), limits)
		for d.Next() {
			if d.Tag() != "A1" {
				t.Errorf("after %q: %v", begin, d.Err())
			}
			d.SP()
			d.AString()
		}
		if e, _ := d.Err().(*Error); e == nil || !e.Fatal || e.Kind != Limit || e.Code != "TOOBIG" {
			t.Errorf("after %q: %+v", begin, e)
		}
		if cap(d.long) > 4*limits.Line {
			t.Errorf("%d octets were kept", cap(d.long))
		}
		if d.Next() || d.Err() == nil {
			t.Errorf("after %q: there is a next command", begin)
		}
	}
}

// A line that is too long and begins with no tag is still too long.
func TestLongLineWithoutTag(t *testing.T) {
	d := newTest(t, " "+strings.Repeat("x", 70_000)+"\r\nA2 NOOP\r\n")
	if tag := d.Tag(); tag != "" || kindOf(d) != Limit {
		t.Errorf("tag %q, %v", tag, d.Err())
	}
	if !d.Next() || d.Tag() != "A2" {
		t.Errorf("the next command is lost: %v", d.Err())
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestResetKeepsNothing(t *testing.T) {
	d := newTest(t, "A1 STARTTLS\r\nA2 LOGIN evil evil\r\n")
	d.Tag()
	d.SP()
	d.Word("starttls")
	d.CRLF()
	if d.Buffered() == 0 {
		t.Error("the command that was injected is not noticed")
	}
	d.Reset(bufio.NewReader(strings.NewReader("A3 NOOP\r\n")))
	if !d.Next() || d.Tag() != "A3" {
		t.Errorf("after Reset: %v", d.Err())
	}
	if d.Next() || d.Err() == nil {
		t.Error("there is more")
	}
	if e, _ := d.Err().(*Error); e.Kind != IO || e.Unwrap() != io.EOF {
		t.Errorf("%+v", e)
	}
}
