package imap

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"poststube/mail"
)

// A testClient is a client of a test server, logged in as anna with INBOX
// selected.
type testClient struct {
	tb  testing.TB
	r   *bufio.Reader
	w   io.Writer
	tag int
}

func newTestClient(tb testing.TB, srv *Server) *testClient {
	tb.Helper()
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.ServeConn(server, nil)
	}()
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Errorf("closing the client: %v", err)
		}
		<-done
	})
	c := &testClient{tb: tb, r: bufio.NewReaderSize(client, 64<<10), w: client}
	c.line()
	c.do("LOGIN anna secret")
	c.do("SELECT INBOX")
	return c
}

// line reads a response with its literals, without the CRLF at its end.
func (c *testClient) line() []byte {
	c.tb.Helper()
	var all []byte
	for {
		text, err := c.r.ReadBytes('\n')
		if err != nil {
			c.tb.Fatalf("reading a response: %v after %.200q", err, all)
		}
		all = append(all, text...)
		n := literalSize(text)
		if n < 0 {
			return bytes.TrimSuffix(all, []byte("\r\n"))
		}
		start := len(all)
		all = append(all, make([]byte, n)...)
		if _, err := io.ReadFull(c.r, all[start:]); err != nil {
			c.tb.Fatalf("reading a literal of %d octets: %v", n, err)
		}
	}
}

// literalSize returns the size of the literal that a line announces, or -1.
func literalSize(line []byte) int {
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || !bytes.HasSuffix(line, []byte("}\r\n")) {
		return -1
	}
	n, err := strconv.Atoi(string(line[open+1 : len(line)-3]))
	if err != nil {
		return -1
	}
	return n
}

// ask sends a command and returns its untagged responses and the tagged one
// without its tag.
func (c *testClient) ask(format string, args ...any) (untagged [][]byte, tagged string) {
	c.tb.Helper()
	c.tag++
	tag := fmt.Sprintf("t%d ", c.tag)
	if _, err := fmt.Fprintf(c.w, tag+format+"\r\n", args...); err != nil {
		c.tb.Fatal(err)
	}
	for {
		line := c.line()
		if rest, ok := bytes.CutPrefix(line, []byte(tag)); ok {
			return untagged, string(rest)
		}
		untagged = append(untagged, line)
	}
}

// do is ask for a command that must be answered with OK.
func (c *testClient) do(format string, args ...any) [][]byte {
	c.tb.Helper()
	untagged, tagged := c.ask(format, args...)
	if !strings.HasPrefix(tagged, "OK") {
		c.tb.Fatalf(format+" was answered with %s", append(args, tagged)...)
	}
	return untagged
}

// missing is what a part says of nothing: NIL.
const missing = "NIL"

// asLiteral8 marks what came as a literal8.
const asLiteral8 = "(literal8)"

// fetch returns the parts of one message by their names as they come. Literals
// are given as their content, a literal8 with its mark before it.
func (c *testClient) fetch(uid uint32, items string) map[string]string {
	c.tb.Helper()
	lines := c.do("UID FETCH %d (%s)", uid, items)
	if len(lines) != 1 {
		c.tb.Fatalf("FETCH (%s) has %d responses", items, len(lines))
	}
	return parseFetch(c.tb, lines[0])
}

func parseFetch(tb testing.TB, line []byte) map[string]string {
	tb.Helper()
	_, rest, ok := bytes.Cut(line, []byte(" FETCH ("))
	if !ok {
		tb.Fatalf("no FETCH response: %.200q", line)
	}
	got := map[string]string{}
	for {
		n := nameLength(rest)
		name := string(rest[:n])
		var value string
		value, rest = parseValue(tb, rest[n+1:])
		got[name] = value
		if string(rest) == ")" {
			return got
		}
		rest = rest[1:]
	}
}

// nameLength returns where the name of a part ends: at the first space outside
// of brackets.
func nameLength(b []byte) int {
	depth := 0
	for i, c := range b {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ' ' && depth == 0:
			return i
		}
	}
	return len(b)
}

// parseValue reads NIL, a literal, or a word.
func parseValue(tb testing.TB, b []byte) (value string, rest []byte) {
	tb.Helper()
	prefix := ""
	if b[0] == '~' {
		prefix, b = asLiteral8, b[1:]
	}
	if b[0] != '{' {
		n := bytes.IndexAny(b, " )")
		return string(b[:n]), b[n:]
	}
	end := bytes.IndexByte(b, '\n') + 1
	n := literalSize(b[:end])
	if n < 0 {
		tb.Fatalf("no literal: %.100q", b)
	}
	return prefix + string(b[end:end+n]), b[end+n:]
}

// put puts a message into anna's INBOX and returns its UID.
func put(tb testing.TB, srv *Server, text []byte) uint32 {
	tb.Helper()
	anna, err := srv.directory.ByName(tb.Context(), "anna")
	if err != nil {
		tb.Fatal(err)
	}
	up, err := srv.engine.Upload(tb.Context(), bytes.NewReader(text), int64(len(text)))
	if err != nil {
		tb.Fatal(err)
	}
	defer up.Discard()
	done, err := srv.engine.As(anna, mail.Origin{Protocol: "test"}).Append(tb.Context(), inbox, []mail.NewMessage{{Upload: up}})
	if err != nil {
		tb.Fatal(err)
	}
	return done.UIDs.Min()
}
