package postfix

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A rig is poststube with Postfix in front, each a process of its own.
type rig struct {
	*testing.T
	dir    string
	binary string        // poststube
	imap   string        // address
	smtp   string        // of Postfix, for other servers
	verify string        // the same, with address verification instead of the socketmap
	submit string        // of Postfix, for mail programs
	log    *lockedBuffer // of poststube
	mail   *lockedBuffer // of Postfix
	stop   func()        // stops poststube
}

// A lockedBuffer collects what a process prints.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// unavailable ends the test where Postfix cannot be had, which in CI is a
// failure.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("CANNOT TEST WITH THE REAL POSTFIX: " + why)
	}
	t.Skip("NOT TESTED WITH THE REAL POSTFIX: " + why)
}

// newRig starts both; the end of the test stops them.
func newRig(t *testing.T) *rig {
	t.Helper()
	if _, err := os.Stat("/usr/sbin/postfix"); err != nil {
		unavailable(t, "it is not installed: apt-get install postfix")
	}
	if os.Getuid() != 0 {
		unavailable(t, "its master process must be started by root")
	}
	dir, err := os.MkdirTemp("", "pf") // a short path: it holds sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	r := &rig{T: t, dir: dir, log: &lockedBuffer{}, mail: &lockedBuffer{}}
	r.must(os.Chmod(dir, 0o755)) // Postfix's own users go through it
	r.must(os.Mkdir(r.path("queue"), 0o755))
	r.startPoststube()
	r.startPostfix()
	return r
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// run runs a program that must succeed, and returns what it prints.
func (r *rig) run(stdin, program string, args ...string) string {
	r.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// poststube runs one of its commands.
func (r *rig) poststube(stdin string, args ...string) string {
	r.Helper()
	return r.run(stdin, r.binary, append(args, "--data", r.path("data"))...)
}

// startPoststube makes the users and runs the server with the configuration of
// the documentation.
func (r *rig) startPoststube() {
	r.Helper()
	sockets := r.path("queue/poststube")
	r.must(os.Mkdir(sockets, 0o750))
	group := strings.Fields(r.run("", "getent", "group", "postfix"))[0]
	gid, err := strconv.Atoi(strings.Split(group, ":")[2])
	r.must(err)
	r.must(os.Chown(sockets, 0, gid))
	r.must(os.Chmod(sockets, 0o750|os.ModeSetgid))

	r.binary = r.path("poststube")
	r.run("", "go", "build", "-o", r.binary, "poststube/cmd/poststube")
	r.poststube("anna:secret\nben:secret\nclara:secret\n", "user", "add", "--from", "-")
	r.poststube("", "team", "add", "sales", "--address", "sales@example.org", "--members", "anna,ben", "--preset", "editor")

	config := replaced(r.T, fromDocs(r.T, "poststube.toml"), "/var/spool/postfix", r.path("queue"))
	config = replaced(r.T, config, "[listen]\n", "[listen]\nimap = [\"127.0.0.1:0\"]\nimaps = []\n")
	r.must(os.WriteFile(r.path("poststube.toml"), []byte(config), 0o600))
	cmd := exec.Command(r.binary, "serve", "--data", r.path("data"), "--config", r.path("poststube.toml"))
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "POSTSTUBE_HOST_NAME=mail.example.org")
	cmd.Stderr = r.log
	out, err := cmd.StdoutPipe()
	r.must(err)
	r.must(cmd.Start())
	r.stop = sync.OnceFunc(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			r.Errorf("poststube ended with %v\n%s", err, r.log)
		}
	})
	r.Cleanup(func() {
		r.stop()
		if r.Failed() {
			r.Logf("poststube's log:\n%s\nPostfix's log:\n%s", r.log, r.mail)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening imap="); ok {
			r.imap = addr
		}
	}
	if r.imap == "" {
		r.Fatalf("poststube did not get ready\n%s", r.log)
	}
	// The documentation promises that Postfix's group owns the sockets.
	for _, name := range []string{"lmtp", "sasl", "socketmap"} {
		info, err := os.Stat(filepath.Join(sockets, name))
		r.must(err)
		if got := info.Sys().(*syscall.Stat_t).Gid; int(got) != gid || info.Mode().Perm() != 0o660 {
			r.Fatalf("the socket %s is of group %d, not %d, with %v", name, got, gid, info.Mode())
		}
	}
}

