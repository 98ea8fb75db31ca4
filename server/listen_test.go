package server

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// shortDir returns a directory whose path is short enough for a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ps")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestListenUnix(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	l, err := listenUnix(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := listenUnix(path, 0o600); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second listener: %v", err)
	}
	// A process that died leaves its file.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, err = listenUnix(path, 0o600)
	if err != nil {
		t.Fatalf("over a dead socket: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// A file that is no socket is not removed.
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenUnix(path, 0o600); err == nil {
		t.Error("listened over a file")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if _, err := listenUnix(filepath.Join(shortDir(t), strings.Repeat("x", 108)), 0o600); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path that is too long: %v", err)
	}
}

// TestSockets: others get in by the mode and the group that are configured.
func TestSockets(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	mine := strconv.Itoa(os.Getgid())
	l, err := Address{"lmtp", "unix:" + path}.open(Sockets{Mode: 0o666, Group: mine})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o666 || strconv.Itoa(int(info.Sys().(*syscall.Stat_t).Gid)) != mine {
		t.Errorf("the socket is %v, %v", info, err)
	}
	for group, want := range map[string]string{
		"no such group": `there is no group "no such group" on this system`,
		"4294967295":    `there is no group "4294967295" on this system`,
	} {
		if _, err := (Sockets{Group: group}).listen(path + "2"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("group %s: %v", group, err)
		}
		if _, err := os.Lstat(path + "2"); err == nil {
			t.Errorf("group %s: a socket is there all the same", group)
		}
	}
	// Only a member of a group, or root, can give it a file.
	if os.Getuid() != 0 {
		if _, err := (Sockets{Group: "0"}).listen(path + "3"); err == nil || !strings.Contains(err.Error(), "of which the server must be a member") {
			t.Errorf("a foreign group: %v", err)
		}
	}
}

func TestListenTaken(t *testing.T) {
	a := Address{"imap", "127.0.0.1:0"}
	l, err := a.open(Sockets{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := (Address{"imap", l.Addr().String()}).open(Sockets{}); err == nil || !strings.Contains(err.Error(), "another program listens there: stop it") {
		t.Errorf("a second listener: %v", err)
	}
}

// TestExplain: what the system says so briefly is told with what to do.
func TestExplain(t *testing.T) {
	a := Address{"imap", "192.0.2.1:143"}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{os.NewSyscallError("bind", syscall.EACCES), "need root or CAP_NET_BIND_SERVICE; others don't: --listen imap=127.0.0.1:1143"},
		{os.NewSyscallError("bind", syscall.EADDRINUSE), "another program listens there: stop it (ss -ltnp shows it)"},
		{os.NewSyscallError("bind", syscall.EADDRNOTAVAIL), "this machine does not have that address"},
		{&net.DNSError{Name: "nohost"}, `there is no host "nohost"`},
		{syscall.EMFILE, "too many open files"},
	} {
		if err := a.explain(&net.OpError{Err: tt.err}); !strings.HasPrefix(err.Error(), "listen imap=192.0.2.1:143: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %s", tt.err, err, tt.want)
		}
	}
	if err := a.explain(nil); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"imap=127.0.0.1:port", "imap=:65536", "imap=:-1"} {
		if _, err := ParseAddress(bad); err == nil || !strings.Contains(err.Error(), "is no port") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestDataDir: a directory that cannot be used is named, with what to do.
func TestDataDir(t *testing.T) {
	dir := shortDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeDataDir(filepath.Join(file, "beneath")); err == nil || !strings.Contains(err.Error(), "cannot be made") || !strings.Contains(err.Error(), "--data") {
		t.Errorf("beneath a file: %v", err)
	}
	if err := makeDataDir("/proc/self"); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Errorf("not writable: %v", err)
	}
	if err := makeDataDir(filepath.Join(dir, "new")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "new")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
