package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestPackage: the package is built, and installs, serves, restarts, is upgraded
// and goes again on this machine's Debian. With $POSTSTUBE_LONG it also passes
// lintian, and does all that on a Debian that debootstrap has just made.
func TestPackage(t *testing.T) {
	deb := buildPackage(t)
	t.Run("lintian", func(t *testing.T) {
		if os.Getenv("POSTSTUBE_LONG") == "" {
			t.Skip("only with POSTSTUBE_LONG: lintian renders all man pages")
		}
		if _, err := exec.LookPath("lintian"); err != nil {
			unavailable(t, "lintian is missing: apt-get install lintian")
		}
		out, err := exec.Command("lintian", "--allow-root", "--fail-on", "error,warning", deb).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("this Debian", func(t *testing.T) {
		// What else this machine runs as services stays out of it.
		service(boot(t, "/", "--unit=basic.target"), deb)
	})
	t.Run("fresh Debian", func(t *testing.T) {
		root := os.Getenv("POSTSTUBE_DEBIAN")
		if root == "" && os.Getenv("POSTSTUBE_LONG") == "" {
			t.Skip("only with POSTSTUBE_LONG, since debootstrap takes minutes, or with POSTSTUBE_DEBIAN=ROOT")
		}
		if root == "" {
			root = filepath.Join(t.TempDir(), "debian")
			cmd := exec.Command("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,adduser", "stable", root)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("debootstrap: %v\n%s", err, out)
			}
		}
		service(boot(t, root), deb)
	})
}

// buildPackage runs scripts/package and returns what it made.
func buildPackage(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("../../scripts/package")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Fields(string(out))
	deb, err := filepath.Abs(filepath.Join("../..", lines[len(lines)-1]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(deb); err != nil {
		t.Fatalf("%v; scripts/package said\n%s", err, out)
	}
	return deb
}

// service is the life of the package on a system, from the installation to the
// purge.
func service(s *system, deb string) {
	b, err := os.ReadFile(deb)
	if err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(s.path("/tmp/poststube.deb"), b, 0o644); err != nil {
		s.Fatal(err)
	}
	s.sh("rm -f /usr/sbin/policy-rc.d") // images of containers forbid services by it
	s.installs()
	s.logsIn()
	s.restarts()
	s.socketActivated()
	s.watched()
	s.refuses()
	s.upgrades()
	s.goes()
}

func (s *system) installs() {
	s.Helper()
	s.sh("dpkg -i /tmp/poststube.deb")
	s.says("systemctl is-active poststube.service", "active")
	s.says("systemctl is-enabled poststube.service", "enabled")
	s.says("systemctl is-enabled poststube.socket || true", "disabled")
	s.says("stat -c '%U %G %a' /var/lib/poststube", "poststube poststube 700")
	s.says("getent passwd poststube | cut -d: -f6,7", "/var/lib/poststube:/usr/sbin/nologin")
	s.says("stat -c '%U %a' /etc/poststube/poststube.toml", "root 644")
	s.says("dpkg-query -W -f='${Conffiles}' poststube | grep -c '/etc/'", "3")
	s.says("poststube config check /etc/poststube/poststube.toml", "the configuration is right")
	s.sh("test -s /usr/share/man/man1/poststube.1.gz && test -s /usr/share/bash-completion/completions/poststube")
	// It runs as its user and can open low ports, and nothing else.
	s.says("ps -o user= -p $(systemctl show -P MainPID poststube) 2>/dev/null || stat -c %U /proc/$(systemctl show -P MainPID poststube)", "poststube")
	s.says("grep CapEff /proc/$(systemctl show -P MainPID poststube)/status", "CapEff:\t0000000000000400")
	s.says("grep -L '^NoNewPrivs:.1' /proc/$(systemctl show -P MainPID poststube)/status", "")
	s.says("find /var/lib/poststube -not -user poststube", "")
	s.says("find /var/lib/poststube -perm /077 -not -type l", "")
	s.says("systemd-analyze verify --man=no poststube.service poststube.socket 2>&1 | grep -i poststube || true", "")
	s.exposure(1.5)
}

// exposure holds what systemd thinks of the unit's sandbox (0 is tight, 10 open)
// to a limit.
func (s *system) exposure(limit float64) {
	s.Helper()
	out := s.try("systemd-analyze security --no-pager poststube.service")
	_, rest, _ := strings.Cut(out, "Overall exposure level for poststube.service: ")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		s.Fatalf("systemd-analyze security says\n%s", out)
	}
	level, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || level > limit {
		s.Errorf("exposure %s, %v; no more than %.1f is wanted:\n%s", fields[0], err, limit, out)
	}
	s.Logf("exposure level %.1f", level)
}

// logsIn adds two people, by the command line as root types it, and has both log
// in over TLS, with the certificate checked.
func (s *system) logsIn() {
	s.Helper()
	s.shWith("secret\n", "poststube user add anna --password-stdin")
	s.shWith("secret\n", "poststube user add ben --password-stdin")
	message := filepath.Join(s.TempDir(), "message")
	if err := os.WriteFile(message, []byte("From: anna\r\nSubject: hello\r\n\r\nhello\r\n"), 0o600); err != nil {
		s.Fatal(err)
	}
	curl := []string{"curl", "-sS", "-m", "60", "--cacert", s.path("/var/lib/poststube/tls/cert.pem")}
	for _, user := range []string{"anna", "ben"} {
		login := append(curl, "--user", user+":secret")
		if out, err := s.from(append(login, "imaps://localhost/INBOX", "-T", message)...); err != nil {
			s.Fatalf("%s: %v\n%s", user, err, out)
		}
		if out, err := s.from(append(login, "imaps://localhost/INBOX;MAILINDEX=1")...); err != nil || !strings.Contains(out, "Subject: hello") {
			s.Errorf("%s: %v\n%s", user, err, out)
		}
	}
	if out, err := s.from(append(curl, "--user", "anna:wrong", "imaps://localhost/INBOX")...); err == nil {
		s.Errorf("a wrong password: %s", out)
	}
	s.until("journalctl -u poststube | grep -q 'auth failed.*remote='")
	s.sh("poststube verify")
}

// restarts: a reload goes through, and a restart refuses no client.
func (s *system) restarts() {
	s.Helper()
	s.sh("systemctl reload poststube")
	s.until("journalctl -u poststube | grep -q msg=reloaded")
	pid := s.sh("systemctl show -P MainPID poststube")
	stop := filepath.Join(s.TempDir(), "stop")
	done := make(chan struct{})
	var out string
	var err error
	go func() {
		defer close(done)
		out, err = s.from("bash", "-c", `n=0
			while [ ! -e "$0" ]; do
				exec 3<>/dev/tcp/127.0.0.1/143 && read -r -t 60 line <&3 || { echo "refused, or no greeting"; exit 1; }
				case $line in "* OK "*|"* BYE "*) ;; *) echo "greeted with $line"; exit 1;; esac
				exec 3>&-
				n=$((n+1))
			done
			echo $n`, stop)
	}()
	s.sh("systemctl restart poststube && systemctl restart poststube")
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		s.Fatal(err)
	}
	<-done
	if n, _ := strconv.Atoi(strings.TrimSpace(out)); err != nil || n < 3 {
		s.Errorf("clients during a restart: %v, %s", err, out)
	}
	if now := s.sh("systemctl show -P MainPID poststube"); now == pid {
		s.Errorf("the process is still %s", pid)
	}
}

// socketActivated: with the socket unit the first connection starts the service,
// which needs no capability then.
func (s *system) socketActivated() {
	s.Helper()
	s.sh("systemctl stop poststube.service && systemctl start poststube.socket")
	s.says("systemctl is-active poststube.service || true", "inactive")
	out, err := s.from("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/143; read -r -t 60 line <&3; echo \"$line\"")
	if err != nil || !strings.HasPrefix(out, "* OK ") {
		s.Errorf("the first connection: %q, %v", out, err)
	}
	s.says("systemctl is-active poststube.service", "active")
	s.sh("systemctl stop poststube.socket poststube.service && systemctl start poststube.service")
}

// watched: a server that hangs is started anew.
func (s *system) watched() {
	s.Helper()
	s.sh("mkdir -p /run/systemd/system/poststube.service.d && printf '[Service]\\nWatchdogSec=2s\\n' >/run/systemd/system/poststube.service.d/fast.conf")
	s.sh("systemctl daemon-reload && systemctl restart poststube")
	pid := strings.TrimSpace(s.sh("systemctl show -P MainPID poststube"))
	s.sh("kill -STOP " + pid)
	s.until("p=$(systemctl show -P MainPID poststube) && [ $p != 0 ] && [ $p != " + pid + " ] && systemctl -q is-active poststube")
	s.until("journalctl -u poststube | grep -qi 'watchdog timeout'")
	s.sh("rm -r /run/systemd/system/poststube.service.d && systemctl daemon-reload && systemctl restart poststube")
}

// refuses: a start that another one cannot cure is not tried again.
func (s *system) refuses() {
	s.Helper()
	s.sh("systemctl stop poststube && cp /etc/poststube/poststube.toml /tmp/right.toml && echo 'nonsense = 1' >>/etc/poststube/poststube.toml")
	s.try("systemctl start poststube")
	s.until("systemctl -q is-failed poststube")
	s.says("systemctl show -P ExecMainStatus poststube", "78")
	s.says("systemctl show -P NRestarts poststube", "0")
	s.says("systemctl show -P SubState poststube", "failed") // not auto-restart
	s.sh("cp /tmp/right.toml /etc/poststube/poststube.toml && systemctl reset-failed poststube && systemctl start poststube")
}

// upgrades: the configuration stays as the administrator left it, and the new
// program runs.
func (s *system) upgrades() {
	s.Helper()
	s.sh("echo '# mine' >>/etc/poststube/poststube.toml")
	pid := s.sh("systemctl show -P MainPID poststube")
	s.sh("dpkg -i /tmp/poststube.deb")
	s.says("systemctl is-active poststube.service", "active")
	s.says("tail -n 1 /etc/poststube/poststube.toml", "# mine")
	if now := s.sh("systemctl show -P MainPID poststube"); now == pid {
		s.Error("the old program still runs")
	}
	s.says("poststube user list | wc -l", "2")
	// A service that the administrator has switched off stays off.
	s.sh("systemctl disable --now poststube && dpkg -i /tmp/poststube.deb")
	s.says("systemctl is-enabled poststube || true", "disabled")
	s.says("systemctl is-active poststube || true", "inactive")
	// While it is stopped, root would spoil the store.
	if out := s.try("poststube user list"); !strings.Contains(out, "sudo -u poststube") {
		s.Errorf("root on the stopped store: %s", out)
	}
	s.says("setpriv --reuid=poststube --regid=poststube --init-groups poststube user list | wc -l", "2")
	s.sh("systemctl enable --now poststube")
}

// goes: removing stops the server and leaves the configuration, purging leaves
// only the mail.
func (s *system) goes() {
	s.Helper()
	s.sh("dpkg -r poststube")
	s.sh("test ! -e /usr/bin/poststube && test -e /etc/poststube/poststube.toml")
	s.says("systemctl is-active poststube.service || true", "inactive")
	if out := s.sh("dpkg -P poststube"); !strings.Contains(out, "The mail in /var/lib/poststube and the user poststube are kept") {
		s.Errorf("purging says\n%s", out)
	}
	s.sh("test ! -e /etc/poststube && test ! -e /etc/fail2ban/filter.d/poststube.conf")
	s.says("find /etc/systemd /var/lib/systemd -name 'poststube*'", "")
	s.sh("test -d /var/lib/poststube/kv")
	s.says("stat -c %U /var/lib/poststube", "poststube")
}
