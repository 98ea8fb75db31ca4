package imap

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSessionLimits: each limit of what one command may ask for, one below it, at it,
// and one above it, with its reply; the session goes on.
func TestSessionLimits(t *testing.T) {
	srv := newTestServer(t)
	l := srv.limits.Command
	rep := strings.Repeat
	for _, c := range []struct {
		name    string
		at      int
		command func(n int) string
		reply   string // above the limit
	}{
		{"parentheses of SEARCH", l.Depth, func(n int) string { return "SEARCH " + rep("(", n-1) + "ALL" + rep(")", n-1) }, "NO [LIMIT]"},
		{"NOT of SEARCH", l.Depth, func(n int) string { return "SEARCH " + rep("NOT ", n-1) + "ALL" }, "NO [LIMIT]"},
		{"OR of SEARCH", l.Depth, func(n int) string { return "SEARCH " + rep("OR ALL ", n-1) + "ALL" }, "NO [LIMIT]"},
		{"criteria of SORT", maxSortKeys, func(n int) string { return "SORT (" + rep("DATE ", n-1) + "DATE) UTF-8 ALL" }, "BAD"},
		{"items of FETCH", maxFetchParts, func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, " BODY.PEEK[]<%d.1>", i)
			}
			return "FETCH 1 (" + b.String()[1:] + ")"
		}, "NO [LIMIT]"},
		{"ranges of a set", l.Ranges, func(n int) string { return "FETCH 1" + rep(",2", n-1) + " UID" }, "NO [LIMIT]"},
		{"ranges of a set of UIDs", l.Ranges, func(n int) string { return "UID FETCH 1" + rep(",2", n-1) + " UID" }, "NO [LIMIT]"},
		{"a line", l.Line, func(n int) string { return "SEARCH TEXT " + rep("x", n-len("a SEARCH TEXT \r\n")) }, "NO [TOOBIG]"},
		{"a literal", int(l.Literal), func(n int) string { return fmt.Sprintf("SEARCH TEXT {%d+}\r\n%s", n, rep("x", n)) }, "NO [TOOBIG]"},
		{"literals", l.Literals, func(n int) string { return "SEARCH" + rep(" TEXT {1+}\r\nx", n) }, "NO [TOOBIG]"},
		{"a message", 1000, func(n int) string { return fmt.Sprintf("APPEND INBOX {%d+}\r\nA: b\r\n\r\n%s", n, rep("x", n-8)) }, "NO [TOOBIG]"},
		{"searches whose changes are told", srv.limits.Contexts, func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "SEARCH RETURN (UPDATE) ALL\r\nu%d ", i)
			}
			return b.String() + "NOOP"
		}, "NO [NOUPDATE"},
		{"names of NOTIFY", srv.limits.NotifyNames, func(n int) string {
			return "NOTIFY SET (mailboxes (" + rep("X ", n-1) + "X) (MailboxName))"
		}, "NO [NOTIFICATIONOVERFLOW]"},
	} {
		srv.limits.MaxMessage = 1000
		for n := c.at - 1; n <= c.at+1; n++ {
			out := hear(t, srv, "x LOGIN anna secret\r\ny SELECT INBOX\r\na "+c.command(n)+"\r\nb NOOP\r\nc LOGOUT\r\n")
			above := strings.Contains(out, "\r\na "+c.reply) || strings.HasPrefix(c.reply, "NO [NOUPDATE") && strings.Contains(out, "* "+c.reply)
			if above != (n > c.at) {
				t.Errorf("%d %s (limit %d): %.200q", n, c.name, c.at, out[strings.Index(out, "y OK")+1:])
			}
			if !strings.Contains(out, "\r\nb OK") {
				t.Errorf("%d %s: the session did not go on: %.200q", n, c.name, out)
			}
		}
	}
}

// TestBadCommands: 3 before the login, 50 after it, and then BYE [LIMIT].
func TestBadCommands(t *testing.T) {
	srv := newTestServer(t)
	for _, c := range []struct {
		login string
		limit int
	}{{"", srv.limits.LoginBadCommands}, {"x LOGIN anna secret\r\n", srv.limits.BadCommands}} {
		for n := c.limit - 1; n <= c.limit; n++ {
			out := hear(t, srv, c.login+strings.Repeat("a NONSENSE\r\n", n)+"b LOGOUT\r\n")
			if ended := strings.Contains(out, "* BYE [LIMIT]"); ended != (n >= c.limit) {
				t.Errorf("%d bad commands: %q", n, out)
			}
		}
	}
}

// TestSilentConnections: 200 connections that say nothing keep nobody from logging in.
func TestSilentConnections(t *testing.T) {
	srv := newTestServer(t)
	addr := listen(t, srv)
	for range 200 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	begun := time.Now()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "a LOGIN anna secret\r\n")
	until(t, r, "a OK")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the login took %v", took)
	}
}

