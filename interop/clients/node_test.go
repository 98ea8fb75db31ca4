package clients

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// password is everybody's.
const password = "secret"

// A node is a poststube that runs as a process of its own.
type node struct {
	dir  string // its data directory
	ca   string // file with the certificate that signed the node's, for "localhost" and 127.0.0.1
	imap string // port with STARTTLS, on 127.0.0.1
	tls  string // port of IMAP over TLS
	log  *lockedBuffer
}

// buildDir is where program builds, for the time of the tests.
var buildDir string

// program builds poststube once per run of the tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "poststube")
	if out, err := exec.Command("go", "build", "-o", path, "poststube/cmd/poststube").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "poststube")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// startNode starts a server with the users anna, ben and clara, of whom anna and
// ben are in the group sales, and stops it at the end of the test.
func startNode(ctx context.Context, t *testing.T) *node {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pst") // a short path: it holds a unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := &node{dir: filepath.Join(dir, "data"), log: &lockedBuffer{}}
	cert, key := certify(t, dir)
	n.ca = filepath.Join(dir, "ca.pem")

	users := "anna:" + password + "\nben:" + password + "\nclara:" + password + "\n"
	for _, args := range [][]string{
		{"user", "add", "--from", "-"},
		{"group", "add", "sales"},
		{"group", "member", "add", "sales", "anna", "ben"},
	} {
		cmd := exec.CommandContext(ctx, path, append(args, "--data", n.dir)...)
		cmd.Stdin = strings.NewReader(users)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("poststube %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}

	cmd := exec.Command(path, "serve", "--data", n.dir, "--listen", "imap=127.0.0.1:0", "--listen", "imaps=127.0.0.1:0")
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0",
		"POSTSTUBE_HOST_NAME=localhost", "POSTSTUBE_TLS_CERTIFICATE="+cert, "POSTSTUBE_TLS_KEY="+key)
	cmd.Stderr = n.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.stop(t, cmd) })
	n.ready(t, bufio.NewScanner(out))
	return n
}

// ready reads what the server prints until all its listeners accept.
func (n *node) ready(t *testing.T, lines *bufio.Scanner) {
	t.Helper()
	for lines.Scan() {
		proto, addr, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "listening "), "=")
		_, port, _ := net.SplitHostPort(addr)
		switch {
		case proto == "imap":
			n.imap = port
		case proto == "imaps":
			n.tls = port
		case lines.Text() == "ready" && n.imap != "" && n.tls != "":
			return
		}
	}
	t.Fatalf("the server did not get ready:\n%s", n.log)
}

// stop ends the server, and tells what it logged if the test failed. A server
// that does not stop in order fails the test.
func (n *node) stop(t *testing.T, cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	overdue := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
	for line := range strings.Lines(n.log.String()) {
		if strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "panic: ") {
			t.Errorf("the server logged an error: %s", line)
		}
	}
	if t.Failed() {
		t.Logf("the server's log ends with:\n%s", tail(n.log.String(), 20))
	}
}

// A lockedBuffer is what a process writes while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
