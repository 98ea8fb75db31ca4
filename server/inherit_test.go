package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPassedOn(t *testing.T) {
	for _, tt := range []struct {
		environ string
		want    string
	}{
		{"", "0 [] <nil>"},
		{"LISTEN_PID=8 LISTEN_FDS=2", "0 [] <nil>"},
		{"LISTEN_PID=7 LISTEN_FDS=2", "2 [ ] <nil>"},
		{"LISTEN_PID=7 LISTEN_FDS=0 LISTEN_FDNAMES=", "0 [] <nil>"},
		{"LISTEN_PID=7 LISTEN_FDS=2 LISTEN_FDNAMES=imap:lmtp", "2 [imap lmtp] <nil>"},
		{"LISTEN_PID=7 LISTEN_FDS=2 LISTEN_FDNAMES=imap", "0 [] LISTEN_FDNAMES has 1 names for 2 sockets"},
		{"LISTEN_PID=7 LISTEN_FDS=two", "0 [] LISTEN_FDS=two is not a number of sockets"},
		{"LISTEN_PID=7 LISTEN_FDS=-1", "0 [] LISTEN_FDS=-1 is not a number of sockets"},
	} {
		n, names, err := passedOn(strings.Fields(tt.environ), 7)
		if got := fmt.Sprint(n, names, err); got != strings.ReplaceAll(tt.want, "<nil>", fmt.Sprint(error(nil))) {
			t.Errorf("%s: %s, want %s", tt.environ, got, tt.want)
		}
	}
}

func TestWatchdogInterval(t *testing.T) {
	for _, tt := range []struct {
		environ string
		want    time.Duration
		bad     bool
	}{
		{"", 0, false},
		{"WATCHDOG_USEC=60000000", 30 * time.Second, false},
		{"WATCHDOG_USEC=60000000 WATCHDOG_PID=7", 30 * time.Second, false},
		{"WATCHDOG_USEC=60000000 WATCHDOG_PID=8", 0, false},
		{"WATCHDOG_USEC=often", 0, true},
		{"WATCHDOG_USEC=0", 0, true},
	} {
		got, err := WatchdogInterval(strings.Fields(tt.environ), 7)
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("%s: %v, %v, want %v", tt.environ, got, err, tt.want)
		}
	}
}

// pass opens a listener that a service manager would pass on.
func pass(t *testing.T, name string) Inherited {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return Inherited{name, l}
}

// TestListenAll: which passed socket serves what, and what is left over. @ stands
// for the address of the first passed socket.
func TestListenAll(t *testing.T) {
	for _, tt := range []struct {
		name      string
		passed    []string // their names
		listen    []string // as --listen takes it
		inherited string   // protocol of the first socket; empty: of none
		kept      int      // listeners that the service manager is to keep
		stale     int
		warned    bool
		err       string
	}{
		{name: "nothing passed", listen: []string{"imap=127.0.0.1:0", "lmtp=127.0.0.1:0"}, kept: 2},
		{name: "by the protocol's name", passed: []string{"imap"}, listen: []string{"imap=127.0.0.1:1", "lmtp=127.0.0.1:0"}, inherited: "imap", kept: 1, warned: true},
		{name: "by name, at the address", passed: []string{"imap"}, listen: []string{"imap=@"}, inherited: "imap"},
		{name: "by the address", passed: []string{"poststube.socket"}, listen: []string{"lmtp=@", "imap=127.0.0.1:0"}, inherited: "lmtp", kept: 1},
		{name: "kept before", passed: []string{"kept-imap=127.0.0.1_0"}, listen: []string{"imap=127.0.0.1:0"}, inherited: "imap", kept: 1},
		{name: "kept, not configured any more", passed: []string{"kept-imap=127.0.0.1_7"}, listen: []string{"imap=127.0.0.1:0"}, kept: 1, stale: 1},
		{name: "kept for another protocol", passed: []string{"kept-imap=127.0.0.1_0"}, listen: []string{"lmtp=127.0.0.1:0"}, kept: 1, stale: 1},
		{name: "switched off", passed: []string{"imap"}, listen: []string{"lmtp=127.0.0.1:0"}, err: "listen.imap is empty, which switches imap off"},
		{name: "for nothing", passed: []string{"web"}, listen: []string{"imap=127.0.0.1:0"}, err: `named "web", but nothing is configured to listen there: configure it (there are imap=127.0.0.1:0)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var passed []Inherited
			for _, name := range tt.passed {
				passed = append(passed, pass(t, name))
			}
			c := Default()
			var addrs []Address
			for _, text := range tt.listen {
				if len(passed) > 0 {
					text = strings.ReplaceAll(text, "@", passed[0].Addr().String())
				}
				a, err := ParseAddress(text)
				if err != nil {
					t.Fatal(err)
				}
				addrs = append(addrs, a)
			}
			c.Listen.Set(addrs)
			var log bytes.Buffer
			list, stale, err := listenAll(&c, passed, slog.New(slog.NewTextHandler(&log, nil)))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %s", err, tt.err)
				}
				if _, err := passed[0].Accept(); err == nil {
					t.Error("the socket is still open")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			kept, inherited := 0, ""
			for _, l := range list {
				defer l.socket.Close()
				if l.keepAs != "" {
					kept++
				}
				if len(passed) > 0 && l.socket == passed[0].Listener {
					inherited = l.Protocol
				}
			}
			if kept != tt.kept || inherited != tt.inherited || len(stale) != tt.stale || len(list) != len(tt.listen) {
				t.Errorf("%d listeners, %d to be kept, %q on the passed socket, stale %v", len(list), kept, inherited, stale)
			}
			if got := strings.Contains(log.String(), "imap=127.0.0.1:1"); got != tt.warned {
				t.Errorf("the log says %q", log.String())
			}
		})
	}
}

// TestIsAt: an address of the configuration and a socket's.
func TestIsAt(t *testing.T) {
	tcp := func(s string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, tt := range []struct {
		configured string
		at         net.Addr
		want       bool
	}{
		{":143", tcp("[::]:143"), true},
		{":143", tcp("0.0.0.0:143"), true},
		{"0.0.0.0:143", tcp("[::]:143"), true},
		{":143", tcp("127.0.0.1:143"), false},
		{"127.0.0.1:143", tcp("[::]:143"), false},
		{"127.0.0.1:24", tcp("127.0.0.1:24"), true},
		{"127.0.0.1:24", tcp("127.0.0.1:25"), false},
		{"[::1]:143", tcp("[::1]:143"), true},
		{"unix:/run/lmtp", &net.UnixAddr{Name: "/run/lmtp", Net: "unix"}, true},
		{"unix:/run/lmtp", &net.UnixAddr{Name: "/run/sasl", Net: "unix"}, false},
		{"127.0.0.1:24", &net.UnixAddr{Name: "127.0.0.1:24", Net: "unix"}, false},
	} {
		if got := (Address{"imap", tt.configured}).isAt(tt.at); got != tt.want {
			t.Errorf("%s at %s: %v", tt.configured, tt.at, got)
		}
	}
}

// TestNoListener: what is no listening socket is refused by name.
func TestNoListener(t *testing.T) {
	if _, err := listenerOf(1 << 20); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("a file that is not open: %v", err)
	}
	names := []string{}
	for _, protocol := range protocols {
		names = append(names, protocol)
		if isKept(protocol) || !isKept((Address{protocol, "h:1"}).keptName()) {
			t.Errorf("%s: a kept socket could be taken for a unit's", protocol)
		}
	}
	if !slices.Contains(names, "imap") {
		t.Error("no IMAP")
	}
}
