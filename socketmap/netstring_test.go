package socketmap

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadNetstring(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("12:recipients a,0:,3:a,b,"))
	for _, want := range []string{"recipients a", "", "a,b"} {
		if got, err := readNetstring(in); err != nil || got != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if _, err := readNetstring(in); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
	for input, want := range map[string]error{
		"":                            io.EOF,
		"5":                           io.ErrUnexpectedEOF,
		"5:":                          io.ErrUnexpectedEOF,
		"5:abc":                       io.ErrUnexpectedEOF,
		"3:abc":                       io.ErrUnexpectedEOF,
		"3:abcd":                      errNetstring,
		":":                           errNetstring,
		"03:abc,":                     errNetstring,
		"-1:":                         errNetstring,
		"GET /":                       errNetstring,
		"4097:":                       errTooLong,
		"99999999999999999999999999:": errTooLong,
	} {
		if got, err := readNetstring(bufio.NewReader(strings.NewReader(input))); !errors.Is(err, want) || got != "" {
			t.Errorf("%q: %q, %v, want %v", input, got, err, want)
		}
	}
}

// FuzzNetstring: what is read is written the same way, and nothing is read
// that was not there.
func FuzzNetstring(f *testing.F) {
	for _, s := range []string{"12:recipients a,", "0:,", "3:abcd", "4096:", "1:\n,1:x,", "00:,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, input string) {
		in := bufio.NewReader(strings.NewReader(input))
		rest := input
		for {
			s, err := readNetstring(in)
			if err != nil {
				if s != "" {
					t.Errorf("%q: an error and %q", input, s)
				}
				return
			}
			if len(s) > maxRequest {
				t.Errorf("%q: a request of %d octets", input, len(s))
			}
			after, ok := strings.CutPrefix(rest, string(appendNetstring(nil, s)))
			if !ok {
				t.Fatalf("%q: read %q where there is %q", input, s, rest)
			}
			rest = after
		}
	})
}
