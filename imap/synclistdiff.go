package imap

import (
	"strings"

	"poststube/mail"
)

// A listChange is one difference between what the client knows and what is.
type listChange struct {
	name    string     // that the line is about
	now     *mail.Info // what has the name now; nil: nothing, and nothing beneath
	oldName string     // what the mailbox was called, if it is renamed, else ""
	known   bool       // the client knew the mailbox, with the attributes was
	was     attributes
}

// gone tells whether there is no such mailbox any more, though there may be
// others beneath the name.
func (ch *listChange) gone() bool { return ch.now == nil || ch.now.NonExistent }

// compareLists returns what a client that knows the mailboxes old must be told to
// know now: what is gone, what is renamed, and what is new or has other
// attributes. A client that follows the lines one by one, and takes along what is
// beneath a mailbox that is renamed (RFC 5465 section 5.4), ends with now,
// whatever has happened in between. Of names that are only above others nothing
// is said: the lines of those below tell of them.
func compareLists(old []toldName, now []mail.Info) []listChange {
	if old, now = narrow(old, now); len(old)+len(now) == 0 {
		return nil
	}
	c := comparison{at: make(map[mail.MailboxID]string, len(old)), by: make(map[string]toldName, len(old)), now: make(map[string]*mail.Info, len(now))}
	there := make(map[mail.MailboxID]bool, len(now))
	for i := range now {
		c.now[now[i].Name] = &now[i]
		there[now[i].ID] = true
	}
	for _, n := range old {
		if n.attrs&attrNonExistent == 0 {
			c.at[n.id], c.by[n.name] = n.name, n
		}
	}
	for _, n := range old {
		if n.attrs&attrNonExistent == 0 && !there[n.id] {
			c.vanish(n.id)
		}
	}
	c.rename(now)
	for i := range now {
		// Mailboxes that have swapped their names can't be told step by step.
		if name, known := c.at[now[i].ID]; known && name != now[i].Name {
			c.vanish(now[i].ID)
		}
	}
	for i := range now {
		c.describe(&now[i])
	}
	return c.list
}

// narrow leaves away what both lists have alike at their beginnings and ends, so
// that one change among thousands of mailboxes costs little. Where something is
// renamed nothing is left away: it takes along what is beneath.
func narrow(old []toldName, now []mail.Info) ([]toldName, []mail.Info) {
	first := 0
	for first < len(old) && first < len(now) && old[first] == told(&now[first]) {
		first++
	}
	o, n := old[first:], now[first:]
	for len(o) > 0 && len(n) > 0 && o[len(o)-1] == told(&n[len(n)-1]) {
		o, n = o[:len(o)-1], n[:len(n)-1]
	}
	if len(o) == 0 || len(n) == 0 {
		return o, n
	}
	names := make(map[mail.MailboxID]string, len(o))
	for i := range o {
		if o[i].attrs&attrNonExistent == 0 {
			names[o[i].id] = o[i].name
		}
	}
	for i := range n {
		if name, known := names[n[i].ID]; known && name != n[i].Name {
			return old, now
		}
	}
	return o, n
}

// A comparison follows what a client knows while it is told changes.
type comparison struct {
	at   map[mail.MailboxID]string // what the client calls each mailbox
	by   map[string]toldName
	now  map[string]*mail.Info
	list []listChange
}

// vanish tells that the client's name of a mailbox no longer means it. Where
// another mailbox has that name now, its own line says so.
func (c *comparison) vanish(id mail.MailboxID) {
	name := c.at[id]
	n := c.by[name]
	delete(c.at, id)
	delete(c.by, name)
	if info := c.now[name]; info == nil || info.NonExistent {
		c.list = append(c.list, listChange{name: name, now: info, known: true, was: n.attrs})
	}
}

// rename tells which mailboxes have other names, parents first, each when its new
// name is free in the client's eyes.
func (c *comparison) rename(now []mail.Info) {
	for again := true; again; {
		again = false
		for i := range now {
			info := &now[i]
			from, known := c.at[info.ID]
			if !known || info.NonExistent || from == info.Name {
				continue
			}
			if _, taken := c.by[info.Name]; taken {
				continue
			}
			c.list = append(c.list, listChange{name: info.Name, now: info, oldName: from, known: true, was: c.by[from].attrs})
			c.move(from, info.Name)
			c.by[info.Name] = told(info)
			again = true
		}
	}
}

// move does what the client does when it hears that a name has changed.
func (c *comparison) move(from, to string) {
	var moved []toldName
	for name, n := range c.by {
		if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == hierarchySeparator) {
			delete(c.by, name)
			n.name = to + rest
			moved = append(moved, n)
		}
	}
	for _, n := range moved {
		c.by[n.name], c.at[n.id] = n, n.name
	}
}

// describe tells of a mailbox that the client does not know as it is.
func (c *comparison) describe(info *mail.Info) {
	n, known := c.by[info.Name]
	if info.NonExistent || known && n == told(info) {
		return
	}
	known = known && n.id == info.ID
	ch := listChange{name: info.Name, now: info, known: known}
	if known {
		ch.was = n.attrs
	}
	c.list = append(c.list, ch)
}
