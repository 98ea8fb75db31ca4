package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A manager does for a server what systemd does: it holds listening sockets,
// passes them on, and keeps those that it is given.
type manager struct {
	dir    string // the server's
	notify *net.UnixConn
	files  []*os.File
	names  []string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "ps") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &manager{dir: dir}
	m.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "n"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.notify.Close() })
	return m
}

// socket opens a listener that the manager holds, as a socket unit does, and
// returns its address.
func (m *manager) socket(t *testing.T, name string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	m.files, m.names = append(m.files, f), append(m.names, name)
	return l.Addr().String()
}

// start runs the server with what the manager holds. The shell is for LISTEN_PID,
// which is not known before the process is there.
func (m *manager) start(args ...string) (*process, error) {
	line := append([]string{"-c", `LISTEN_PID=$$ exec poststube serve "$@"`, "sh", "--data", filepath.Join(m.dir, "d")}, args...)
	cmd := exec.Command("sh", line...)
	cmd.ExtraFiles = m.files
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(m.dir, "n"), "WATCHDOG_USEC=200000",
		"POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C",
		fmt.Sprintf("LISTEN_FDS=%d", len(m.files)), "LISTEN_FDNAMES="+strings.Join(m.names, ":"))
	return startCommand(cmd)
}

// listen hears what the server says until it says what is wanted, and keeps the
// sockets that it is given, each once.
func (m *manager) listen(t *testing.T, want string) {
	t.Helper()
	if err := m.notify.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b, oob := make([]byte, 500), make([]byte, 500)
	for {
		n, oobn, _, _, err := m.notify.ReadMsgUnix(b, oob)
		if err != nil {
			t.Fatalf("waiting for %s: %v", want, err)
		}
		lines := strings.Split(string(b[:n]), "\n")
		if lines[0] == "FDSTORE=1" {
			m.keep(t, strings.TrimPrefix(lines[1], "FDNAME="), oob[:oobn])
		}
		if lines[0] == want {
			return
		}
	}
}

func (m *manager) keep(t *testing.T, name string, oob []byte) {
	t.Helper()
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		t.Fatalf("%s: %d messages, %v", name, len(messages), err)
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		t.Fatalf("%s: files %v, %v", name, fds, err)
	}
	f := os.NewFile(uintptr(fds[0]), name)
	t.Cleanup(func() { f.Close() })
	for _, known := range m.names {
		if known == name {
			return
		}
	}
	m.files, m.names = append(m.files, f), append(m.names, name)
}

// callers connect to addr again and again until stop is called, which returns
// how many connections there were. None may be refused or end unanswered.
func callers(t *testing.T, addr string) (stop func() int64) {
	var calls atomic.Int64
	var done atomic.Bool
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for !done.Load() {
				if err := call(addr); err != nil {
					t.Error(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	return func() int64 {
		done.Store(true)
		all.Wait()
		return calls.Load()
	}
}

// call connects, waits for the greeting and logs out.
func call(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "* OK ") && !strings.HasPrefix(line, "* BYE ") {
		return fmt.Errorf("greeted with %q, %v", line, err)
	}
	_, err = c.Write([]byte("a LOGOUT\r\n"))
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return nil // after BYE
	}
	return err
}

// TestRestartRefusesNobody: while the server is stopped and started anew, clients
// that connect wait in the socket's queue, be it a socket unit's or one that the
// server has given to the service manager to keep.
func TestRestartRefusesNobody(t *testing.T) {
	for _, tt := range []struct {
		name  string
		units bool
		args  []string
	}{
		{"socket units", true, nil},
		{"kept sockets", false, []string{"--listen", "imap=127.0.0.1:0", "--listen", "lmtp=127.0.0.1:0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newManager(t)
			if tt.units {
				m.socket(t, "imap")
				m.socket(t, "imaps")
				m.socket(t, "lmtp")
				t.Setenv("POSTSTUBE_LISTEN_LMTP", "127.0.0.1:0")
			}
			p, err := m.start(tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			m.listen(t, "READY=1")
			m.listen(t, "WATCHDOG=1")
			addrs := p.addrs
			stop := callers(t, addrs["imap"])
			for range 3 {
				if err := p.stop(); err != nil {
					t.Fatal(err)
				}
				m.listen(t, "STOPPING=1")
				if p, err = m.start(tt.args...); err != nil {
					t.Fatal(err)
				}
				m.listen(t, "READY=1")
				if p.addrs["imap"] != addrs["imap"] || p.addrs["lmtp"] != addrs["lmtp"] {
					t.Errorf("after a restart it listens on %v, before on %v", p.addrs, addrs)
				}
			}
			if n := stop(); n < 8 {
				t.Errorf("only %d connections", n)
			}
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestActivationMismatch: sockets that fit nothing end the start with a sentence
// that says what to do.
func TestActivationMismatch(t *testing.T) {
	m := newManager(t)
	addr := m.socket(t, "poststube.socket")
	_, err := m.start("--listen", "imap=127.0.0.1:0")
	want := "passed on a socket at " + addr + `, named "poststube.socket", but nothing is configured to listen there`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