// freePorts returns ports that are free now. Postfix cannot choose for itself.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	ports := make([]string, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().String()
	}
	return ports
}

// services are the parts of Postfix that the test needs beside smtpd, as in
// Debian's master.cf.
const services = `
pickup    unix  n - y 60 1 pickup
cleanup   unix  n - y -  0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - y 1000? 1 tlsmgr
rewrite   unix  - - y - - trivial-rewrite
bounce    unix  - - y - 0 bounce
defer     unix  - - y - 0 bounce
trace     unix  - - y - 0 bounce
verify    unix  - - y - 1 verify
proxymap  unix  - - n - - proxymap
error     unix  - - y - - error
lmtp      unix  - - y - - lmtp
smtp      unix  - - y - - smtp
anvil     unix  - - y - 1 anvil
scache    unix  - - y - 1 scache
postlog   unix-dgram n - n - 1 postlogd
`

// startPostfix runs Postfix with the configuration of the documentation.
func (r *rig) startPostfix() {
	r.Helper()
	ports := freePorts(r.T, 3)
	r.smtp, r.verify, r.submit = ports[0], ports[1], ports[2]
	r.must(os.Mkdir(r.path("etc"), 0o755))
	r.must(os.Mkdir(r.path("lib"), 0o700))
	r.run("", "chown", "postfix", r.path("lib"))
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %s
data_directory = %s
maillog_file = /dev/stdout
myhostname = mx.example.org
mynetworks =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_tls_cert_file = %s
smtpd_tls_key_file = %s
smtpd_tls_security_level = may
`, r.path("queue"), r.path("lib"), r.path("data/tls/cert.pem"), r.path("data/tls/key.pem"))
	r.must(os.WriteFile(r.path("etc/main.cf"), []byte(main+fromDocs(r.T, "main.cf")), 0o644))
	master := r.smtp + " inet n - y - - smtpd\n" +
		r.verify + " inet n - y - - smtpd\n" +
		"  -o virtual_mailbox_maps=\n  -o { smtpd_recipient_restrictions = reject_unauth_destination, reject_unverified_recipient }\n" +
		"  -o unverified_recipient_reject_code=550\n  -o address_verify_poll_delay=1s\n" +
		replaced(r.T, fromDocs(r.T, "master.cf"), "submission inet", r.submit+" inet") + services
	r.must(os.WriteFile(r.path("etc/master.cf"), []byte(master), 0o644))
	// Debian's own way to make what Postfix wants in a queue directory.
	r.run("", "/usr/sbin/postfix", "-c", r.path("etc"), "check")

	cmd := exec.Command("/usr/sbin/postfix", "-c", r.path("etc"), "start-fg")
	cmd.Stderr = r.mail
	out, err := cmd.StdoutPipe()
	r.must(err)
	r.must(cmd.Start())
	var reading sync.WaitGroup
	r.Cleanup(func() {
		// The master process ends its children. "postfix stop" would wait for them
		// for a while first.
		pid, err := os.ReadFile(r.path("queue/pid/master.pid"))
		r.must(err)
		master, err := strconv.Atoi(strings.TrimSpace(string(pid)))
		r.must(err)
		r.must(syscall.Kill(master, syscall.SIGTERM))
		reading.Wait()
		_ = cmd.Wait() // its status tells how it was stopped
	})
	started := make(chan bool, 1)
	reading.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(r.mail, lines.Text())
			if strings.Contains(lines.Text(), "daemon started") {
				started <- true
			}
		}
		close(started)
	})
	if !<-started {
		r.Fatalf("Postfix did not get ready\n%s", r.mail)
	}
}
