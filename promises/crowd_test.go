package promises

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	perUser    = 100      // sessions that wait, of each person
	mostActive = 100      // people who work beside
	shortCrowd = 500      // sessions that wait, in the short form
	longCrowd  = 10_000   // from here on, ten minutes of work
	bytesIdle  = 64 << 10 // of the process, for each: heap, stack, garbage
	bytesWork  = 64 << 20 // of it for those who work
)

// TestTenThousand holds as many sessions over TLS in IDLE as $POSTSTUBE_LONG says,
// while 100 people read, flag and file mail. The memory of the server stays
// bounded, those who work are served as before, and in the end everybody who waits
// hears of a new message.
func TestTenThousand(t *testing.T) {
	crowd := rounds(t, shortCrowd)
	activeUsers := min(mostActive, crowd/10)
	needFiles(t, crowd+2*activeUsers+200)
	bin, dir := buildProgram(t), shortDir(t)
	owners := (crowd + perUser - 1) / perUser
	var list strings.Builder
	for i := range owners {
		fmt.Fprintf(&list, "idle%d:secret\n", i)
	}
	for i := range activeUsers {
		fmt.Fprintf(&list, "active%d:secret\n", i)
	}
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command(bin, dir, "", "user", "add", "--from", users); err != nil {
		t.Fatal(err)
	}
	p, err := start(bin, dir, fmt.Sprintf("POSTSTUBE_LIMITS_IMAP_CONNECTIONS=%d", crowd+activeUsers+100))
	if err != nil {
		t.Fatal(err)
	}
	defer p.cmd.Process.Kill() // if the test fails
	span := 2 * time.Second
	if crowd >= longCrowd {
		span = 10 * time.Minute
	}
	var workers []*wire
	for i := range activeUsers {
		w, err := dialTLS(p.addrs["imaps"], i, fmt.Sprintf("active%d", i))
		if err != nil {
			t.Fatal(err)
		}
		workers = append(workers, w)
	}
	alone, err := workload(workers, min(span, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := resident(t, p.cmd.Process.Pid)
	begun := time.Now()
	waiting, err := gather(p.addrs["imaps"], crowd)
	if err != nil {
		t.Fatal(err)
	}
	gathered := time.Since(begun)
	beside, err := workload(workers, span)
	if err != nil {
		t.Fatal(err)
	}
	after, peak := resident(t, p.cmd.Process.Pid)
	each := (after - before) / int64(crowd)
	for i := range owners {
		if err := deliverTo(p.addrs["lmtp"], fmt.Sprintf("idle%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range waiting {
		if err := w.hears("EXISTS"); err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
	}
	for _, w := range slices.Concat(waiting, workers) {
		w.conn.Close() // all was said
	}
	if err := p.stop(); err != nil {
		t.Errorf("%v\n%s", err, p.stderr.String())
	}
	if grown := after - before; grown > int64(crowd)*bytesIdle+bytesWork {
		t.Errorf("%d sessions take %d MiB", crowd, grown>>20)
	}
	// What this machine does meanwhile shows in the slowest answers.
	if most := max(3*alone.p99, 50*time.Millisecond); beside.p99 > most {
		t.Errorf("the 99th percentile of those who work was %v alone and is %v", alone.p99, beside.p99)
	}
	tried(t, "%d sessions over TLS wait (gathered in %v, %d KiB each, the process had %d MiB at most); %d people did %d commands in %v; median and p99 alone %v %v, beside them %v %v",
		crowd, gathered.Round(time.Second), each>>10, peak>>20, activeUsers, beside.count, span, alone.median, alone.p99, beside.median, beside.p99)
}

// dialTLS connects from an address of its own for each 10,000 connections, so that
// ports don't run out, and logs in.
func dialTLS(addr string, n int, user string) (*wire, error) {
	from := netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + n/5000)})
	d := tls.Dialer{
		NetDialer: &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: time.Minute},
		Config:    &tls.Config{InsecureSkipVerify: true}, // the certificate is self-signed
	}
	conn, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	w, err := newWire(conn)
	if err == nil {
		_, _, err = w.must("LOGIN %s secret", user)
	}
	if err == nil {
		_, _, err = w.must("SELECT INBOX")
	}
	return w, err
}

