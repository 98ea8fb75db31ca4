package promises

import (
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk mounts a file system of its own, so that a test can fill it.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := shortDir(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" && os.Getuid() == 0 {
			t.Fatalf("no file system of its own can be mounted: %v: %s", err, out)
		}
		t.Skipf("NOT TESTED: it takes root to mount a small file system: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// A filler is a file that takes room on a disk.
type filler string

// take makes it n MiB larger, or as large as it can become.
func (f filler) take(n int) error {
	file, err := os.OpenFile(string(f), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for range n * 16 {
		if _, err = file.Write(buf); err != nil {
			break
		}
	}
	return errors.Join(err, file.Close())
}

// lmtp delivers a message of a size to anna and returns the reply.
func lmtp(addr, subject string, size int) (reply string, err error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return "", err
	}
	c := textproto.NewConn(conn)
	defer c.Close()
	body := "Subject: " + subject + "\r\n\r\n" + strings.Repeat(strings.Repeat("f", 70)+"\r\n", size/72)
	for _, step := range []string{"", "LHLO test", "MAIL FROM:<x@example.com>", "RCPT TO:<anna@example.org>", "DATA", body + "."} {
		if step != "" {
			if err := c.PrintfLine("%s", step); err != nil {
				return "", err
			}
		}
		code, text, err := c.ReadResponse(0)
		if err != nil {
			return "", err
		}
		if reply = fmt.Sprint(code, " ", text); code >= 400 {
			return reply, nil
		}
	}
	return reply, nil
}

// within tries until something holds, for as long as that may take.
func within(t *testing.T, limit time.Duration, what string, holds func() (bool, string)) time.Duration {
	t.Helper()
	begin, tick := time.Now(), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		ok, got := holds()
		if ok {
			return time.Since(begin)
		}
		if time.Since(begin) > limit {
			t.Fatalf("%s: not within %v, the last answer was %q", what, limit, got)
		}
		<-tick.C
	}
}

func addPeople(t *testing.T, bin, dir string) {
	t.Helper()
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("anna:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command(bin, dir, "", "user", "add", "--from", users); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk fills the disk of a running server, first to its reserve, then, as
// a stranger would, to the last octet. Deliveries are put off and APPEND and COPY
// refused; reading, flags, EXPUNGE and DELETE go on. When there is room again,
// the server takes mail by itself. Nothing that was acknowledged is lost.
func TestFullDisk(t *testing.T) {
	t.Setenv("POSTSTUBE_STORAGE_MEM_TABLE", "1MiB") // and a log that is as small
	bin, disk := buildProgram(t), smallDisk(t, "80m")
	dir, weight := filepath.Join(disk, "data"), filler(filepath.Join(disk, "filler"))
	if err := weight.take(28); err != nil {
		t.Fatal(err)
	}
	addPeople(t, bin, dir)
	limits := []string{"POSTSTUBE_STORAGE_MIN_FREE=24MiB", "POSTSTUBE_STORAGE_BALLAST=4MiB"}
	p, err := start(bin, dir, limits...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.cmd.Process.Kill() }() // if the test fails
	acked := 0
	refused := ""
	for i := 0; refused == ""; i++ {
		reply, err := lmtp(p.addrs["lmtp"], fmt.Sprint("message ", i), 20<<10+i%2*(200<<10))
		switch {
		case err != nil || i == 1000:
			t.Fatalf("after %d messages: %q, %v", acked, reply, err)
		case strings.HasPrefix(reply, "250"):
			acked++
		default:
			refused = reply
		}
	}
	// What is close to the border may be this side of it in the next moment.
	if err := weight.take(4); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	putOff := func() (bool, string) {
		reply, err := lmtp(p.addrs["lmtp"], "not now", 1000)
		if err != nil {
			return false, err.Error()
		}
		if strings.HasPrefix(reply, "250") {
			acked++
		}
		refused = reply
		return !strings.HasPrefix(reply, "250"), reply
	}
	within(t, 5*time.Second, "refusal of mail", putOff)
	// It starts on a full disk, too.
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	if p, err = start(bin, dir, limits...); err != nil {
		t.Fatal(err)
	}
	w, err := dialWire(p, "anna")
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want, format string, args ...any) {
		t.Helper()
		_, tagged, err := w.say(fmt.Sprintf(format, args...))
		if err != nil || !strings.HasPrefix(tagged, want) {
			t.Errorf("%s: %q, %v; want %s", fmt.Sprintf(format, args...), tagged, err, want)
		}
	}
	full := func() {
		t.Helper()
		if !strings.HasPrefix(refused, "452 4.3.1") {
			t.Errorf("delivery on a full disk: %q", refused)
		}
		expect("OK", "SELECT INBOX")
		expect("OK", "FETCH 1:3 (UID FLAGS BODY.PEEK[])")
		expect("NO [OVERQUOTA]", "APPEND INBOX {%d+}\r\n%s", 30, strings.Repeat("a", 30))
		expect("NO [OVERQUOTA]", "APPEND INBOX {%d+}\r\n%s", 300000, strings.Repeat("a", 300000))
		expect("NO [OVERQUOTA]", "COPY 1 Archive")
	}
	full()
	expect("OK", `STORE 1 +FLAGS (\Deleted)`)
	expect("OK", "EXPUNGE")
	acked--
	expect("OK", "DELETE Junk")
	// Room comes: without a word from anybody the server takes mail again.
	if err := os.Remove(string(weight)); err != nil {
		t.Fatal(err)
	}
	resumed := within(t, 5*time.Second, "delivery after room came", func() (bool, string) {
		reply, err := lmtp(p.addrs["lmtp"], "resumed", 1000)
		return err == nil && strings.HasPrefix(reply, "250"), reply
	})
	acked++
	// Somebody else takes all that is left.
	if err := weight.take(100); err == nil {
		t.Fatal("the disk has room for 100 MiB more")
	}
	within(t, 5*time.Second, "refusal of mail", putOff)
	full()
	if err := os.Remove(string(weight)); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "STORE after room came", func() (bool, string) {
		_, tagged, err := w.say(`STORE 1 +FLAGS (\Flagged)`)
		return err == nil && strings.HasPrefix(tagged, "OK"), tagged
	})
	lines, _, err := w.say("STATUS INBOX (MESSAGES)")
	if want := fmt.Sprintf("(MESSAGES %d)", acked); err != nil || !strings.Contains(strings.Join(lines, "\n"), want) {
		t.Errorf("STATUS says %v, %v; want %s", lines, err, want)
	}
	w.conn.Close()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, p.stderr.String())
	}
	if err := command(bin, dir, "", "verify"); err != nil {
		t.Error(err)
	}
	tried(t, "%d messages acknowledged on a full disk, full twice, taking mail again after %v", acked, resumed.Round(10*time.Millisecond))
}