// countingConn counts what the server has tried to send.
type countingConn struct {
	net.Conn
	offered atomic.Int64
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.offered.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// TestOutputBound: for a client that asks for a hundred times what is in its mailbox
// and reads nothing, the server writes 256 KiB ahead at most, waits, and closes.
func TestOutputBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newTestServer(t)
		anna, err := srv.directory.ByName(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		fill(t, srv, anna, 20_000) // a FETCH of all of them is some megabytes
		client, server := net.Pipe()
		conn := &countingConn{Conn: server}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			srv.ServeConn(conn, nil)
		}()
		r := bufio.NewReader(client)
		until(t, r, "* OK")
		fmt.Fprint(client, "a LOGIN anna secret\r\n")
		until(t, r, "a OK")
		fmt.Fprint(client, "b SELECT INBOX\r\n")
		until(t, r, "b OK")
		synctest.Wait()
		before := conn.offered.Load()
		fmt.Fprint(client, "c FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])\r\n")
		synctest.Wait()
		if n := conn.offered.Load() - before; n > 256<<10 || n < 1<<10 {
			t.Errorf("%d octets are written ahead", n)
		}
		time.Sleep(srv.limits.StallTime - time.Second)
		synctest.Wait()
		select {
		case <-ended:
			t.Error("closed too early")
		default:
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("still open")
		}
		if n := conn.offered.Load() - before; n > 512<<10 {
			t.Errorf("%d octets are written in all", n)
		}
		client.Close()
		<-ended
	})
}

// TestPooledMemory: what a session has left in the buffers that the next one gets is
// not said to it.
func TestPooledMemory(t *testing.T) {
	srv := newTestServer(t)
	const canary = "the-octets-of-somebody-else"
	poisoned := []byte(strings.Repeat(canary, 6000))
	for range 50 {
		out := hear(t, srv, "x LOGIN anna secret\r\ny SELECT INBOX\r\na FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[])\r\nb LIST \"\" *\r\nc SEARCH ALL\r\nd LOGOUT\r\n")
		if strings.Contains(out, canary[:8]) {
			t.Fatalf("a session heard %q", out)
		}
		for range 4 {
			buf := append([]byte(nil), poisoned...)[:0]
			srv.buffers.Put(&buf)
		}
	}
}

// TestAppendHeld: small messages of one APPEND are held in memory until the last has
// come, so there is a bound for them; none is stored if it is passed.
func TestAppendHeld(t *testing.T) {
	srv := newTestServer(t)
	message := fmt.Sprintf(" {%d+}\r\nA: b\r\n\r\n%s", 60_000, strings.Repeat("x", 60_000-8))
	for n, want := range map[int]string{60: "a OK [APPENDUID", 80: "a NO [LIMIT]"} { // 3.6 and 4.8 MB
		out := hear(t, srv, "x LOGIN anna secret\r\na APPEND Drafts"+strings.Repeat(message, n)+"\r\nb STATUS Drafts (MESSAGES)\r\nc LOGOUT\r\n")
		if !strings.Contains(out, "\r\n"+want) || !strings.Contains(out, "b OK") {
			t.Errorf("%d messages: %.300q", n, out[strings.Index(out, "x OK"):])
		}
	}
	if out := hear(t, srv, "x LOGIN anna secret\r\nb STATUS Drafts (MESSAGES)\r\nc LOGOUT\r\n"); !strings.Contains(out, "(MESSAGES 60)") {
		t.Errorf("%q", out)
	}
}

// TestSessionsPerUser: one session more than a user or the server may have, and the
// place that one which ends leaves.
func TestSessionsPerUser(t *testing.T) {
	srv := newTestServer(t)
	srv.census.limits.SessionsPerUser, srv.census.limits.Connections = 3, 5
	addr := listen(t, srv)
	open := func() (net.Conn, *bufio.Reader, string) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		r := bufio.NewReader(conn)
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return conn, r, line
	}
	login := func(conn net.Conn, r *bufio.Reader, want string) {
		t.Helper()
		fmt.Fprint(conn, "a LOGIN anna secret\r\n")
		until(t, r, want)
	}
	conns := make([]net.Conn, 5)
	readers := make([]*bufio.Reader, 5)
	for i := range conns {
		var greeting string
		if conns[i], readers[i], greeting = open(); !strings.HasPrefix(greeting, "* OK") {
			t.Fatalf("connection %d: %s", i+1, greeting)
		}
	}
	if _, _, greeting := open(); !strings.HasPrefix(greeting, "* BYE [LIMIT] The server has 5 connections") {
		t.Errorf("connection 6: %s", greeting)
	}
	for i := range 3 {
		login(conns[i], readers[i], "a OK")
	}
	login(conns[3], readers[3], "a NO [LIMIT]")
	fmt.Fprint(conns[0], "b LOGOUT\r\n")
	if _, err := io.ReadAll(readers[0]); err != nil {
		t.Fatal(err)
	}
	login(conns[3], readers[3], "a OK")
	if _, _, greeting := open(); !strings.HasPrefix(greeting, "* OK") {
		t.Errorf("after one has left: %s", greeting)
	}
}
