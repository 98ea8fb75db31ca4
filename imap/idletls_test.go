package imap

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// idleClients, set to an address, makes this test program the clients of
// TestIdleTLSMemory: their ends of the connections must not be counted.
const idleClients = "POSTSTUBE_TEST_IDLE_CLIENTS"

const idleTLSSessions = 200

// TestIdleTLSClients is the other half of TestIdleTLSMemory, in a process of its own.
func TestIdleTLSClients(t *testing.T) {
	addr := os.Getenv(idleClients)
	if addr == "" {
		return // TestIdleTLSMemory runs it
	}
	step := bufio.NewReader(os.Stdin)
	open := func() {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "a LOGIN anna secret\r\nb SELECT INBOX\r\nc FETCH 1:* (FLAGS ENVELOPE BODY.PEEK[])\r\nd IDLE\r\n")
		r := bufio.NewReader(conn)
		for line := ""; !strings.HasPrefix(line, "+"); {
			if line, err = r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { conn.Close() })
	}
	for _, n := range []int{1, idleTLSSessions} { // what is loaded once is not counted
		for range n {
			open()
		}
		fmt.Println("open")
		if _, err := step.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIdleTLSMemory: a session in IDLE over TLS takes no more than 32 KiB of heap
// and stack.
func TestIdleTLSMemory(t *testing.T) {
	const limit = 32<<10 + raceOctets
	srv := newTestServer(t)
	srv.census.limits.SessionsPerUser = idleTLSSessions + 1
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.ServeTLS(l, testTLS(t))
	defer srv.Shutdown(t.Context())
	clients := exec.Command(os.Args[0], "-test.run", "^TestIdleTLSClients$", "-test.v")
	clients.Env = append(os.Environ(), idleClients+"="+l.Addr().String())
	in, err := clients.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := clients.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := clients.Start(); err != nil {
		t.Fatal(err)
	}
	defer clients.Process.Kill() // if the test fails
	out := bufio.NewReader(pipe)
	ready := func() {
		for {
			line, err := out.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if line == "open\n" {
				return
			}
		}
	}
	ready()
	before := inUse()
	io.WriteString(in, "on\n")
	ready()
	each := (inUse() - before) / idleTLSSessions
	io.WriteString(in, "end\n")
	io.Copy(io.Discard, out)
	if err := clients.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d bytes a session", each)
	if each > limit {
		t.Errorf("a session in IDLE over TLS takes %d bytes, more than %d", each, limit)
	}
}

// testTLS returns a configuration with a certificate.
func testTLS(t *testing.T) *tls.Config {
	web := httptest.NewTLSServer(nil) // has one
	defer web.Close()
	return &tls.Config{Certificates: web.TLS.Certificates}
}
