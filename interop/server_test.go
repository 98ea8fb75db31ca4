package interop

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// need returns the path of a program, or ends the test.
func need(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	why := fmt.Sprintf("%s is not installed: apt-get install %s", program, pkg)
	if os.Getenv("CI") != "" {
		t.Fatal("CANNOT TEST WITH A REAL CLIENT: " + why)
	}
	t.Skip("NOT TESTED WITH A REAL CLIENT: " + why)
	return ""
}

// A node is a server that runs, with its data.
type node struct {
	t      *testing.T
	binary string
	dir    string
	addr   string // IMAP
}

// startNode builds and starts the server, with anna and ben (password secret).
func startNode(t *testing.T) *node {
	t.Helper()
	dir, err := os.MkdirTemp("", "ps") // a short path: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	n := &node{t: t, binary: filepath.Join(dir, "poststube"), dir: filepath.Join(dir, "d")}
	if out, err := exec.Command("go", "build", "-o", n.binary, "poststube/cmd/poststube").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(n.binary, "serve", "--data", n.dir, "--listen", "imap=127.0.0.1:0")
	cmd.Env = append(cmd.Environ(), "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C")
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
	n.run("anna:secret\nben:secret\n", "user", "add", "--from", "-")
	return n
}

// run runs a command of poststube on the node and returns what it prints.
func (n *node) run(stdin string, args ...string) string {
	n.t.Helper()
	cmd := exec.Command(n.binary, append(args, "--data", n.dir)...)
	cmd.Stdin = strings.NewReader(stdin)
	return output(n.t, cmd)
}

// output runs a program, which must succeed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

func (n *node) hostPort() (host, port string) {
	host, port, err := net.SplitHostPort(n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	return host, port
}

// realMail returns the folder with the SpamAssassin mail, and how many messages
// are in it; or, where that is not to be had, as many as a test needs of our
// own, which is said aloud.
func realMail(t *testing.T) (files []string) {
	t.Helper()
	dir := t.TempDir()
	if corpus := findCorpus(); corpus != "" {
		files = unpack(t, filepath.Join(corpus, "spamassassin.tar.gz"), dir)
		if len(files) != 6046 {
			t.Fatalf("%d messages in the corpus, not 6046", len(files))
		}
		return files
	}
	t.Log("NOT TESTED WITH REAL MAIL: no spamassassin.tar.gz in $POSTSTUBE_CORPUS; messages are made up")
	for i := range 300 {
		text := fmt.Sprintf("From: ben%d@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= %d\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n\nbody \xfc\n\n.\n..\n%s\n",
			i, i, strings.Repeat("x", i*i%70000))
		file := filepath.Join(dir, fmt.Sprintf("%03d.eml", i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// findCorpus returns $POSTSTUBE_CORPUS, or the folder beside the repository.
func findCorpus() string {
	for _, dir := range []string{os.Getenv("POSTSTUBE_CORPUS"), "../../shared/corpus"} {
		if _, err := os.Stat(filepath.Join(dir, "spamassassin.tar.gz")); dir != "" && err == nil {
			return dir
		}
	}
	return ""
}

func unpack(t *testing.T, archive, dir string) (files []string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(h.Name, ".txt") {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, strings.ReplaceAll(h.Name, "/", "_"))
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
}
