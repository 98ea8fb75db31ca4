package imap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// A benchConn gives a session its commands and counts what it says.
type benchConn struct {
	silentConn
	in      bytes.Buffer
	written int64
	last    []byte
}

func (c *benchConn) Read(p []byte) (int, error) { return c.in.Read(p) }

func (c *benchConn) Write(p []byte) (int, error) {
	c.written += int64(len(p))
	c.last = append(c.last[:0], p[max(0, len(p)-2000):]...)
	return len(p), nil
}

// benchSession returns a session of anna, whose INBOX holds n messages and is
// selected, and a function that runs one command in it.
func benchSession(b *testing.B, n int) (*benchConn, func(string)) {
	b.Helper()
	srv := newTestServer(b)
	anna, err := srv.directory.ByName(b.Context(), "anna")
	if err != nil {
		b.Fatal(err)
	}
	fill(b, srv, anna, n-3)
	conn, do := commander(b, srv, "anna")
	do("SELECT INBOX")
	return conn, do
}

// commander returns a session of somebody, and a function that runs one command in
// it.
func commander(b *testing.B, srv *Server, user string) (*benchConn, func(string)) {
	b.Helper()
	conn := &benchConn{}
	s := newSession(srv, conn, nil)
	s.secure = true
	do := func(command string) {
		conn.in.WriteString("a ")
		conn.in.WriteString(command)
		conn.in.WriteString("\r\n")
		if !s.dec.Next() {
			b.Fatal(s.dec.Err())
		}
		s.command()
		if err := s.flush(); err != nil {
			b.Fatal(err)
		}
		if i := bytes.LastIndex(conn.last, []byte("\na ")); !bytes.HasPrefix(conn.last[i+1:], []byte("a OK")) {
			b.Fatalf("%s: %q", command, conn.last)
		}
	}
	do("LOGIN " + user + " secret")
	return conn, do
}

func BenchmarkCommands(b *testing.B) {
	for _, n := range []int{1000, 100000} {
		conn, do := benchSession(b, n)
		for _, command := range []string{
			"NOOP", "SELECT INBOX", "FETCH %d (FLAGS)", "STORE %d +FLAGS.SILENT (\\Seen)", "STORE %d -FLAGS (\\Seen)",
			"STATUS INBOX (MESSAGES UNSEEN)", `LIST "" *`, "SEARCH UNSEEN", "FETCH 1:* (FLAGS)", "FETCH 1:* (UID FLAGS)",
			"FETCH 1:* (UID FLAGS ENVELOPE INTERNALDATE RFC822.SIZE BODYSTRUCTURE)",
		} {
			b.Run(fmt.Sprintf("%d/%s", n, strings.ReplaceAll(command, " ", "_")), func(b *testing.B) {
				b.ReportAllocs()
				start := conn.written
				i := 0
				for b.Loop() {
					i++
					if strings.Contains(command, "%d") {
						do(fmt.Sprintf(command, i%n+1))
					} else {
						do(command)
					}
				}
				b.ReportMetric(float64(conn.written-start)/float64(b.N), "octets/op")
				if strings.Contains(command, "1:*") {
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
				}
			})
		}
	}
}
