package moving

import (
	"bufio"
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A node is a poststube that runs as a process, with anna and ben.
type node struct {
	t      *testing.T
	binary string
	dir    string
	addr   string // IMAP
	cmd    *exec.Cmd
	log    bytes.Buffer
}

func startNode(t *testing.T) *node {
	t.Helper()
	dir := shortDir(t)
	n := &node{t: t, binary: filepath.Join(dir, "poststube"), dir: filepath.Join(dir, "d")}
	if out, err := exec.Command("go", "build", "-o", n.binary, "poststube/cmd/poststube").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n.start()
	t.Cleanup(func() { n.kill() })
	n.run("user", "add", "--from", "-")
	return n
}

func (n *node) start() {
	n.t.Helper()
	n.cmd = n.command("serve", "--listen", "imap=127.0.0.1:0")
	n.cmd.Stderr = &n.log
	stdout, err := n.cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening imap="); ok {
			n.addr = addr
		}
	}
	if n.addr == "" {
		n.t.Fatalf("the server did not get ready\n%s", n.log.String())
	}
}

// kill ends the server as a crash does.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	var exit *exec.ExitError
	if err := n.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		n.t.Error(err)
	}
}

func (n *node) command(args ...string) *exec.Cmd {
	cmd := exec.Command(n.binary, append(args, "--data", n.dir)...)
	cmd.Env = append(cmd.Environ(), "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C")
	cmd.Stdin = strings.NewReader("anna:secret\nben:secret\n")
	if args[0] == "import" {
		cmd.Stdin = strings.NewReader("secret\n")
	}
	return cmd
}

// run runs a command, which must succeed, and returns what it prints.
func (n *node) run(args ...string) string {
	n.t.Helper()
	out, err := n.command(args...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("poststube %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
