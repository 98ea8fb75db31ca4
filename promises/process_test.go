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
	"sync/atomic"
	"syscall"
	"testing"

	"poststube/admin"
)

// buildDir is where the program is built, once for all tests.
var buildDir string

var buildOnce = sync.OnceValue(func() error {
	if out, err := exec.Command("go", "build", "-o", filepath.Join(buildDir, "poststube"), "poststube/cmd/poststube").CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return nil
})

func TestMain(m *testing.M) {
	if name := os.Getenv(attackVariable); name != "" {
		os.Exit(assail(name, os.Getenv(targetVariable)))
	}
	var err error
	if buildDir, err = os.MkdirTemp("", "stube-program"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

// buildProgram builds the program that is promised of.
func buildProgram(t *testing.T) string {
	t.Helper()
	if err := buildOnce(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(buildDir, "poststube")
}

// A process is a running server.
type process struct {
	dir    string
	cmd    *exec.Cmd
	addrs  map[string]string // of each protocol
	stderr bytes.Buffer      // to be read once it has ended

	dials atomic.Int64
	dying atomic.Bool // from when it is killed
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
	p.cmd = exec.Command(bin, "serve", "--data", dir, "--listen", "imap=127.0.0.1:0", "--listen", "imaps=127.0.0.1:0", "--listen", "lmtp=127.0.0.1:0",
		"--listen", "sasl=127.0.0.1:0", "--listen", "socketmap=127.0.0.1:0")
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

// kill ends the server with SIGKILL. It is an error if it has ended before.
func (p *process) kill() error {
	p.dying.Store(true)
	err := p.cmd.Process.Kill()
	end := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(end, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
			return err
		}
	}
	return fmt.Errorf("the server ended by itself: %w\n%s", errors.Join(end, err), p.stderr.String())
}

// unlessGone returns an error, but not that the server is gone once it was killed:
// until then no connection may break.
func (p *process) unlessGone(err error) error {
	if errors.Is(gone(err), errGone) && p.dying.Load() {
		return nil
	}
	return err
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
