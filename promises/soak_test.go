package promises

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSoak is what a server lives through: many clients, half of them with TLS,
// who append, flag, search, sort, move, share and wait in IDLE, with deliveries and
// an administrator beside them, at the pace of people, and a SIGKILL every now and
// then. What the writers among them were told is held against what is there after
// each kill; no command may fail while the server lives; its memory stays below a
// bound; in the end verify reads everything. In the long form it is 200 clients and
// as many minutes as $POSTSTUBE_LONG says, with a kill at the end of each.
func TestSoak(t *testing.T) {
	clients, period, n := 40, 4*time.Second, rounds(t, 2)
	if os.Getenv("POSTSTUBE_LONG") != "" {
		clients, period = 200, time.Minute
	}
	begun := time.Now()
	k := newKilling(t, clients/8, clients/16, 4)
	s := &soak{killing: k, guests: clients - len(k.writers)}
	for round := range n {
		if err := s.round(period); err != nil {
			t.Fatalf("kill %d: %v", round, err)
		}
	}
	p, err := start(k.bin, k.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.settle(p), p.kill(), command(k.bin, k.dir, "", "verify", "--bodies")); err != nil {
		t.Fatal(err)
	}
	if s.commands.Load() < int64(n*s.guests) || s.heard.Load() == 0 {
		t.Errorf("guests gave %d commands and heard %d lines in IDLE: too few to prove anything", s.commands.Load(), s.heard.Load())
	}
	const bound = 512 << 10 // KiB
	if s.peak > bound {
		t.Errorf("the server took %d MiB of memory, more than %d", s.peak>>10, bound>>10)
	}
	tried(t, "%d clients, %d kills; acknowledged: %s; %d other commands, %d lines heard in IDLE; at most %d MiB of memory; %.0f s",
		clients, n, k.tally(), s.commands.Load(), s.heard.Load(), s.peak>>10, time.Since(begun).Seconds())
}

type soak struct {
	*killing
	guests          int
	commands, heard atomic.Int64
	peak            int // of the server's memory, KiB
}

func (s *soak) round(period time.Duration) error {
	p, err := s.restart()
	if err != nil {
		return err
	}
	var load sync.WaitGroup
	errs := make(chan error, len(s.writers)+s.guests)
	for i, w := range s.writers {
		rng := rand.New(rand.NewPCG(uint64(i), 5))
		load.Go(func() { errs <- p.untilGone(w, func() { pause(rng) }) })
	}
	door := make(chan struct{}, 8) // not all log in at the same moment
	for i := range s.guests {
		load.Go(func() { errs <- s.guest(p, rand.New(rand.NewPCG(uint64(i), uint64(s.commands.Load()))), i, door) })
	}
	timer := time.NewTimer(period)
	<-timer.C
	kib, err := memory(p.cmd.Process.Pid)
	s.peak = max(s.peak, kib)
	err = errors.Join(err, p.kill())
	load.Wait()
	p.leave()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// pause is how long people take to think.
func pause(rng *rand.Rand) {
	timer := time.NewTimer(time.Duration(rng.IntN(400)) * time.Millisecond)
	<-timer.C
}

// guest looks at mail, or waits for it, until the server is gone. What it is told
// must not be NO or BAD.
func (s *soak) guest(p *process, rng *rand.Rand, number int, door chan struct{}) error {
	door <- struct{}{}
	d, err := p.desk(people[number%len(people)])
	<-door
	if err != nil {
		return p.unlessGone(err)
	}
	w := d.(*wire)
	box := []string{"INBOX", teamFolders[0], teamFolders[1]}[number%3]
	if number%4 == 3 { // all of these are told of whatever happens in the mailboxes
		if _, _, err := w.must("NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (PERSONAL (MessageNew MessageExpunge))"); err != nil {
			return p.unlessGone(err)
		}
	}
	for {
		if _, _, err := w.must("SELECT %s", box); err != nil {
			return p.unlessGone(err)
		}
		for range 10 {
			pause(rng)
			if number%2 == 0 {
				err = s.idle(w)
			} else {
				_, _, err = w.must("%s", questions[rng.IntN(len(questions))])
			}
			if err != nil {
				return p.unlessGone(err)
			}
			s.commands.Add(1)
		}
	}
}

// questions are what guests ask.
var questions = []string{
	"NOOP", "UID FETCH 1:* (FLAGS MODSEQ)", "UID FETCH 1:* (UID ENVELOPE BODYSTRUCTURE PREVIEW)", "UID SEARCH RETURN (ALL COUNT) TEXT hello",
	"UID SEARCH UNSEEN", `SORT (REVERSE DATE SUBJECT) UTF-8 ALL`, "THREAD REFERENCES UTF-8 ALL", `LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN HIGHESTMODSEQ))`,
	"GETACL INBOX", "MYRIGHTS INBOX", "GETQUOTAROOT INBOX", `LIST "" "Shared/*"`, "STATUS INBOX (MESSAGES UIDNEXT UNSEEN SIZE)",
}

// idle waits in IDLE until something is told, or for a moment.
func (s *soak) idle(w *wire) error {
	w.tags++
	tag := fmt.Sprintf("t%d ", w.tags)
	if _, err := fmt.Fprintf(w.conn, "%sIDLE\r\n", tag); err != nil {
		return err
	}
	done := time.AfterFunc(time.Second, func() { fmt.Fprint(w.conn, "DONE\r\n") })
	defer done.Stop()
	for {
		line, err := w.line()
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(line, tag+"OK"):
			return nil
		case strings.HasPrefix(line, tag):
			return fmt.Errorf("%w: IDLE: %s", errRefused, line)
		case strings.HasPrefix(line, "* "):
			s.heard.Add(1)
		}
	}
}

// memory returns the most that a process has had in memory, in KiB.
func memory(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0, fmt.Errorf("process %d: no VmHWM", pid)
	}
	return strconv.Atoi(words[0])
}
