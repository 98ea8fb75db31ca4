package imap

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
)

// TestIdleMemory: a session in IDLE over plain TCP takes no more than 24 KiB,
// the client's end in this process included.
func TestIdleMemory(t *testing.T) {
	const sessions, limit = 300, 24<<10 + raceOctets
	srv := newTestServer(t)
	srv.census.limits.SessionsPerUser = sessions + 1
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	defer srv.Shutdown(t.Context())
	open := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "a LOGIN anna secret\r\nb SELECT INBOX\r\nc FETCH 1:* (FLAGS ENVELOPE BODY.PEEK[])\r\nd IDLE\r\n")
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "+") {
				return conn
			}
		}
	}
	defer open().Close() // what is loaded once is not counted
	before := inUse()
	for range sessions {
		defer open().Close()
	}
	each := (inUse() - before) / sessions
	t.Logf("%d bytes a session", each)
	if each > limit {
		t.Errorf("a session in IDLE takes %d bytes, more than %d", each, limit)
	}
}

// inUse returns the bytes of heap and stacks.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
