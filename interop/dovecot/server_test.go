package dovecot

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// startDovecot runs Debian's dovecot with a configuration of its own and
// returns the address of its IMAP port. Where it cannot run the test is
// skipped, or fails if $CI or $POSTSTUBE_INTEROP is set.
func startDovecot(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("dovecot")
	if err != nil {
		for _, p := range []string{"/usr/sbin/dovecot", "/usr/local/sbin/dovecot"} {
			if _, statErr := os.Stat(p); statErr == nil {
				path, err = p, nil
			}
		}
	}
	if err != nil {
		unavailable(t, "dovecot is not installed: apt-get install dovecot-imapd")
	}
	if os.Getuid() != 0 {
		unavailable(t, "dovecot starts only as root")
	}
	dir, err := os.MkdirTemp("", "dovecot") // a short path: it holds unix sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().(*net.TCPAddr)
	_ = listener.Close()

	mail := filepath.Join(dir, "mail")
	if err := os.Mkdir(mail, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(mail, 0o777); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, config, dir, addr.Port), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-F", "-c", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	waitFor(t, addr.String(), filepath.Join(dir, "log"))
	return addr.String()
}

// waitFor waits until the port answers.
func waitFor(t *testing.T, addr, log string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", addr, 200*time.Millisecond)
		if err == nil {
			_ = conn.Close()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("dovecot does not answer; its log:\n%s", text)
}

// unavailable ends a test that lacks what it needs.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("POSTSTUBE_INTEROP") != "" {
		t.Fatal("cannot compare with Dovecot: " + why)
	}
	t.Skip("NOT COMPARED WITH DOVECOT: " + why)
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
mail_location = sdbox:%[1]s/mail/%%u
mail_fsync = never
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
