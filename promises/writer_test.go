package promises

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"poststube/admin"
)

// A site is the server that is tried: the program, or the engine on a disk of
// the rig's own.
type site interface {
	// desk is where a person works.
	desk(user string) (desk, error)
	service() admin.Service
	// deliver hands over a letter and returns when each recipient has it.
	deliver(l letter) error
}

// A desk is one person's way to mail.
type desk interface {
	do(o op) (outcome, error)
	// read returns the mailboxes whose names begin with a prefix, also those
	// of others.
	read(prefix string) (store, error)
	readFolder(name string) (*folder, error)
}

// A writer changes mail and keeps a ledger of what was acknowledged to it and of
// what is under way.
type writer interface {
	sync.Locker // of the ledger
	// sit gives the writer a place at a server.
	sit(s site) error
	// turn does one thing. The error is errGone if the server went away, and
	// errRefused if it would not.
	turn() error
	// clone copies the ledger.
	clone() writer
	// settle compares a server with the ledger: it must be as acknowledged, or as
	// what was under way leaves it, as a whole. The ledger then says which.
	settle(s site) error
	// done is how many things were acknowledged.
	done() int
}

// errGone is the end of the server.
var errGone = errors.New("the server is gone")

// gone marks all errors but refusals.
func gone(err error) error {
	if err == nil || errors.Is(err, errRefused) {
		return err
	}
	return fmt.Errorf("%w: %w", errGone, err)
}

// A hand is one client with mailboxes of its own, and one that somebody else
// owns.
type hand struct {
	sync.Mutex
	*generator
	user    string
	acked   store
	pending *op
	count   int
	last    string // kind of the last command that was acknowledged
	d       desk
	// seen is the newest of what a reader was shown.
	seen map[place]shown
}

// A place is a mailbox, whatever it is called at the time: UIDVALIDITY tells those
// of one owner apart.
type place struct {
	foreign  bool
	validity uint32
}

type shown struct {
	next    uint32
	highest uint64
}

func (h *hand) clone() writer {
	c := &hand{generator: h.generator, user: h.user, acked: h.acked.clone(), pending: h.pending, seen: map[place]shown{}}
	for k, v := range h.seen {
		c.seen[k] = v
	}
	return c
}

func (h *hand) done() int { return h.count }

func (h *hand) sit(s site) (err error) {
	h.d, err = s.desk(h.user)
	return err
}

func (h *hand) turn() error {
	h.Lock()
	o := h.next(h.acked)
	h.pending = &o
	h.Unlock()
	got, err := h.d.do(o)
	if err != nil {
		return fmt.Errorf("%v: %w", o, gone(err))
	}
	h.Lock()
	defer h.Unlock()
	h.acked.apply(o)
	if err := h.acked.learn(o, got); err != nil {
		return err
	}
	h.pending, h.last = nil, o.kind
	h.count++
	return nil
}

func (h *hand) settle(s site) error {
	if err := h.sit(s); err != nil {
		return err
	}
	found, err := h.d.read(h.prefix)
	if err != nil {
		return fmt.Errorf("client %s: %w", h.prefix, err)
	}
	pending := h.pending
	if h.acked, err = settle(h.acked, pending, found); err != nil {
		return fmt.Errorf("client %s: %w", h.prefix, err)
	}
	h.pending = nil
	for name, f := range found {
		if s := h.seen[place{f.foreign, f.validity}]; f.next < s.next || f.highest < s.highest {
			return fmt.Errorf("%s was shown with UIDNEXT %d and HIGHESTMODSEQ %d, now it has %d and %d", name, s.next, s.highest, f.next, f.highest)
		}
	}
	if pending != nil && pending.kind == "import" {
		return h.repeat(*pending)
	}
	return nil
}

// repeat gives an import once more, of which nobody knows whether it was done.
// It must not put anything there twice.
func (h *hand) repeat(o op) error {
	was := h.acked[o.folder]
	first := imported(o)[0]
	there := slices.ContainsFunc(mapValues(was.messages), func(m message) bool { return m.subject == first })
	got, err := h.d.do(o)
	switch {
	case err != nil:
		return fmt.Errorf("%v again: %w", o, gone(err))
	case there && len(got.uids) > 0:
		return fmt.Errorf("%v was there already, and came again as UIDs %v", o, got.uids)
	case there:
		return nil
	}
	h.acked.apply(o)
	return h.acked.learn(o, got)
}

func mapValues[K comparable, V any](m map[K]V) []V {
	list := make([]V, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// isForeign tells whether a mailbox is somebody else's, by its name.
func isForeign(name string) bool {
	return strings.HasPrefix(name, "Users/") || strings.HasPrefix(name, "Shared/")
}

// shift makes the writers of one rig and what they need: hands, members of a team
// in its mailboxes, a clerk who administers, and couriers.
func shift(s admin.Service, seed uint64, hands, crew, couriers int) ([]writer, error) {
	var all []writer
	if _, err := s.AddTeam(background, admin.Team{Name: "sales", Addresses: []string{"sales@example.org"}, Members: people, Preset: "editor"}); err != nil {
		return nil, err
	}
	for _, name := range teamFolders {
		if err := s.CreateMailbox(background, admin.MailboxName{Owner: "sales", Name: strings.TrimPrefix(name, "Shared/sales/")}); err != nil {
			return nil, err
		}
	}
	rng := func() *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(len(all)))) }
	for i := range hands {
		h := &hand{generator: &generator{Rand: rng(), prefix: fmt.Sprintf("w%dx", i), others: []string{"clara", "dora"}},
			user: people[i%2], acked: store{}, seen: map[place]shown{}}
		owner, folder := people[1-i%2], h.prefix+"lent"
		if err := s.CreateMailbox(background, admin.MailboxName{Owner: owner, Name: folder}); err != nil {
			return nil, err
		}
		change := admin.ACLChange{Place: admin.Place{Owner: owner, Path: folder}, Identifier: h.user, Rights: "lrswite", Quiet: true}
		if _, err := s.SetACL(background, change); err != nil {
			return nil, err
		}
		f := newFolder()
		f.foreign = true
		h.acked["Users/"+owner+"/"+folder] = f
		all = append(all, h)
	}
	for i := range crew {
		all = append(all, newMember(rng(), people[i%len(people)], fmt.Sprintf("c%dx", i)))
	}
	all = append(all, newClerk(rng()))
	for i := range couriers {
		all = append(all, newCourier(rng(), fmt.Sprintf("l%dx", i)))
	}
	return all, nil
}