// gather opens sessions that wait.
func gather(addr string, n int) ([]*wire, error) {
	list := make([]*wire, n)
	errs := make(chan error, 8)
	for k := range cap(errs) {
		go func() {
			for i := k; i < n; i += cap(errs) {
				w, err := dialTLS(addr, i, fmt.Sprintf("idle%d", i/perUser))
				if err == nil {
					_, err = fmt.Fprint(w.conn, "i IDLE\r\n")
				}
				if err == nil {
					err = w.hears("+ ")
				}
				if list[i] = w; err != nil {
					errs <- fmt.Errorf("session %d: %w", i, err)
					return
				}
			}
			errs <- nil
		}()
	}
	var err error
	for range cap(errs) {
		err = errors.Join(err, <-errs)
	}
	return list, err
}

// hears reads one line, which must have a text in it.
func (w *wire) hears(text string) error {
	if err := w.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	line, err := w.line()
	if err == nil && !strings.Contains(line, text) {
		err = fmt.Errorf("%q, want %s", line, text)
	}
	return err
}

// deliverTo delivers a small message over LMTP.
func deliverTo(addr, user string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "LHLO relay\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<%s@example.org>\r\nDATA\r\n", user)
	fmt.Fprint(conn, "Subject: new\r\n\r\n\r\n.\r\nQUIT\r\n")
	w := &wire{conn: conn, r: bufio.NewReader(conn)}
	var last string
	for {
		line, err := w.line()
		if err != nil {
			return fmt.Errorf("after %q: %w", last, err)
		}
		if strings.HasPrefix(line, "221") {
			break
		}
		last = line
	}
	if !strings.HasPrefix(last, "250 2.") {
		return fmt.Errorf("delivery to %s: %s", user, last)
	}
	return nil
}

// A speed is how fast commands were answered.
type speed struct {
	count       int
	median, p99 time.Duration
}

func speedOf(times []time.Duration) speed {
	slices.Sort(times)
	n := len(times)
	return speed{n, times[n/2].Round(100 * time.Microsecond), times[n*99/100].Round(100 * time.Microsecond)}
}

// workload has people do what mail programs do, ten commands a second each, for a
// while. Their mailboxes stay as small as they are.
func workload(workers []*wire, span time.Duration) (speed, error) {
	const pause = 100 * time.Millisecond
	const letter = "Subject: note\r\nFrom: anna@example.org\r\n\r\nSee you at noon.\r\n"
	commands := []string{
		fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(letter), letter), "NOOP", "FETCH * (FLAGS ENVELOPE)", "STORE 1 +FLAGS (\\Seen)",
		"UID SEARCH UNSEEN", "FETCH 1 BODY[]", "STATUS INBOX (UNSEEN)", "STORE * +FLAGS.SILENT (\\Deleted)", "EXPUNGE", "UID SEARCH SUBJECT note",
	}
	var mu sync.Mutex
	var times []time.Duration
	var wg sync.WaitGroup
	var failed error
	end := time.Now().Add(span)
	for k, w := range workers {
		for range 2 { // there is always one, also behind an EXPUNGE
			if _, _, err := w.must("%s", commands[0]); err != nil {
				return speed{}, err
			}
		}
		wg.Go(func() {
			var own []time.Duration
			var err error
			tick := time.NewTicker(pause)
			defer tick.Stop()
			if err = w.conn.SetDeadline(end.Add(time.Minute)); err != nil {
				own = nil
			}
			for i := k; err == nil && time.Now().Before(end); i++ {
				begun := time.Now()
				_, _, err = w.must("%s", commands[i%len(commands)])
				own = append(own, time.Since(begun))
				<-tick.C
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, own...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	if failed != nil {
		return speed{}, failed
	}
	return speedOf(times), nil
}
