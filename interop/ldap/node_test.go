package ldap

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A node is a poststube that runs as a process, with people from slapd.
type node struct {
	t           *testing.T
	binary, dir string
	environ     []string
	addr        string // IMAP
}

func startNode(t *testing.T, s *slapd) *node {
	t.Helper()
	dir, err := os.MkdirTemp("", "ps") // a short path: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := &node{t: t, binary: filepath.Join(dir, "poststube"), dir: filepath.Join(dir, "d")}
	if out, err := exec.Command("go", "build", "-o", n.binary, "poststube/cmd/poststube").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n.environ = []string{"POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C",
		"POSTSTUBE_LDAP_URL=" + s.tls, "POSTSTUBE_LDAP_CA=" + s.ca, "POSTSTUBE_LDAP_BIND_DN=" + service, "POSTSTUBE_LDAP_BIND_PASSWORD=service",
		"POSTSTUBE_LDAP_PEOPLE_BASE=" + people, "POSTSTUBE_LDAP_GROUPS_BASE=" + groups, "POSTSTUBE_LDAP_REFRESH=1h"}
	n.run("source", "sync") // while it is stopped, as any command
	cmd := n.command("serve", "--listen", "imap=127.0.0.1:0")
	var log bytes.Buffer
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("the server ended with %v\n%s", err, log.String())
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening imap="); ok {
			n.addr = addr
		}
	}
	if n.addr == "" {
		t.Fatalf("the server did not get ready\n%s", log.String())
	}
	return n
}

func (n *node) command(args ...string) *exec.Cmd {
	cmd := exec.Command(n.binary, append(args, "--data", n.dir)...)
	cmd.Env = append(cmd.Environ(), n.environ...)
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

// A client speaks IMAP line by line.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Scanner
}

func (n *node) dial() *client {
	n.t.Helper()
	conn, err := net.Dial("tcp", n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		n.t.Fatal(err)
	}
	c := &client{n.t, conn, bufio.NewScanner(conn)}
	c.until("* OK ")
	return c
}

func (c *client) send(line string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
		c.t.Fatal(err)
	}
}

// until reads up to a line that begins with prefix, and returns all.
func (c *client) until(prefix string) string {
	c.t.Helper()
	var all strings.Builder
	for c.in.Scan() {
		all.WriteString(c.in.Text() + "\n")
		if strings.HasPrefix(c.in.Text(), prefix) {
			return all.String()
		}
	}
	c.t.Fatalf("no %q, but\n%s(%v)", prefix, all.String(), c.in.Err())
	return ""
}

// do sends a command and returns what is answered.
func (c *client) do(command string) string {
	c.t.Helper()
	c.send("a " + command)
	return c.until("a ")
}

// expect is do, and an answer that contains text.
func (c *client) expect(command, text string) {
	c.t.Helper()
	if got := c.do(command); !strings.Contains(got, text) {
		c.t.Errorf("%s was answered with\n%snot with %s", command, got, text)
	}
}
