package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A guess is a failed login.
type guess struct {
	proto string // imap6 is IMAP over IPv6
	user  string
}

// login makes the guess and returns when the server has answered it.
func (g guess) login(p *process) error {
	network, proto := "tcp", strings.TrimSuffix(g.proto, "6")
	addr := p.addrs[g.proto]
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	c, err := net.Dial(network, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + g.user + "\x00wrong"))
	switch {
	case proto == "sasl":
		fmt.Fprintf(c, "VERSION\t1\t2\nCPID\t1\nAUTH\t1\tPLAIN\tservice=smtp\trip=203.0.113.9\tsecured\tresp=%s\n", plain)
	default:
		fmt.Fprintf(c, "a AUTHENTICATE PLAIN %s\r\n", plain)
	}
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "a NO ") || strings.HasPrefix(lines.Text(), "FAIL\t1") {
			return nil
		}
	}
	return fmt.Errorf("no answer to a wrong password: %v", lines.Err())
}

// guesses are logins that fail, and the addresses to be banned for them. Some
// would like to have somebody else banned.
var guesses = []struct {
	guess
	host string
}{
	{guess{"imap", "anna"}, "127.0.0.1"},
	{guess{"imap6", "anna"}, "::1"},
	{guess{"sasl", "anna@example.org"}, "203.0.113.9"},
	{guess{"imap", "x remote=198.51.100.1 proto=imap"}, "127.0.0.1"},
	{guess{"imap", `x" remote=198.51.100.2 proto=imap`}, "127.0.0.1"},
	{guess{"imap", `x\" remote=198.51.100.3 proto=imap`}, "127.0.0.1"},
	{guess{"imap", `x","remote":"198.51.100.4","proto":"`}, "127.0.0.1"},
	{guess{"imap", `x\","remote":"198.51.100.5","proto":"`}, "127.0.0.1"},
	{guess{"imap", "x\ntime=2026-01-01T00:00:00.000Z level=WARN msg=\"auth failed\" user=y remote=198.51.100.6 proto=imap"}, "127.0.0.1"},
	{guess{"imap", "x\u2028time=2026-01-01T00:00:00.000Z level=WARN msg=\"auth failed\" user=y remote=198.51.100.7 proto=imap"}, "127.0.0.1"},
	{guess{"imap", "=198.51.100.8"}, "127.0.0.1"},
	{guess{"imap", "größe\U0001F600"}, "127.0.0.1"},
}

// TestFail2ban: the real fail2ban finds in the log of real failed logins the
// addresses they came from, each once, and never one that a client made up.
func TestFail2ban(t *testing.T) {
	if _, err := exec.LookPath("fail2ban-regex"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("fail2ban-regex is missing: apt-get install fail2ban")
		}
		t.Skip("NOT TESTED WITH THE REAL fail2ban: apt-get install fail2ban")
	}
	filter, err := filepath.Abs("../../dist/fail2ban/filter.d/poststube.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			dir, err := os.MkdirTemp("", "ps") // a socket's path must be short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			config := filepath.Join(dir, "c.toml")
			if err := os.WriteFile(config, []byte("[log]\nformat = \""+format+"\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			lines := failedLogins(t, dir, config)
			var want []string
			for _, g := range guesses {
				want = append(want, g.host)
			}
			slices.Sort(want)
			// As they stand in a file, and as the journal gives them to fail2ban.
			for name, before := range map[string]string{"file": "", "journal": "mail poststube[4711]: "} {
				log := filepath.Join(dir, name)
				if err := os.WriteFile(log, []byte(before+strings.Join(lines, "\n"+before)+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command("fail2ban-regex", "--print-no-missed", "--out", "ip", log, filter).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				got := strings.Fields(string(out))
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("in a %s fail2ban finds\n%s, want\n%s, in\n%s", name, got, want, strings.Join(lines, "\n"))
				}
			}
		})
	}
}

// failedLogins runs a server, makes all guesses, at once since each waits for its
// penalty, and returns what it logged of them.
func failedLogins(t *testing.T, dir, config string) (lines []string) {
	t.Helper()
	cmd := exec.Command("poststube", "serve", "--data", filepath.Join(dir, "d"), "--config", config,
		"--listen", "imap=127.0.0.1:0", "--listen", "imap=[::1]:0", "--listen", "sasl=unix:"+filepath.Join(dir, "sasl"))
	cmd.Env = append(os.Environ(), "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0", "LC_ALL=C")
	p, err := startCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(p.stdout) {
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening imap="); ok {
			if strings.HasPrefix(addr, "[") {
				p.addrs["imap6"] = addr
			} else {
				p.addrs["imap"] = addr
			}
		}
	}
	var all sync.WaitGroup
	for _, g := range guesses {
		all.Go(func() {
			if err := g.login(p); err != nil {
				t.Errorf("%q: %v", g.user, err)
			}
		})
	}
	all.Wait()
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(p.stderr.String()) {
		if strings.Contains(line, "auth failed") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	if len(lines) != len(guesses) {
		t.Fatalf("%d lines for %d failed logins:\n%s", len(lines), len(guesses), p.stderr.String())
	}
	return lines
}
