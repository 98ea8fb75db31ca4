package promises

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// TestKill kills the program with SIGKILL at random moments while 12 clients
// change mail over IMAP and 4 deliver over LMTP. After each restart every
// mailbox is as it was acknowledged, or as the command under way leaves it; no
// UID names another message and no modseq is lower; what LMTP acknowledged is
// there once. In the end verify reads everything.
func TestKill(t *testing.T) {
	begun := time.Now()
	k := &killing{t: t, bin: buildProgram(t), dir: shortDir(t), delivered: map[string]bool{}}
	users := filepath.Join(t.TempDir(), "users")
	var text strings.Builder
	for _, name := range people {
		fmt.Fprintf(&text, "%s:secret\n", name)
	}
	if err := os.WriteFile(users, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command(k.bin, k.dir, "", "user", "add", "--from", users); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		k.hands = append(k.hands, &client{
			generator: &generator{Rand: rand.New(rand.NewPCG(uint64(i), 21)), prefix: fmt.Sprintf("w%dx", i), others: []string{"clara", "dora"}},
			user:      people[i%2], acked: store{},
		})
	}
	n := rounds(t, 15)
	for round := range n {
		if err := k.round(); err != nil {
			t.Fatalf("kill %d: %v", round, err)
		}
	}
	p, err := start(k.bin, k.dir)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(k.audit(p), k.auditDelivered(p), command(k.bin, k.dir, "", "verify", "--bodies"), p.kill())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, h := range k.hands {
		count += h.count
	}
	if count < 50*n || len(k.delivered) < n {
		t.Errorf("%d commands and %d deliveries acknowledged: too few to prove anything", count, len(k.delivered))
	}
	tried(t, "%d kills, %d commands over IMAP and %d deliveries acknowledged, slowest restart to ready %v, %.0f s",
		n, count, len(k.delivered), k.slowest.Round(time.Millisecond), time.Since(begun).Seconds())
}

type killing struct {
	t        *testing.T
	bin, dir string
	hands    []*client
	slowest  time.Duration

	mu        sync.Mutex
	serial    int
	delivered map[string]bool // subjects that LMTP has acknowledged
}

// A client is one IMAP client with what was acknowledged to it.
type client struct {
	*generator
	user    string
	acked   store
	pending *op
	count   int
	w       *wire
}

// round starts the server, looks at what the last kill has left, and kills it
// under load.
func (k *killing) round() error {
	begun := time.Now()
	p, err := start(k.bin, k.dir)
	if err != nil {
		return err
	}
	k.slowest = max(k.slowest, time.Since(begun))
	if err := k.audit(p); err != nil {
		return errors.Join(err, p.kill())
	}
	var load sync.WaitGroup
	errs := make(chan error, len(k.hands))
	for _, h := range k.hands {
		load.Go(func() { errs <- h.work() })
	}
	for range 4 {
		load.Go(func() { k.deliver(p.addrs["lmtp"]) })
	}
	timer := time.NewTimer(time.Duration(5+rand.IntN(495)) * time.Millisecond)
	<-timer.C
	err = p.kill()
	load.Wait()
	for range k.hands {
		err = errors.Join(err, <-errs)
	}
	return err
}

// audit logs all clients in and compares what they find with what they know.
func (k *killing) audit(p *process) error {
	var work sync.WaitGroup
	errs := make(chan error, len(k.hands))
	for _, h := range k.hands {
		work.Go(func() { errs <- h.audit(p.addrs["imap"]) })
	}
	work.Wait()
	var err error
	for range k.hands {
		err = errors.Join(err, <-errs)
	}
	return err
}

func (h *client) audit(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	if h.w != nil {
		h.w.conn.Close()
	}
	if h.w, err = newWire(conn); err != nil {
		return err
	}
	if _, _, err := h.w.must("LOGIN %s secret", h.user); err != nil {
		return err
	}
	if _, _, err := h.w.must("ENABLE CONDSTORE"); err != nil {
		return err
	}
	found, err := h.w.read(h.prefix)
	if err != nil {
		return err
	}
	if err := settle(h.acked, h.pending, found); err != nil {
		return fmt.Errorf("client %s: %w", h.prefix, err)
	}
	h.acked, h.pending = found, nil
	return nil
}

// work gives commands until the server is gone. Only a refusal is an error.
func (h *client) work() error {
	for {
		o := h.next(h.acked)
		h.pending = &o
		got, err := h.w.do(o)
		if errors.Is(err, errRefused) {
			return err
		}
		if err != nil {
			return nil // the server is gone
		}
		h.acked.apply(o)
		if err := h.acked.learn(o, got); err != nil {
			return err
		}
		h.pending = nil
		h.count++
	}
}

// deliver hands messages to ben until the server is gone.
func (k *killing) deliver(addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	for {
		k.mu.Lock()
		k.serial++
		subject := fmt.Sprintf("lmtp%d", k.serial)
		k.mu.Unlock()
		if c.Mail("load@example.com", nil) != nil || c.Rcpt("ben@example.org", nil) != nil {
			return
		}
		w, err := c.Data()
		if err != nil {
			return
		}
		if _, err := w.Write([]byte(text(subject))); err != nil {
			return
		}
		if _, err := w.CloseWithLMTPResponse(); err != nil {
			return
		}
		k.mu.Lock()
		k.delivered[subject] = true
		k.mu.Unlock()
	}
}

// auditDelivered finds what LMTP has acknowledged, each once and whole.
func (k *killing) auditDelivered(p *process) error {
	conn, err := net.Dial("tcp", p.addrs["imap"])
	if err != nil {
		return err
	}
	defer conn.Close()
	w, err := newWire(conn)
	if err != nil {
		return err
	}
	if _, _, err := w.must("LOGIN ben secret"); err != nil {
		return err
	}
	f, err := w.readFolder("INBOX")
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, m := range f.messages {
		counts[m.subject]++
	}
	for subject, n := range counts {
		if n != 1 {
			return fmt.Errorf("%s was delivered once and is there %d times", subject, n)
		}
	}
	for subject := range k.delivered {
		if counts[subject] != 1 {
			return fmt.Errorf("%s was acknowledged and is not there", subject)
		}
	}
	return nil
}