// TestFailedStore lets the write-ahead log run into the end of the disk, without
// reserve or ballast: the server ends at once with exit code 70 and says why, and
// everything that it had acknowledged is there when it is started again.
func TestFailedStore(t *testing.T) {
	bin, disk := buildProgram(t), smallDisk(t, "48m")
	dir, weight := filepath.Join(disk, "data"), filler(filepath.Join(disk, "filler"))
	addPeople(t, bin, dir)
	p, err := start(bin, dir, "POSTSTUBE_STORAGE_MEM_TABLE=4MiB")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.cmd.Process.Kill() }() // if the test fails
	for i := range 20 {
		if reply, err := lmtp(p.addrs["lmtp"], fmt.Sprint("before ", i), 20<<10); err != nil || !strings.HasPrefix(reply, "250") {
			t.Fatalf("%q, %v", reply, err)
		}
	}
	if err := weight.take(100); err == nil {
		t.Fatal("the disk has room for 100 MiB")
	}
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	acked := 20
	for i := range 2000 {
		reply, err := lmtp(p.addrs["lmtp"], fmt.Sprint("message ", i), 20<<10)
		if err != nil {
			break
		}
		if strings.HasPrefix(reply, "250") {
			acked++
		}
	}
	select {
	case err = <-ended:
	case <-time.After(5 * time.Second):
		if err := p.cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		t.Fatalf("the server has not ended\n%s", p.stderr.String())
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 70 {
		t.Errorf("the server ended with %v, want exit code 70\n%s", err, p.stderr.String())
	}
	for _, want := range []string{"the store has failed, ending", "no space left on device", "a new start shows what is on the disk"} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, p.stderr.String())
		}
	}
	if err := os.Remove(string(weight)); err != nil {
		t.Fatal(err)
	}
	if p, err = start(bin, dir); err != nil {
		t.Fatal(err)
	}
	w, err := dialWire(p, "anna")
	if err != nil {
		t.Fatal(err)
	}
	_, tagged, err := w.say("SELECT INBOX")
	if err != nil || !strings.HasPrefix(tagged, "OK") {
		t.Errorf("SELECT: %q, %v", tagged, err)
	}
	lines, _, err := w.say("STATUS INBOX (MESSAGES)")
	var n int
	if _, scan := fmt.Sscanf(strings.Join(lines, " "), "* STATUS INBOX (MESSAGES %d)", &n); err != nil || scan != nil || n < acked || n > acked+1 {
		t.Errorf("%d messages were acknowledged, STATUS says %v, %v", acked, lines, err)
	}
	w.conn.Close()
	if err := errors.Join(p.kill(), command(bin, dir, "", "verify")); err != nil {
		t.Error(err)
	}
	tried(t, "%d messages acknowledged before the end", acked)
}
