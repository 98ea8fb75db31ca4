package promises

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"poststube/admin"
)

// A clerk administers: people, groups, who is in them, their mailboxes, addresses
// and quotas. Nobody else does.
type clerk struct {
	sync.Mutex
	*generator
	acked   office
	pending *op
	count   int
	s       admin.Service
}

// An office is what the clerk has made.
type office struct {
	people map[string]bool
	groups map[string]*team
	quota  uint64 // of dora, in messages
}

// A team is a group of the clerk's.
type team struct{ members, boxes, addresses map[string]bool }

func newClerk(rng *rand.Rand) *clerk {
	return &clerk{generator: &generator{Rand: rng, prefix: "office"}, acked: office{people: map[string]bool{}, groups: map[string]*team{}}}
}

func newTeam() *team {
	return &team{members: map[string]bool{}, boxes: map[string]bool{}, addresses: map[string]bool{}}
}

func (o office) clone() office {
	c := office{people: maps.Clone(o.people), groups: map[string]*team{}, quota: o.quota}
	for name, t := range o.groups {
		c.groups[name] = &team{maps.Clone(t.members), maps.Clone(t.boxes), maps.Clone(t.addresses)}
	}
	return c
}

func (o office) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "people %v, quota %d", slices.Sorted(maps.Keys(o.people)), o.quota)
	for _, name := range slices.Sorted(maps.Keys(o.groups)) {
		t := o.groups[name]
		fmt.Fprintf(&b, "\n%s: members %v, mailboxes %v, addresses %v", name,
			slices.Sorted(maps.Keys(t.members)), slices.Sorted(maps.Keys(t.boxes)), slices.Sorted(maps.Keys(t.addresses)))
	}
	return b.String()
}

func (c *clerk) clone() writer {
	return &clerk{generator: c.generator, acked: c.acked.clone(), pending: c.pending}
}

func (c *clerk) done() int { return c.count }

func (c *clerk) sit(s site) error {
	c.s = s.service()
	return nil
}

// next makes up a command; folder is the group, who whom or what it is about.
func (c *clerk) next() op {
	groups := slices.Sorted(maps.Keys(c.acked.groups))
	if len(groups) < 2 {
		return op{kind: "add group", folder: c.name()}
	}
	o := op{folder: groups[c.IntN(len(groups))]}
	t := c.acked.groups[o.folder]
	all := append(slices.Sorted(maps.Keys(c.acked.people)), people...)
	switch o.kind = c.pick("join", "join", "join", "leave", "box", "box", "no box", "address", "address", "no address", "quota", "add user", "add group", "remove group"); o.kind {
	case "join":
		o.who = all[c.IntN(len(all))]
	case "leave":
		o.who = c.one(t.members)
	case "box":
		o.who = c.name()
	case "no box":
		o.who = c.one(t.boxes)
	case "address":
		o.who = c.name() + "@example.org"
	case "no address":
		o.who = c.one(t.addresses)
	case "quota":
		o.uids = []uint32{uint32(1000 + c.IntN(1000))}
	case "add user":
		if o.who = c.name(); len(c.acked.people) > 40 { // a password costs time
			return c.next()
		}
	case "add group":
		if o.folder = c.name(); len(groups) > 5 {
			return c.next()
		}
	}
	if o.who == "" && o.kind != "quota" && !strings.Contains(o.kind, "group") || len(t.boxes) > 10 && o.kind == "box" {
		return c.next()
	}
	return o
}

func (c *clerk) one(set map[string]bool) string {
	if len(set) == 0 {
		return ""
	}
	return c.pick(slices.Sorted(maps.Keys(set))...)
}

