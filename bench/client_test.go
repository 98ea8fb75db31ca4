package bench

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"
)

// answering returns a client of a server that says what it is given.
func answering(t *testing.T, text string) *conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close() })
	go func() {
		defer server.Close()
		buf := make([]byte, 1024)
		server.Read(buf) // the command
		server.Write([]byte(text))
	}()
	return newConn(client)
}

// TestResponses: literals are passed over and counted, long lines are read whole, and
// what is no answer is an error.
func TestResponses(t *testing.T) {
	long := strings.Repeat("1 ", 100_000)
	for _, tt := range []struct {
		name, text string
		lines      []string
		octets     int64
		err        string
	}{
		{"plain", "* 3 EXISTS\r\nb1 OK done\r\n", []string{"* 3 EXISTS"}, 0, ""},
		{"literals", "* 1 FETCH (BODY[] {4}\r\n}\r\n) FLAGS ())\r\n* 2 FETCH (BINARY[] ~{2}\r\nab)\r\nb1 OK\r\n",
			[]string{"* 1 FETCH (BODY[] {4} FLAGS ())", "* 2 FETCH (BINARY[] ~{2})"}, 6, ""},
		{"no literal", "* OK strange {x}\r\nb1 OK\r\n", []string{"* OK strange {x}"}, 0, ""},
		{"a long line", "* SEARCH " + long + "\r\nb1 OK\r\n", []string{"* SEARCH " + long}, 0, ""},
		{"NO", "b1 NO [OVERQUOTA] full\x07\r\n", nil, 0, "X: the server answers NO [OVERQUOTA] full?"},
		{"another tag", "b2 OK\r\n", nil, 0, `X: the server answers "b2 OK"`},
		{"hung up", "* BYE\r\n", []string{"* BYE"}, 0, "X: the server hung up"},
		{"hung up in a literal", "* 1 FETCH {9}\r\nab", nil, 2, "EOF"},
		{"empty line", "\r\n", nil, 0, "empty line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := answering(t, tt.text)
			var lines []string
			err := c.do("X", "", func(line []byte) error {
				lines = append(lines, string(line))
				return nil
			})
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			var no *refused
			if errors.As(err, &no) != (tt.name == "NO") {
				t.Errorf("%v: refused?", err)
			}
			if strings.Join(lines, "\n") != strings.Join(tt.lines, "\n") || c.bytes != tt.octets {
				t.Errorf("%.200q, %d octets", lines, c.bytes)
			}
		})
	}
}

// TestMail: messages are the same in every run, with whole lines, and have the words
// that searches count.
func TestMail(t *testing.T) {
	w, again := newWriter("token"), newWriter("token")
	const n = 500
	subjects, bodies, sizes := 0, 0, 0
	for i := range n {
		m := w.message(i)
		if !bytes.Equal(m, again.message(i)) {
			t.Fatalf("message %d is not the same again", i)
		}
		if bytes.Count(m, []byte("\n")) != bytes.Count(m, []byte("\r\n")) || !bytes.HasSuffix(m, []byte("\r\n")) {
			t.Errorf("message %d has bare line ends", i)
		}
		header, body, ok := bytes.Cut(m, []byte("\r\n\r\n"))
		if !ok || !bytes.Contains(header, []byte(mark+": token\r\n")) {
			t.Errorf("message %d: header %q", i, header)
		}
		subjects += bytes.Count(header, []byte(subjectWord))
		bodies += bytes.Count(body, []byte(bodyWord))
		sizes += len(m)
	}
	if subjects != every(n, subjectEvery) || bodies != every(n, bodyEvery) {
		t.Errorf("%d subjects and %d bodies have the words, not %d and %d", subjects, bodies, every(n, subjectEvery), every(n, bodyEvery))
	}
	if mean := sizes / n; mean < 6<<10 || mean > 20<<10 {
		t.Errorf("%d octets in the mean", mean)
	}
}

// FuzzResponses: whatever a server says, the client ends.
func FuzzResponses(f *testing.F) {
	for _, s := range []string{"* 3 EXISTS\r\nb1 OK done\r\n", "* 1 FETCH (X {3}\r\nabc)\r\nb1 NO\r\n", "{99999999999999999999}\r\n", "{-1}\r\n", "\r\n", "+ \r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := answering(t, s)
		err := c.do("X", "", func(line []byte) error {
			numbered(line, "EXISTS")
			code(line, "UIDNEXT")
			return nil
		})
		if err == nil && !strings.Contains(s, "b1 OK") {
			t.Errorf("%q was taken as OK", s)
		}
	})
}
