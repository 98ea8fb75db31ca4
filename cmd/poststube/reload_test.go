package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// heard reads from a service manager's socket until a state comes that begins
// with want, past the sockets that are given to be kept.
func heard(t *testing.T, l *net.UnixConn, want string) {
	t.Helper()
	if err := l.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 200)
	for {
		n, err := l.Read(b)
		switch said := string(b[:n]); {
		case err != nil || !strings.HasPrefix(said, want) && !strings.HasPrefix(said, "FDSTORE=1\n"):
			t.Fatalf("the service manager heard %q, %v, want %q", said, err, want)
		case strings.HasPrefix(said, want):
			return
		}
	}
}

// TestHangup: SIGHUP takes over a good configuration and does not end the server
// for a bad one. The service manager hears when it is ready again.
func TestHangup(t *testing.T) {
	dir, err := os.MkdirTemp("", "ps") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket, config := filepath.Join(dir, "n"), filepath.Join(dir, "c.toml")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	p, err := startProcess(filepath.Join(dir, "d"), "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	heard(t, l, "READY=1")
	for _, tt := range []struct{ config, log string }{
		{"[limits]\nsise = 1\n", `c.toml:2: unknown key`},
		{"[limits]\nrecipients = 500\n", `these changes need a restart" keys=[limits.recipients]`},
	} {
		write(tt.config)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		heard(t, l, "RELOADING=1\nMONOTONIC_USEC=")
		heard(t, l, "READY=1")
		// The log comes by a pipe of its own, perhaps later.
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(p.stderr.String(), tt.log); runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("the log does not say %q:\n%s", tt.log, p.stderr.String())
			}
		}
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	heard(t, l, "STOPPING=1")
}