func (c *clerk) do(o op) error {
	membership := admin.Membership{Group: o.folder, Names: []string{o.who}}
	box := admin.MailboxName{Owner: o.folder, Name: o.who}
	address := admin.AddressChange{Name: o.folder, Address: o.who}
	switch o.kind {
	case "join":
		return c.s.AddMembers(background, membership)
	case "leave":
		return c.s.RemoveMembers(background, membership)
	case "box":
		return c.s.CreateMailbox(background, box)
	case "no box":
		return c.s.DeleteMailbox(background, box)
	case "address":
		return c.s.AddAddress(background, address)
	case "no address":
		return c.s.RemoveAddress(background, address)
	case "quota":
		return c.s.SetQuota(background, admin.Quota{Owner: "dora", Messages: uint64(o.uids[0])})
	case "add user":
		_, err := c.s.AddUsers(background, []admin.NewUser{{Name: o.who + "a"}, {Name: o.who + "b"}}, nil)
		return err
	case "add group":
		return c.s.AddGroup(background, o.folder)
	case "remove group":
		return c.s.RemoveGroup(background, o.folder)
	}
	return fmt.Errorf("no command %q", o.kind)
}

func (o office) apply(c op) office {
	t := o.groups[c.folder]
	switch c.kind {
	case "join":
		t.members[c.who] = true
	case "leave":
		delete(t.members, c.who)
	case "box":
		t.boxes[c.who] = true
	case "no box":
		delete(t.boxes, c.who)
	case "address":
		t.addresses[c.who] = true
	case "no address":
		delete(t.addresses, c.who)
	case "quota":
		o.quota = uint64(c.uids[0])
	case "add user":
		o.people[c.who+"a"], o.people[c.who+"b"] = true, true
	case "add group":
		o.groups[c.folder] = newTeam()
	case "remove group":
		delete(o.groups, c.folder)
	}
	return o
}

func (c *clerk) turn() error {
	c.Lock()
	o := c.next()
	c.pending = &o
	c.Unlock()
	if err := refusal(c.do(o)); err != nil {
		return fmt.Errorf("%v: %w", o, gone(err))
	}
	c.Lock()
	defer c.Unlock()
	c.acked = c.acked.apply(o)
	c.pending = nil
	c.count++
	return nil
}

func (c *clerk) settle(s site) error {
	found, err := readOffice(s.service(), c.prefix)
	if err != nil {
		return err
	}
	if c.acked.String() != found.String() {
		if c.pending == nil {
			return fmt.Errorf("the office should be\n%v\nand is\n%v", c.acked, found)
		}
		if late := c.acked.clone().apply(*c.pending); late.String() != found.String() {
			return fmt.Errorf("the office should be, before %v,\n%v\nor after it\n%v\nand is\n%v", *c.pending, c.acked, late, found)
		}
	}
	c.acked, c.pending = found, nil
	return nil
}

// readOffice reads what bears the clerk's names.
func readOffice(s admin.Service, prefix string) (o office, err error) {
	o = office{people: map[string]bool{}, groups: map[string]*team{}}
	users, err := s.Users(background)
	if err != nil {
		return o, err
	}
	for _, u := range users {
		if strings.HasPrefix(u.Name, prefix) {
			o.people[u.Name] = true
		}
	}
	groups, err := s.Groups(background)
	if err != nil {
		return o, err
	}
	for _, g := range groups {
		if !strings.HasPrefix(g.Name, prefix) {
			continue
		}
		t := newTeam()
		o.groups[g.Name] = t
		for _, m := range g.Members {
			t.members[m] = true
		}
		boxes, err := s.Mailboxes(background, g.Name)
		if err != nil {
			return o, err
		}
		for _, b := range boxes {
			if strings.HasPrefix(b.Name, prefix) {
				t.boxes[b.Name] = true
			}
		}
		addresses, err := s.Addresses(background, g.Name)
		if err != nil {
			return o, err
		}
		for _, a := range addresses {
			if !strings.HasPrefix(a, g.Name+"@") { // which it has by its name
				t.addresses[a] = true
			}
		}
	}
	q, err := s.Quota(background, "dora")
	o.quota = q.Messages
	return o, err
}
