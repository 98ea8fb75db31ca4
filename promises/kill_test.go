package promises

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// TestKill kills the program with SIGKILL at random moments under 16 writers: hands
// that work in mailboxes of their own and in one that is lent to them, members of
// a team who share theirs, a clerk who administers people and groups over the
// control socket, and couriers who deliver to several recipients over LMTP. After
// each restart all is as it was acknowledged, or as the command under way leaves
// it, as a whole; no UID names another message and no modseq is lower. What a
// client repeats since it has heard no answer, an import or a delivery, is there
// once. In the end verify reads everything.
func TestKill(t *testing.T) {
	begun := time.Now()
	k := newKilling(t, 8, 3, 4)
	n := rounds(t, 6)
	for round := range n {
		if err := k.round(); err != nil {
			t.Fatalf("kill %d: %v", round, err)
		}
	}
	p, err := start(k.bin, k.dir)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(k.settle(p), p.kill(), command(k.bin, k.dir, "", "verify"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(k.restarts)
	median, slowest := k.restarts[len(k.restarts)/2], k.restarts[len(k.restarts)-1]
	if median > 2*time.Second {
		t.Errorf("from the restart to the first login it takes %v", median)
	}
	counts := k.counts()
	for kind, count := range counts {
		if count < n {
			t.Errorf("%d things done by the %s: too few to prove anything", count, kind)
		}
	}
	tried(t, "%d kills; acknowledged: %s; restart to first login %v, slowest %v; %.0f s",
		n, k.tally(), median.Round(time.Millisecond), slowest.Round(time.Millisecond), time.Since(begun).Seconds())
}

type killing struct {
	bin, dir string
	writers  []writer
	restarts []time.Duration // to the first login
}

// newKilling builds the program and lets the writers in.
func newKilling(t *testing.T, hands, crew, couriers int) *killing {
	t.Helper()
	k := &killing{bin: buildProgram(t), dir: shortDir(t)}
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
	p, err := start(k.bin, k.dir)
	if err != nil {
		t.Fatal(err)
	}
	k.writers, err = shift(p.service(), 21, hands, crew, couriers)
	if err := errors.Join(err, p.kill()); err != nil {
		t.Fatal(err)
	}
	return k
}

// restart starts the server and looks at what the last kill has left.
func (k *killing) restart() (*process, error) {
	begun := time.Now()
	p, err := start(k.bin, k.dir)
	if err != nil {
		return nil, err
	}
	if _, err := p.desk("anna"); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	k.restarts = append(k.restarts, time.Since(begun))
	if err := errors.Join(k.settle(p), emptyInboxes(p, k.writers)); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

// round kills the server under load.
func (k *killing) round() error {
	p, err := k.restart()
	if err != nil {
		return err
	}
	var load sync.WaitGroup
	errs := make(chan error, len(k.writers))
	for _, w := range k.writers {
		load.Go(func() { errs <- p.untilGone(w, func() {}) })
	}
	timer := time.NewTimer(time.Duration(5+rand.IntN(495)) * time.Millisecond)
	<-timer.C
	err = p.kill()
	load.Wait()
	p.leave()
	for range k.writers {
		err = errors.Join(err, <-errs)
	}
	return err
}

// untilGone works until the server is gone.
func (p *process) untilGone(w writer, pause func()) error {
	for {
		pause()
		if err := w.turn(); err != nil {
			return p.unlessGone(err)
		}
	}
}

// settle lets all writers compare what they find with what they know.
func (k *killing) settle(s site) error {
	var work sync.WaitGroup
	errs := make(chan error, len(k.writers))
	for _, w := range k.writers {
		work.Go(func() { errs <- errors.Join(w.settle(s), w.sit(s)) })
	}
	work.Wait()
	var err error
	for range k.writers {
		err = errors.Join(err, <-errs)
	}
	return err
}

// counts is how much each kind of writer has done.
func (k *killing) counts() map[string]int {
	counts := map[string]int{}
	for _, w := range k.writers {
		switch w.(type) {
		case *hand:
			counts["hands"] += w.done()
		case *member:
			counts["team"] += w.done()
		case *clerk:
			counts["clerk"] += w.done()
		case *courier:
			counts["couriers"] += w.done()
		}
	}
	return counts
}

// tally writes the counts as a list, and how often hands did what.
func (k *killing) tally() string {
	c := k.counts()
	return fmt.Sprintf("%d commands of hands, %d of the team, %d of the clerk, %d letters", c["hands"], c["team"], c["clerk"], c["couriers"])
}

// desk implements site.
func (p *process) desk(user string) (desk, error) {
	w, err := dialWire(p, user)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, w.conn)
	return w, nil
}

// leave closes all connections.
func (p *process) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// deliver implements site.
func (p *process) deliver(l letter) error {
	conn, err := net.Dial("tcp", p.addrs["lmtp"])
	if err != nil {
		return err
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Mail("load@example.com", nil); err != nil {
		return err
	}
	for _, to := range l.to {
		if err := c.Rcpt(to, nil); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(posted(l))); err != nil {
		return err
	}
	_, err = w.CloseWithLMTPResponse()
	return err
}
