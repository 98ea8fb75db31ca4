package promises

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"poststube/admin"
)

// buildProgram builds the program that is promised of.
func buildProgram(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "poststube")
	if out, err := exec.Command("go", "build", "-o", bin, "poststube/cmd/poststube").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return bin
}

// A process is a running server.
type process struct {
	dir    string
	cmd    *exec.Cmd
	addrs  map[string]string // of each protocol
	stderr bytes.Buffer      // to be read once it has ended

	mu    sync.Mutex
	conns []net.Conn // of desks
}

// shortDir returns a directory whose name leaves room for a socket's.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stube")
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

func environ() []string {
	return append(os.Environ(), "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C")
}

// start starts a server on dir, with more environment variables, and returns when it
// is ready.
func start(bin, dir string, env ...string) (*process, error) {
	p := &process{dir: dir, addrs: map[string]string{}}
	p.cmd = exec.Command(bin, "serve", "--data", dir, "--listen", "imap=127.0.0.1:0", "--listen", "imaps=127.0.0.1:0", "--listen", "lmtp=127.0.0.1:0")
	p.cmd.Env, p.cmd.Stderr = append(environ(), env...), &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("the server did not get ready: %w\n%s", errors.Join(err, p.cmd.Wait()), p.stderr.String())
		}
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening "); ok {
			protocol, at, _ := strings.Cut(addr, "=")
			p.addrs[protocol] = at
		}
		if line == "ready\n" {
			go io.Copy(io.Discard, lines)
			return p, nil
		}
	}
}

// service asks the server over its control socket, as the command line does.
func (p *process) service() admin.Service {
	return &admin.Client{Dial: func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(p.dir, "control.sock"))
	}}
}

// kill ends the server with SIGKILL.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) {
		return fmt.Errorf("killed, but it ended with %v", err)
	}
	return nil
}

// stop ends the server in order.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// command runs another command of the program.
func command(bin, dir, input string, args ...string) error {
	cmd := exec.Command(bin, append(args, "--data", dir)...)
	cmd.Env, cmd.Stdin = environ(), strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", args, err, out)
	}
	return nil
}
