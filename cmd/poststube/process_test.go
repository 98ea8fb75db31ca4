package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program too: tests start it as a process
// of its own, which they can kill.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"poststube": main})
}

// A process is a server that runs as one.
type process struct {
	cmd    *exec.Cmd
	addrs  map[string]string // of each protocol
	stdout string            // up to "ready"
	stderr lockedBuffer
}

// startProcess starts a server on dir, on free ports of the loopback interface,
// and returns when it is ready.
func startProcess(dir string, args ...string) (*process, error) {
	cmd := exec.Command("poststube", append([]string{"serve", "--data", dir, "--listen", "imap=127.0.0.1:0", "--listen", "imaps=127.0.0.1:0", "--listen", "lmtp=127.0.0.1:0"}, args...)...)
	cmd.Env = append(cmd.Environ(), "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C")
	return startCommand(cmd)
}

// startCommand starts a server and returns when it is ready.
func startCommand(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, addrs: map[string]string{}}
	p.cmd.Stderr = &p.stderr
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
		p.stdout += line
		if err != nil {
			return nil, fmt.Errorf("the server did not get ready: %w\n%s", errors.Join(err, p.cmd.Wait()), p.stderr.String())
		}
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening "); ok {
			proto, at, _ := strings.Cut(addr, "=")
			p.addrs[proto] = at
		}
		if line == "ready\n" {
			go io.Copy(io.Discard, lines)
			return p, nil
		}
	}
}

// stop ends the server in order.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, p.stderr.String())
	}
	return nil
}

// kill ends the server as a power cut does, but for what the system has in its
// caches.
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
