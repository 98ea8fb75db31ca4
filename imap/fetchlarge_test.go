package imap

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// TestFetchLargeMemory fetches a message of 40 MiB in every way and watches how
// much memory that takes.
func TestFetchLargeMemory(t *testing.T) {
	const size = 40 << 20
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0, 1, 2}, 19)) + "\r\n"
	text := []byte("Subject: large\r\nX-Rare: yes\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nsmall\r\n" +
		"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		strings.Repeat(line, size/len(line)) + "--b--\r\n")
	srv := newTestServer(t)
	uid := put(t, srv, text)
	discard := newDiscarder(t, srv)
	encoded := size / len(line) * len(line)
	decoded := size / len(line) * 57
	for _, f := range []struct {
		items string
		least int // octets of the answer
	}{
		{"BODY.PEEK[]", len(text)},
		{"BODY.PEEK[TEXT]", encoded},
		{"BODY.PEEK[]<1000.20000000>", 20_000_000},
		{"BODY.PEEK[2]", encoded - 2},
		{"BODY.PEEK[1] BODY.PEEK[2.MIME] BODY.PEEK[HEADER.FIELDS (X-Rare)]", 0},
		{"BODY.PEEK[HEADER.FIELDS.NOT (X-Rare)] BODY.PEEK[HEADER]", 0},
		{"BINARY.PEEK[2]", decoded},
		{"BINARY.SIZE[2] BINARY.PEEK[2]<30000000.1000>", 1000},
		{"BINARY.PEEK[]", len(text)},
		{"ENVELOPE BODYSTRUCTURE FLAGS PREVIEW", 0},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := discard(fmt.Sprintf("UID FETCH %d (%s)", uid, f.items))
		runtime.ReadMemStats(&after)
		if got < f.least {
			t.Errorf("FETCH %s: %d octets, want at least %d", f.items, got, f.least)
		}
		// All that is ever allocated, not what is held at a time.
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("FETCH %s allocates %d KiB", f.items, n>>10)
		}
	}
}

// newDiscarder returns a client that sends a command and counts the octets of
// its answer, without looking at more of them than it must.
func newDiscarder(tb testing.TB, srv *Server) func(command string) int {
	tb.Helper()
	client, server := net.Pipe()
	return discarderOn(tb, srv, "anna", client, server)
}

func discarderOn(tb testing.TB, srv *Server, user string, client, server net.Conn) func(command string) int {
	tb.Helper()
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
	buf := make([]byte, 256<<10)
	read := func(end string) int {
		total := 0
		tail := make([]byte, 0, 512)
		for {
			n, err := client.Read(buf)
			if err != nil {
				tb.Fatalf("after %d octets: %v", total, err)
			}
			total += n
			tail = append(tail, buf[max(0, n-200):n]...)
			tail = tail[max(0, len(tail)-200):]
			if bytes.Contains(tail, []byte("\r\nx NO")) || bytes.Contains(tail, []byte("\r\nx BAD")) {
				tb.Fatalf("refused: %s", tail)
			}
			if bytes.Contains(tail, []byte(end)) {
				return total
			}
		}
	}
	read("ready\r\n")
	send := func(command string) int {
		if _, err := io.WriteString(client, "x "+command+"\r\n"); err != nil {
			tb.Fatal(err)
		}
		return read(" completed\r\n")
	}
	if _, err := io.WriteString(client, "x LOGIN "+user+" secret\r\n"); err != nil {
		tb.Fatal(err)
	}
	read("Welcome, " + user + "\r\n")
	send("SELECT INBOX")
	return send
}
