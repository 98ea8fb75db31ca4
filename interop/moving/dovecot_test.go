package moving

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A dovecot is a Debian Dovecot with the account anna, password secret, whose
// mail lies in maildir.
type dovecot struct {
	addr    string
	maildir string
}

// startDovecot starts one; prepare, if not nil, fills the directory of the
// Maildir before.
func startDovecot(t *testing.T, prepare func(maildir string)) *dovecot {
	t.Helper()
	path, err := exec.LookPath("dovecot")
	if err != nil {
		if _, statErr := os.Stat("/usr/sbin/dovecot"); statErr != nil {
			unavailable(t, "dovecot is not installed: apt-get install dovecot-imapd")
		}
		path = "/usr/sbin/dovecot"
	}
	if os.Getuid() != 0 {
		unavailable(t, "dovecot starts only as root")
	}
	dir := shortDir(t)
	mail := filepath.Join(dir, "mail")
	for name, mode := range map[string]os.FileMode{dir: 0o755, mail: 0o777} {
		if err := os.MkdirAll(name, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	d := &dovecot{maildir: filepath.Join(mail, "anna", "Maildir")}
	if prepare != nil {
		if err := os.MkdirAll(filepath.Dir(d.maildir), 0o755); err != nil {
			t.Fatal(err)
		}
		prepare(d.maildir)
		if out, err := exec.Command("chown", "-R", "nobody:nogroup", mail).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v\n%s", err, out)
		}
	}
	addr := freePort(t)
	d.addr = addr.String()
	conf := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, config, dir, addr.Port), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-F", "-c", conf)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	if err := await(addr.String()); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("dovecot does not answer: %v\n%s%s", err, stderr.String(), log)
	}
	return d
}

// unavailable ends a test that lacks what it needs.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("POSTSTUBE_INTEROP") != "" {
		t.Fatal("cannot move in from Dovecot: " + why)
	}
	t.Skip("NOT MOVED IN FROM DOVECOT: " + why)
}

// shortDir is a temporary directory with a path short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePort(t *testing.T) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr)
}

// await waits until a port answers.
func await(addr string) error {
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.Dial("tcp", addr); err == nil {
			return conn.Close()
		}
	}
	return err
}

// talk sends commands, tagged x, to Dovecot as anna; all must be answered with OK.
func (d *dovecot) talk(t *testing.T, commands int, text []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// Its login process may hang up on one who says more than it can hold.
	if _, err := conn.Write([]byte("x LOGIN anna secret\r\n")); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "x ") {
	}
	if !strings.HasPrefix(lines.Text(), "x OK") {
		t.Fatalf("dovecot: LOGIN: %q, %v", lines.Text(), lines.Err())
	}
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(text)
		sent <- err
	}()
	for n := 0; n < commands && lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "x ") {
			n++
			if !strings.HasPrefix(line, "x OK") {
				t.Fatalf("dovecot: command %d: %s", n, line)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

const config = `base_dir = %[1]s/run
protocols = imap
listen = 127.0.0.1
log_path = %[1]s/log
ssl = no
disable_plaintext_auth = no
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_plugins = acl
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=%[1]s/mail/%%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox "Sent Items" {
    special_use = \Sent
    auto = subscribe
  }
}
protocol imap {
  mail_plugins = acl imap_acl
}
plugin {
  acl = vfile
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = %[2]d
  }
  inet_listener imaps {
    port = 0
  }
}
`
