package imap

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"poststube/imap/wire"
)

// silentConn is a connection on which nothing comes and nothing goes.
type silentConn struct{ net.Conn }

func (silentConn) Read([]byte) (int, error)         { return 0, io.EOF }
func (silentConn) Write(p []byte) (int, error)      { return len(p), nil }
func (silentConn) Close() error                     { return nil }
func (silentConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4242} }
func (silentConn) SetDeadline(time.Time) error      { return nil }
func (silentConn) SetReadDeadline(time.Time) error  { return nil }
func (silentConn) SetWriteDeadline(time.Time) error { return nil }

// FuzzCommand reads arbitrary octets as a command in each state. A reader must
// not panic, must not have side effects (it has no session to have them on), and
// when it takes a command, the decoder must be at the end of it.
func FuzzCommand(f *testing.F) {
	for _, script := range dialogueLines(f) {
		for _, line := range script {
			f.Add(line, false)
		}
	}
	f.Add([]byte("a FETCH 1 (BODY[HEADER.FIELDS (Subject)]<0.10>)\r\n"), true)
	f.Add([]byte("a SEARCH ((((((1))))))\r\n"), true)
	f.Add([]byte("a LOGIN {5}\r\nannaa {6+}\r\nsecret\r\n"), false)
	tables := newTables(extensions())
	f.Fuzz(func(t *testing.T, in []byte, utf8 bool) {
		for _, state := range []states{notAuthenticated, authenticated, selected} {
			d := wire.NewDecoder(bufio.NewReaderSize(bytes.NewReader(in), 64), wire.LimitsAfterLogin())
			d.UTF8 = utf8
			for d.Next() {
				s := &session{dec: d}
				s.in = state
				p := &parser{Decoder: d, tables: tables}
				s.tag = p.Tag()
				c, do := s.read(p)
				if p.Err() == nil && (c == nil || do == nil) {
					t.Fatalf("%q: no error and no command", in)
				}
				if c != nil && c.streams && p.Err() == nil {
					drainAppend(p)
				}
			}
		}
	})
}

// drainAppend reads the rest of an APPEND without keeping it.
func drainAppend(p *parser) {
	it := appendItem{literal: wire.Literal{}}
	for more := true; more; {
		io.Copy(io.Discard, p.Accept(it.literal))
		it, more = readAppendEnd(p, it)
	}
}

// dialogueLines returns the lines that clients send in each dialogue, without
// literals.
func dialogueLines(tb testing.TB) [][][]byte {
	var out [][][]byte
	for _, text := range readAll(tb, "testdata/*.txt") {
		var lines [][]byte
		for line := range strings.Lines(text) {
			if _, command, ok := strings.Cut(line, "C: "); ok && !strings.HasPrefix(line, "#") {
				lines = append(lines, []byte(strings.TrimSuffix(command, "\n")+"\r\n"))
			}
		}
		out = append(out, lines)
	}
	if len(out) < 20 {
		tb.Fatalf("only %d dialogues", len(out))
	}
	return out
}
