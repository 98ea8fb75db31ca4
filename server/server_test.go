package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"poststube/admin"
	"poststube/directory"
)

// start runs a server in a directory of its own, on ports of the system's choice.
func start(t *testing.T, dir string, change func(*Config)) *Server {
	t.Helper()
	c := Default()
	c.HostName = "mx.example.org"
	c.Listen = Listen{IMAP: []string{"127.0.0.1:0"}, IMAPS: []string{"127.0.0.1:0"}, LMTP: []string{"127.0.0.1:0", "unix:" + dir + "/lmtp"},
		SASL: []string{"unix:" + dir + "/sasl"}, Socketmap: []string{"unix:" + dir + "/socketmap"}}
	c.Storage.MinFree, c.Storage.Ballast = 0, 0
	if change != nil {
		change(&c)
	}
	s, err := Start(t.Context(), dir, c, silent)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// dial connects to the n-th address and returns the connection behind its greeting.
func dial(t *testing.T, s *Server, n int) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, r := dialAddress(t, s.Addresses()[n].Addr)
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c, r
}

// dialAddress connects to host:port or unix:PATH.
func dialAddress(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func TestServer(t *testing.T) {
	dir := shortDir(t)
	s := start(t, dir, nil)
	if got := fmt.Sprint(s.Addresses()); strings.Contains(got, ":0") || !strings.Contains(got, "lmtp=unix:"+dir) || len(s.Addresses()) != 6 {
		t.Errorf("listens on %s", got)
	}

	// A second one is told who has the directory.
	_, err := Start(t.Context(), dir, Default(), silent)
	var held *InUseError
	if !errors.As(err, &held) || held.PID == 0 || !strings.Contains(err.Error(), dir+" is in use by process ") {
		t.Errorf("a second server: %v", err)
	}

	// Commands get in by the control socket.
	client := &admin.Client{Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", ControlSocket(dir))
	}}
	if _, err := client.AddUsers(t.Context(), []admin.NewUser{{Name: "anna", Password: "secret"}}, nil); err != nil {
		t.Fatal(err)
	}

	// Mail comes in by the unix socket, and is there by IMAP.
	lmtp, r := dial(t, s, 3)
	fmt.Fprint(lmtp, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<anna>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n")
	if out := readAll(t, r); !strings.Contains(out, "250 2.0.0 delivered\r\n") {
		t.Errorf("LMTP answered %s", out)
	}
	imap, r := dial(t, s, 0)
	fmt.Fprint(imap, "a LOGIN anna secret\r\nb STATUS INBOX (MESSAGES)\r\n")
	for line := ""; !strings.HasPrefix(line, "b "); {
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "* STATUS") && line != "* STATUS INBOX (MESSAGES 1)\r\n" {
			t.Errorf("IMAP answered %s", line)
		}
	}

	// A mail transfer agent is told who is here, and whether a password is right.
	maps, mr := dialAddress(t, "unix:"+dir+"/socketmap")
	fmt.Fprint(maps, "15:recipients anna,")
	if got, err := mr.ReadString(','); got != "7:OK anna," {
		t.Errorf("the socketmap answered %q, %v", got, err)
	}
	sasl, sr := dialAddress(t, "unix:"+dir+"/sasl")
	fmt.Fprint(sasl, "VERSION\t1\t1\nAUTH\t1\tPLAIN\tsecured\tresp=AGFubmEAc2VjcmV0\n")
	for line := ""; !strings.HasPrefix(line, "OK\t"); {
		if line, err = sr.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}

	// Stop says goodbye to both.
	lmtp, lr := dial(t, s, 2)
	defer lmtp.Close()
	began := time.Now()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("idle clients held the end up for %v", took)
	}
	if out := readAll(t, r); !strings.HasPrefix(out, "* BYE ") {
		t.Errorf("an IMAP client was told %q", out)
	}
	if out := readAll(t, lr); !strings.HasPrefix(out, "421 4.3.2 ") {
		t.Errorf("an LMTP client was told %q", out)
	}

	// What was there is there after another start.
	s = start(t, dir, nil)
	users, err := client.Users(t.Context())
	if err != nil || len(users) != 1 || users[0].Name != "anna" {
		t.Errorf("users after a restart: %v, %v", users, err)
	}
	boxes, err := client.Mailboxes(t.Context(), "anna")
	if err != nil || len(boxes) == 0 || boxes[0].Name != "INBOX" || boxes[0].Messages != 1 {
		t.Errorf("mailboxes after a restart: %v, %v", boxes, err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func readAll(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var out strings.Builder
	if _, err := r.WriteTo(&out); err != nil {
		t.Error(err)
	}
	return out.String()
}

// TestStopCutsOff: a client inside a message gets StopTime, not more.
func TestStopCutsOff(t *testing.T) {
	s := start(t, shortDir(t), func(c *Config) { c.Limits.StopTime = Duration(200 * time.Millisecond) })
	if err := s.Store().Engine.Provision(t.Context(), addAnna(t, s)); err != nil {
		t.Fatal(err)
	}
	c, r := dial(t, s, 2)
	defer c.Close()
	fmt.Fprint(c, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<anna>\r\nDATA\r\nSubject: x\r\n")
	for line := ""; !strings.HasPrefix(line, "354"); {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < 200*time.Millisecond || took > 10*time.Second {
		t.Errorf("stopped after %v, want a little more than 200ms", took)
	}
}

// TestStartFails: a start that cannot listen leaves nothing open.
func TestStartFails(t *testing.T) {
	dir := shortDir(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Storage.MinFree, c.Storage.Ballast = 0, 0
	c.Listen = Listen{IMAP: []string{"127.0.0.1:0", taken.Addr().String()}}
	if _, err := Start(t.Context(), dir, c, silent); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error %v does not name %s", err, taken.Addr())
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), dir, c, silent)
	if err != nil {
		t.Fatalf("after the port was free: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func addAnna(t *testing.T, s *Server) directory.Principal {
	t.Helper()
	p, err := s.Store().Directory.AddPerson(t.Context(), "anna", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return p
}
