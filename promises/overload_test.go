package promises

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	attackers   = 64
	memoryBound = 1 << 30
)

// An attack is what one connection of an attacker does, again and again until stop
// is closed. It may end with any error: then the next connection begins.
type attack struct {
	name string
	lmtp bool
	run  func(a *assault) error
}

// An assault is one connection of an attacker.
type assault struct {
	*wire
	user string
	stop <-chan struct{}
}

func (a *assault) stopped() bool {
	select {
	case <-a.stop:
		return true
	default:
		return false
	}
}

// login is the beginning of most attacks.
func (a *assault) login() error {
	if _, _, err := a.must("LOGIN %s secret", a.user); err != nil {
		return err
	}
	_, _, err := a.must("SELECT INBOX")
	return err
}

// again sends a command until the attack is over. A refusal is no reason to stop.
func (a *assault) again(command string) error {
	if err := a.login(); err != nil {
		return err
	}
	for !a.stopped() {
		if _, _, err := a.say(command); err != nil {
			return err
		}
	}
	return nil
}

func literalOf(text string) string { return fmt.Sprintf("{%d+}\r\n%s", len(text), text) }

// attacks are bombs for memory and time, each against what another limit holds.
func attacks() []attack {
	again := func(command string) func(*assault) error {
		return func(a *assault) error { return a.again(command) }
	}
	ranges := strings.TrimSuffix(strings.Repeat("1,3,", 3000), ",")
	deep := strings.Repeat("OR TEXT x (NOT ", 20) + "TEXT y" + strings.Repeat(")", 20)
	return []attack{
		{"silent connections", false, func(a *assault) error { <-a.stop; return nil }},
		{"commands that never end", false, func(a *assault) error {
			if err := a.login(); err != nil {
				return err
			}
			// 1 MiB of one command, held.
			fmt.Fprint(a.conn, "b SEARCH TEXT")
			for range 7 {
				fmt.Fprint(a.conn, " "+literalOf(strings.Repeat("x", 128<<10))+" TEXT")
			}
			<-a.stop
			return nil
		}},
		{"searches", false, again("SEARCH " + strings.Repeat("NOT SEEN NOT UNSEEN TEXT qqqq ", 1000))},
		{"nested searches", false, again("SEARCH " + deep)},
		{"sets", false, again("FETCH " + ranges + " (FLAGS ENVELOPE BODYSTRUCTURE)")},
		{"names", false, again(`LIST "" (` + strings.Repeat("%a%b%c ", 2000) + "*)")},
		{"threads", false, again("THREAD REFERENCES UTF-8 ALL")},
		{"one message a thousand times", false, again("FETCH 1:* (" + strings.TrimSpace(partsOf(500)) + ")")},
		{"who does not read", false, func(a *assault) error {
			if err := a.login(); err != nil {
				return err
			}
			for i := range 50 {
				if _, err := fmt.Fprintf(a.conn, "c%d FETCH 1:* BODY.PEEK[]\r\n", i); err != nil {
					return err
				}
			}
			<-a.stop
			return nil
		}},
		{"many messages in one APPEND", false, again("APPEND INBOX" + strings.Repeat(" "+literalOf("Subject: x\r\n\r\n"+strings.Repeat("x", 60<<10)), 200))},
		{"MIME", false, again("APPEND INBOX " + literalOf(mimeBomb(1<<20)))},
		{"addresses", true, lmtpAgain("To: " + strings.Repeat("a@b, ", 200_000) + "\r\n\r\n")},
		{"header", true, lmtpAgain(strings.Repeat("X: "+strings.Repeat("y", 900)+"\r\n", 2000) + "\r\n")},
	}
}

func partsOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "BODY.PEEK[]<%d.1000> ", i)
	}
	return b.String()
}

// mimeBomb is a message of so many octets whose parts lie in each other.
func mimeBomb(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String()
}

func lmtpAgain(message string) func(*assault) error {
	return func(a *assault) error {
		if _, err := fmt.Fprint(a.conn, "LHLO relay\r\n"); err != nil {
			return err
		}
		for !a.stopped() {
			go fmt.Fprintf(a.conn, "MAIL FROM:<a@example.com>\r\nRCPT TO:<%s@example.org>\r\nDATA\r\n%s.\r\nNOOP\r\n", a.user, message)
			for {
				line, err := a.line()
				if err != nil {
					return err
				}
				if strings.HasPrefix(line, "250 2.0.0") || strings.HasPrefix(line, "421") {
					break
				}
			}
		}
		return nil
	}
}

