package imap

import (
	"fmt"
	"net/netip"
	"sync"

	"poststube/directory"
)

// A census counts connections, so that no address and no user can take them
// all. Addresses are compared as networks: an IPv6 host has a /64 to choose
// from. The limits of an address do not hold on loopback: from there come
// webmail and proxies, which speak for many.
type census struct {
	limits Limits

	mu      sync.Mutex
	all     int
	pending map[netip.Prefix]int // not logged in
	users   map[directory.ID]int
	places  map[place]int
}

// A place is a user at an address.
type place struct {
	user directory.ID
	net  netip.Prefix
}

func newCensus(l Limits) *census {
	return &census{limits: l, pending: map[netip.Prefix]int{}, users: map[directory.ID]int{}, places: map[place]int{}}
}

// network returns what of an address counts as one client: the address for
// IPv4, the /64 for IPv6.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // fails for the zero Addr only, whose zero Prefix is right
	return p
}

// arrive counts a new connection; it says why there can't be one more.
func (c *census) arrive(remote netip.Addr) error {
	n := network(remote)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.limits.Connections {
		return fmt.Errorf("the server has %d connections, please come back later", c.all)
	}
	if c.pending[n] >= c.limits.PendingPerAddress && !remote.IsLoopback() {
		return fmt.Errorf("%d connections of your address have not logged in; log in or close some", c.pending[n])
	}
	c.pending[n]++
	c.all++
	return nil
}

// login turns a pending connection into a user's session; it says why there
// can't be one more, and then the connection is still pending.
func (c *census) login(remote netip.Addr, user directory.ID) error {
	n := network(remote)
	at := place{user, n}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[user] >= c.limits.SessionsPerUser {
		return fmt.Errorf("%d sessions of this user are open; close some", c.users[user])
	}
	if c.places[at] >= c.limits.SessionsPerUserAddr && !remote.IsLoopback() {
		return fmt.Errorf("%d sessions of this user are open from your address; close some", c.places[at])
	}
	decrease(c.pending, n)
	c.users[user]++
	c.places[at]++
	return nil
}

// leave takes back what arrive, or login if user is not 0, has counted.
func (c *census) leave(remote netip.Addr, user directory.ID) {
	n := network(remote)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if user == 0 {
		decrease(c.pending, n)
		return
	}
	decrease(c.users, user)
	decrease(c.places, place{user, n})
}

// decrease keeps the maps as small as what they count.
func decrease[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] <= 0 {
		delete(m, k)
	}
}
