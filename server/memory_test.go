package server

import (
	"bufio"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestAvailableMemory: the least of what the machine and the control groups say.
func TestAvailableMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing known", nil, 0},
		{"machine", map[string]string{"/proc/meminfo": "MemTotal:       2048 kB\nMemFree: 1 kB\n"}, 2 << 20},
		{"group", map[string]string{
			"/proc/meminfo": "MemTotal:       2048 kB\n", "/proc/self/cgroup": "0::/system.slice/mail\n",
			"/sys/fs/cgroup/system.slice/mail/memory.max": "1048576\n", "/sys/fs/cgroup/system.slice/memory.max": "max\n",
		}, 1 << 20},
		{"group above", map[string]string{
			"/proc/meminfo": "MemTotal:       2048 kB\n", "/proc/self/cgroup": "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "65536\n",
		}, 65536},
		{"in a container", map[string]string{
			"/proc/meminfo": "MemTotal:       2048 kB\n", "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "4096\n",
		}, 4096},
		{"old groups", map[string]string{"/proc/meminfo": "MemTotal:       2048 kB\n", "/proc/self/cgroup": "3:memory:/x\n"}, 2 << 20},
	} {
		got := availableMemory(func(name string) ([]byte, error) {
			if text, ok := c.files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestInUse: the figure is of the size of what is held.
func TestInUse(t *testing.T) {
	m := &memory{}
	if n := m.inUse(); n < 1<<20 || n > 4<<30 {
		t.Errorf("this program takes %d octets", n)
	}
}

// TestTightMemory: above the watermark who is not logged in is sent away, new
// connections and what would grow are refused by a reply that says so; sessions
// read on, and all is as before when there is memory again.
func TestTightMemory(t *testing.T) {
	dir := shortDir(t)
	var use, ticks atomic.Int64
	clock := time.Now()
	m := &memory{bound: 1 << 30, watermark: 1 << 29, log: silent, use: use.Load}
	m.now = func() time.Time { return clock.Add(time.Duration(ticks.Add(1)) * time.Second) } // each look counts
	c := Default()
	c.Listen = Listen{IMAP: []string{"127.0.0.1:0"}, IMAPS: []string{"127.0.0.1:0"}, LMTP: []string{"127.0.0.1:0"}}
	c.Storage.MinFree, c.Storage.Ballast = 0, 0
	s, err := startWithin(t.Context(), m, dir, c, silent, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := s.Store().Directory.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	conn, r := dial(t, s, 0)
	defer conn.Close()
	say := func(command, want string) {
		t.Helper()
		fmt.Fprintf(conn, "a %s\r\n", command)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("%s: %v", command, err)
			}
			if strings.HasPrefix(line, "a ") {
				if !strings.HasPrefix(line, "a "+want) {
					t.Errorf("%.40q: %q", command, line)
				}
				return
			}
		}
	}
	say("LOGIN anna secret", "OK")
	say("APPEND INBOX {12+}\r\nSubject: a\r\n", "OK")
	say("SELECT INBOX", "OK")
	pending, pr := dial(t, s, 0)
	defer pending.Close()
	mta, mr := dial(t, s, 2)
	defer mta.Close()
	fmt.Fprint(mta, "LHLO relay\r\n")
	until(t, mr, "250 ")

	use.Store(m.watermark + 1)
	until(t, pr, "* BYE [UNAVAILABLE]")
	until(t, refusedConn(t, s, 0), "* BYE [UNAVAILABLE]")
	until(t, refusedConn(t, s, 2), "421 4.3.2")
	fmt.Fprint(mta, "MAIL FROM:<>\r\n")
	until(t, mr, "452 4.3.1")
	for _, command := range []string{
		"SEARCH TEXT x", "UID SEARCH TEXT x", "SORT (DATE) UTF-8 ALL", "UID THREAD REFERENCES UTF-8 ALL",
		"APPEND INBOX {12+}\r\nSubject: b\r\n", "COMPRESS DEFLATE", "NOTIFY NONE",
	} {
		say(command, "NO [UNAVAILABLE]")
	}
	say("LIST {20000+}\r\n"+strings.Repeat("x", 20000)+" *", "NO [TOOBIG]")
	say("FETCH 1 BODY[]", "OK")
	say("STORE 1 +FLAGS (\\Seen)", "OK")
	say("NOOP", "OK")

	use.Store(m.watermark)
	say("SEARCH TEXT x", "OK")
	fmt.Fprint(mta, "MAIL FROM:<>\r\n")
	until(t, mr, "250 2.1.0")
	late, _ := dial(t, s, 0)
	late.Close()
}

// refusedConn connects without reading a greeting.
func refusedConn(t *testing.T, s *Server, n int) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addresses()[n].Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(conn)
}

// until reads lines up to one that begins as wanted.
func until(t *testing.T, r *bufio.Reader, prefix string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("before %q: %v", prefix, err)
		}
		if strings.HasPrefix(line, prefix) {
			return
		}
	}
}

// TestSpareMemory: what only delays the collector is in no figure, and small where
// the bound is.
func TestSpareMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	m := newMemory(512<<20, silent)
	if len(m.spare) != 16<<20 {
		t.Errorf("%d octets are spare with a bound of 512 MiB", len(m.spare))
	}
	runtime.GC()
	with := m.inUse()
	spare := m.spare
	m.spare = nil
	if counted := m.inUse() - with; counted < int64(len(spare)) {
		t.Errorf("of %d spare octets %d are left out", len(spare), counted)
	}
	runtime.KeepAlive(spare)
	if n := len(newSpare(0)); n != mostSpare {
		t.Errorf("%d octets are spare without a bound", n)
	}
}