// TestOverload attacks the program with 64 connections of each bomb, one after the
// other. It never takes more memory than it was given, and meanwhile another user
// is served.
func TestOverload(t *testing.T) {
	span := time.Duration(rounds(t, 1)) * time.Second // of each attack
	bin, dir := buildProgram(t), shortDir(t)
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("anna:secret\nmallory:secret\noscar:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command(bin, dir, "", "user", "add", "--from", users); err != nil {
		t.Fatal(err)
	}
	p, err := start(bin, dir, fmt.Sprintf("POSTSTUBE_LIMITS_MEMORY=%d", memoryBound), "POSTSTUBE_STORAGE_CACHE=32 MiB", "POSTSTUBE_STORAGE_MEM_TABLE=16 MiB", "POSTSTUBE_LIMITS_MESSAGE_SIZE=4 MiB")
	if err != nil {
		t.Fatal(err)
	}
	defer p.cmd.Process.Kill() // if the test fails
	for _, user := range []string{"mallory", "oscar"} {
		if err := fillInbox(p.addrs["imap"], user, 2000); err != nil {
			t.Fatal(err)
		}
	}
	victim, err := dialPlain(p.addrs["imap"])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"LOGIN anna secret", "SELECT INBOX"} {
		if _, _, err := victim.must("%s", c); err != nil {
			t.Fatal(err)
		}
	}
	alone, err := workload([]*wire{victim}, span)
	if err != nil {
		t.Fatal(err)
	}
	var most int64
	var slowest time.Duration
	for _, a := range attacks() {
		under, peak := suffer(t, p, a, victim, span)
		most, slowest = max(most, peak), max(slowest, under.p99)
		t.Logf("%-30s another user: median %8v, p99 %8v; %4d MiB at most", a.name, under.median, under.p99, peak>>20)
		if peak > memoryBound {
			t.Errorf("%s: the process took %d MiB, more than %d", a.name, peak>>20, memoryBound>>20)
		}
		// The attackers and the victim run on the same processors as the server, so
		// these are the bounds of a machine that does much else.
		if under.median > max(3*alone.median, 250*time.Millisecond) || under.p99 > max(3*alone.p99, 1500*time.Millisecond) {
			t.Errorf("%s: another user waits for %v, the 99th percentile is %v; alone it was %v and %v", a.name, under.median, under.p99, alone.median, alone.p99)
		}
	}
	victim.conn.Close()
	if err := p.stop(); err != nil {
		t.Errorf("%v\n%s", err, p.stderr.String())
	}
	if n := strings.Count(p.stderr.String(), "panic in a session"); n > 0 {
		t.Errorf("%d panics\n%s", n, p.stderr.String())
	}
	tried(t, "%d attacks with %d connections, %v each; %d of %d MiB at most; p99 of another user alone %v, beside them %v at most",
		len(attacks()), attackers, span, most>>20, memoryBound>>20, alone.p99, slowest)
}

// suffer measures how another user is served under an attack, and how much memory
// the process takes meanwhile.
func suffer(t *testing.T, p *process, a attack, victim *wire, span time.Duration) (speed, int64) {
	t.Helper()
	// From now on the peak is counted anew (proc(5), clear_refs).
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := p.addrs["imap"]
	if a.lmtp {
		addr = p.addrs["lmtp"]
	}
	others, err := besiege(a.name, addr)
	if err != nil {
		t.Fatal(err)
	}
	under, err := workload([]*wire{victim}, span)
	connected, lifted := others.lift()
	if err := errors.Join(err, lifted); err != nil {
		t.Fatalf("%s: another user: %v", a.name, err)
	}
	if connected < attackers/2 {
		t.Errorf("%s: only %d connections were made: the attack is none", a.name, connected)
	}
	_, peak := resident(t, p.cmd.Process.Pid)
	return under, peak
}

func dialPlain(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return newWire(conn)
}

// fillInbox gives somebody messages that answer each other.
func fillInbox(addr, user string, n int) error {
	w, err := dialPlain(addr)
	if err != nil {
		return err
	}
	defer w.conn.Close()
	if _, _, err := w.must("LOGIN %s secret", user); err != nil {
		return err
	}
	for i := 0; i < n; {
		var b strings.Builder
		for range 100 {
			i++
			b.WriteString(" " + literalOf(fmt.Sprintf("Message-ID: <%d@x>\r\nReferences: <%d@x> <%d@x>\r\nSubject: a%d\r\nFrom: a@b\r\n\r\n%s", i, n-i, i/2, i, strings.Repeat("word ", 400))))
		}
		if _, _, err := w.must("APPEND INBOX%s", b.String()); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w.conn, "z LOGOUT\r\n")
	return err
}
