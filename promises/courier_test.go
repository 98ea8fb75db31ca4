package promises

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// A letter is a message with its recipients.
type letter struct {
	subject string
	to      []string
}

// recipients are the addresses that couriers deliver to, with the person who can
// read the mailbox and its name.
var recipients = []struct{ address, reader, folder string }{
	{"ben@example.org", "ben", "INBOX"},
	{"clara@example.org", "clara", "INBOX"},
	{"sales@example.org", "anna", "Shared/sales/Inbox"},
}

// A courier delivers letters to one recipient or several at once.
type courier struct {
	sync.Mutex
	*generator
	acked   map[string]letter // by subject, those that are still there
	pending *letter
	count   int
	s       site
	limit   int // of letters, 0 is none
}

func newCourier(rng *rand.Rand, prefix string) *courier {
	return &courier{generator: &generator{Rand: rng, prefix: prefix}, acked: map[string]letter{}}
}

func (c *courier) clone() writer {
	return &courier{generator: c.generator, acked: maps.Clone(c.acked), pending: c.pending}
}

func (c *courier) done() int { return c.count }

func (c *courier) sit(s site) error {
	c.s = s
	return nil
}

func (c *courier) turn() error {
	c.Lock()
	if c.limit > 0 && c.count >= c.limit {
		c.Unlock()
		return nil
	}
	l := letter{subject: c.subject()}
	chosen := 1 + c.IntN(1<<len(recipients)-1)
	for i, r := range recipients {
		if chosen>>i&1 != 0 {
			l.to = append(l.to, r.address)
		}
	}
	c.pending = &l
	c.Unlock()
	if err := c.s.deliver(l); err != nil {
		return fmt.Errorf("%v: %w", l, gone(err))
	}
	c.Lock()
	defer c.Unlock()
	c.acked[l.subject], c.pending = l, nil
	c.count++
	return nil
}

// settle finds each letter that was acknowledged once in each of its mailboxes,
// and the one under way in all or in none. That one the courier delivers again,
// as a mailer does that has heard no answer: then it must be there once.
func (c *courier) settle(s site) error {
	c.s = s
	found, err := c.read()
	if err != nil {
		return err
	}
	problem := c.compare(c.acked, found)
	if c.pending == nil {
		if problem != "" {
			return fmt.Errorf("nothing was under way: %s", problem)
		}
		return nil
	}
	l := *c.pending
	after := maps.Clone(c.acked)
	after[l.subject] = l
	if late := c.compare(after, found); problem != "" && late != "" {
		return fmt.Errorf("neither before %v: %s\nnor after it: %s", l, problem, late)
	}
	if err := c.s.deliver(l); err != nil {
		return fmt.Errorf("%v again: %w", l, err)
	}
	c.acked, c.pending = after, nil
	if found, err = c.read(); err != nil {
		return err
	}
	if problem := c.compare(c.acked, found); problem != "" {
		return fmt.Errorf("%v delivered again: %s", l, problem)
	}
	return nil
}

// read counts the copies of each subject, by recipient.
func (c *courier) read() ([]map[string]int, error) {
	found := make([]map[string]int, len(recipients))
	for i, r := range recipients {
		d, err := c.s.desk(r.reader)
		if err != nil {
			return nil, err
		}
		f, err := d.readFolder(r.folder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.address, err)
		}
		found[i] = map[string]int{}
		for _, m := range f.messages {
			found[i][m.subject]++
		}
	}
	return found, nil
}

// emptyInboxes removes all that was delivered, so that no round is slower than
// the last. A letter that comes again after that should not be there.
func emptyInboxes(s site, writers []writer) error {
	for _, r := range recipients {
		d, err := s.desk(r.reader)
		if err != nil {
			return err
		}
		f, err := d.readFolder(r.folder)
		if err != nil {
			return err
		}
		o := op{kind: "store", folder: r.folder, uids: slices.Sorted(maps.Keys(f.messages)), flag: `\Deleted`, add: true}
		if len(o.uids) == 0 {
			continue
		}
		if _, err := d.do(o); err != nil {
			return err
		}
		o.kind = "expunge"
		if _, err := d.do(o); err != nil {
			return err
		}
	}
	for _, w := range writers {
		if c, ok := w.(*courier); ok {
			clear(c.acked)
		}
	}
	return nil
}

// posted is a letter's text as a mailer hands it over: with its own trace, which
// is the same when it tries again.
func posted(l letter) string {
	return "Received: from relay.example.net by mx.example.org with ESMTP id " + l.subject + ";\r\n\tWed, 1 Oct 2025 10:00:00 +0000\r\n" + text(l.subject)
}

func (c *courier) compare(ledger map[string]letter, found []map[string]int) string {
	for i := range recipients {
		for subject, l := range ledger {
			want := 0
			if slices.Contains(l.to, recipients[i].address) {
				want = 1
			}
			if got := found[i][subject]; got != want {
				return fmt.Sprintf("%s is %d times in the mailbox of %s, want %d", subject, got, recipients[i].address, want)
			}
		}
		for subject := range found[i] {
			if _, ok := ledger[subject]; !ok && strings.HasPrefix(subject, c.prefix) {
				return fmt.Sprintf("%s should not be in the mailbox of %s", subject, recipients[i].address)
			}
		}
	}
	return ""
}
