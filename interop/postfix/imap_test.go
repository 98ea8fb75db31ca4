package postfix

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// A mailReader is the IMAP session of somebody who waits for mail.
type mailReader struct {
	r    *rig
	conn net.Conn
	in   *bufio.Reader
}

func (r *rig) login(user string) *mailReader {
	r.Helper()
	conn, err := net.Dial("tcp", r.imap)
	r.must(err)
	r.Cleanup(func() { conn.Close() })
	r.must(conn.SetDeadline(time.Now().Add(time.Minute)))
	m := &mailReader{r, conn, bufio.NewReader(conn)}
	m.line()
	m.command("LOGIN " + user + " secret")
	return m
}

func (m *mailReader) line() string {
	m.r.Helper()
	line, err := m.in.ReadString('\n')
	if err != nil {
		m.r.Fatalf("%v\nPostfix's log:\n%s", err, m.r.mail)
	}
	return line
}

// command runs a command that must succeed, and returns all that comes.
func (m *mailReader) command(text string) string {
	m.r.Helper()
	fmt.Fprintf(m.conn, "a %s\r\n", text)
	var b strings.Builder
	for {
		line := m.line()
		if done, ok := strings.CutPrefix(line, "a "); ok {
			if !strings.HasPrefix(done, "OK") {
				m.r.Fatalf("%s: %s", text, line)
			}
			return b.String()
		}
		b.WriteString(line)
	}
}

// idle begins to wait for a message.
func (m *mailReader) idle() {
	m.r.Helper()
	fmt.Fprint(m.conn, "a IDLE\r\n")
	for !strings.HasPrefix(m.line(), "+ ") {
	}
}

// arrival waits until one has come.
func (m *mailReader) arrival() {
	m.r.Helper()
	for !strings.HasSuffix(m.line(), " EXISTS\r\n") {
	}
	fmt.Fprint(m.conn, "DONE\r\n")
	for !strings.HasPrefix(m.line(), "a OK") {
	}
}
