package imap_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/dialogue/house"
)

// TestPictures lets several clients work in one mailbox at random, some at the
// same time. In the end each must believe what is true, although it was only
// told of changes; and on the way no number may be named that the client can't
// know.
func TestPictures(t *testing.T) {
	histories := 200
	switch {
	case testing.Short():
		histories = 20
	case os.Getenv("POSTSTUBE_LONG") != "":
		histories = 10000
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			r := &pictures{Rand: rand.New(rand.NewPCG(uint64(seed), 1))}
			if err := r.play(); err != nil {
				t.Fatalf("history %d: %v%s", seed, err, r.conversation())
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("tried: %d histories, one a seed", histories)
}

// pictures is one history. The order of what happens at the same time is up to
// the scheduler, so a seed does not always repeat a failure; the conversation
// tells it.
type pictures struct {
	*rand.Rand
	h       *house.House
	clients []*picture
	failed  error
}

func (r *pictures) play() error {
	h, err := house.New()
	if err != nil {
		return err
	}
	r.h = h
	r.check(h.Set([]string{"user", "anna"}, nil))
	r.check(h.Set([]string{"mailbox", "anna", "other"}, nil))
	for i := range 2 + r.IntN(2) {
		r.clients = append(r.clients, r.connect(string(rune('a'+i))))
	}
	for range 1 + r.IntN(25) {
		if r.failed == nil {
			r.step()
		}
	}
	if r.failed == nil {
		r.compare()
	}
	for _, p := range r.clients {
		p.conn.Close()
	}
	synctest.Wait()
	r.check(h.Close())
	return r.failed
}

// check keeps the first error.
func (r *pictures) check(err error) {
	if r.failed == nil {
		r.failed = err
	}
}

func (r *pictures) conversation() string {
	var b strings.Builder
	for _, p := range r.clients {
		fmt.Fprintf(&b, "\n%s believes %s after\n\t%s", p.name, p, strings.Join(p.log, "\n\t"))
	}
	return b.String()
}

// connect starts a client with a dialect of its own.
func (r *pictures) connect(name string) *picture {
	p, err := dial(r.h, name)
	r.check(err)
	synctest.Wait()
	p.take()
	r.check(p.must("LOGIN anna secret"))
	switch r.IntN(4) {
	case 1:
		r.check(p.must("ENABLE IMAP4rev2"))
	case 2:
		r.check(p.must("ENABLE CONDSTORE"))
	case 3:
		r.check(p.must("ENABLE QRESYNC"))
		p.qresync = true
	}
	r.check(p.must("SELECT INBOX"))
	return p
}

// step lets one or two clients do something, at the same time if two.
func (r *pictures) step() {
	first := r.IntN(len(r.clients))
	acts := []act{r.start(first)}
	if second := r.IntN(len(r.clients)); second != first {
		acts = append(acts, r.start(second))
	}
	synctest.Wait()
	for _, a := range acts {
		_, err := a.p.believe(a.tag)
		r.check(err)
	}
	for _, p := range r.clients {
		_, err := p.believe("") // who idles
		r.check(err)
	}
}

// An act is a command that is under way.
type act struct {
	p   *picture
	tag string // "" if it is not answered yet
}

// start sends a random command.
func (r *pictures) start(client int) act {
	p := r.clients[client]
	if p.idling {
		p.idling = false
		p.write("DONE")
		return act{p, fmt.Sprintf("%s%d", p.name, p.tags)}
	}
	switch op := r.IntN(12); {
	case op <= 1:
		return act{p, p.send("APPEND INBOX (%s) {19+}\r\nSubject: one\r\n\r\n1\r\n", r.flags())}
	case op <= 4 && len(p.messages) > 0:
		return r.store(p)
	case op == 5 && len(p.messages) > 0:
		return act{p, p.send("FETCH %s (UID FLAGS)", r.numbers(p))}
	case op == 6:
		return act{p, p.send("EXPUNGE")}
	case op == 7 && len(p.messages) > 0:
		return act{p, p.send("MOVE %s %s", r.numbers(p), []string{"other", "INBOX"}[r.IntN(2)])}
	case op == 8 && len(p.messages) > 0:
		return act{p, p.send("COPY %s INBOX", r.numbers(p))}
	case op == 9:
		p.idling = true
		p.send("IDLE")
		return act{p, ""}
	case op == 10 && p.qresync:
		return r.reconnect(client)
	case op == 11:
		return act{p, p.send("UID FETCH 1:* (UID)")}
	}
	return act{p, p.send("NOOP")}
}

var someFlags = []string{`\Seen`, `\Flagged`, `\Deleted`, "$Work", "$Home"}

func (r *pictures) flags() string {
	n := r.IntN(1 << len(someFlags))
	var flags []string
	for i, f := range someFlags {
		if n&(1<<i) != 0 {
			flags = append(flags, f)
		}
	}
	return strings.Join(flags, " ")
}

// numbers draws a range of sequence numbers that the client knows.
func (r *pictures) numbers(p *picture) string {
	a, b := 1+r.IntN(len(p.messages)), 1+r.IntN(len(p.messages))
	return fmt.Sprintf("%d:%d", a, b)
}

// store changes flags. With a silent change the client assumes at once what it
// wants, and what it is told after that counts more.
func (r *pictures) store(p *picture) act {
	a := 1 + r.IntN(len(p.messages))
	b := a + r.IntN(len(p.messages)-a+1)
	sign := []string{"", "+", "-"}[r.IntN(3)]
	flags := r.flags()
	if r.IntN(2) == 0 {
		return act{p, p.send("STORE %d:%d %sFLAGS (%s)", a, b, sign, flags)}
	}
	for i := a - 1; i < b; i++ {
		p.messages[i].assume(sign, flags)
	}
	return act{p, p.send("STORE %d:%d %sFLAGS.SILENT (%s)", a, b, sign, flags)}
}

// assume applies a STORE to what is known.
func (m *seen) assume(sign, flags string) {
	if m.flags == nil && sign != "" {
		return // not known, so not assumed
	}
	switch sign {
	case "":
		m.flags = flagsOf(flags)
	case "+":
		m.flags = flagsOf(strings.Join(m.flags, " ") + " " + flags)
	case "-":
		gone := flagsOf(flags)
		m.flags = slices.DeleteFunc(slices.Clone(m.flags), func(f string) bool { return slices.Contains(gone, f) })
	}
	if m.flags == nil {
		m.flags = []string{}
	}
}

// reconnect loses the connection and comes back with what the client remembers.
func (r *pictures) reconnect(client int) act {
	p := r.clients[client]
	r.check(p.learn())
	p.conn.Close()
	fresh, err := dial(r.h, p.name+"x")
	r.check(err)
	synctest.Wait()
	fresh.take()
	r.check(fresh.must("LOGIN anna secret"))
	r.check(fresh.must("ENABLE QRESYNC"))
	fresh.qresync = true
	p.log = append(p.log, "reconnect as "+fresh.name)
	known := map[uint32][]string{}
	for _, m := range p.messages {
		if m.uid != 0 {
			known[m.uid] = m.flags
		}
	}
	vanished, err := fresh.resync(p, known)
	r.check(err)
	for uid, flags := range known {
		i := slices.IndexFunc(fresh.messages, func(m seen) bool { return m.uid == uid })
		switch {
		case vanished[uid]:
		case i < 0:
			r.check(fmt.Errorf("%s: UID %d is gone and QRESYNC did not say so", fresh.name, uid))
		case fresh.messages[i].flags == nil:
			fresh.messages[i].flags = flags
		}
	}
	fresh.log = append(slices.Clone(p.log), fresh.log...)
	r.clients[client] = fresh
	return act{fresh, fresh.send("NOOP")}
}

// compare lets all catch up and compares what they believe with the truth.
func (r *pictures) compare() {
	for i, p := range r.clients {
		if p.idling {
			a := r.start(i)
			synctest.Wait()
			_, err := p.believe(a.tag)
			r.check(err)
		}
		r.check(p.must("NOOP"))
		r.check(p.learn())
	}
	truth, err := dial(r.h, "truth")
	r.check(err)
	defer truth.conn.Close()
	synctest.Wait()
	truth.take()
	r.check(truth.must("LOGIN anna secret"))
	r.check(truth.must("EXAMINE INBOX"))
	if len(truth.messages) > 0 {
		r.check(truth.must("FETCH 1:* (UID FLAGS)"))
	}
	for _, p := range r.clients {
		if p.String() != truth.String() {
			r.check(fmt.Errorf("%s believes\n\t%s\nbut the truth is\n\t%s", p.name, p, truth))
		}
	}
}
