package clients

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// An action is something that people do with a mail program; a column of the
// table.
type action string

const (
	plain  action = "plain"  // log in without TLS, on loopback; a wrong password is refused
	secure action = "tls"    // log in over TLS with the certificate verified
	list   action = "list"   // list the mailboxes, with names beyond ASCII
	read   action = "read"   // read messages, octet by octet what was stored
	flag   action = "flag"   // set and remove flags
	upload action = "upload" // store a message
	move   action = "move"   // move messages to another mailbox
	remove action = "delete" // delete messages for good
	follow action = "sync"   // see what another client did meanwhile
	share  action = "share"  // use a folder of another user as far as the rights go
)

// actions are the columns, in the order in which they are run.
var actions = []action{plain, secure, list, read, flag, upload, move, remove, follow, share}

// A client is a mail program under test; a row of the table. It has for each
// action what does it or why it cannot.
type client struct {
	name     string
	packages []string // of Debian; nil: nothing to install
	limit    time.Duration
	version  func(r *rig) string
	setup    func(r *rig) // before the actions, if not nil
	do       map[action]func(r *rig)
	cannot   map[action]string // why the program has no such action
}

// clients are the rows.
func clients() []client {
	return []client{
		curl(),
		mbsync(),
		imaplib(),
		goimap(),
		imapfilter(),
		offlineimap(),
		fetchmail(),
		getmail(),
		snail(),
		mutt(),
		alpine(),
		aerc(),
		roundcubeClient(),
		thunderbirdClient(),
	}
}

// TestClients drives every mail program through all that it can do. The
// subtests are TestClients/PROGRAM/ACTION; interop/table reads their results
// and attributes.
func TestClients(t *testing.T) {
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			install(t, c.packages...)
			if _, err := program(); err != nil { // outside the limit
				t.Fatal(err)
			}
			limit := 60 * time.Second
			if c.limit > 0 {
				limit = c.limit
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			r := newRig(ctx, t)
			t.Attr("version", c.version(r))
			if c.setup != nil {
				c.setup(r)
			}
			for _, a := range actions {
				if why, ok := c.cannot[a]; ok {
					t.Attr("cannot-"+string(a), why)
					continue
				}
				t.Run(string(a), func(t *testing.T) { c.do[a](r.in(t)) })
			}
		})
	}
}

// TestComplete: every program has each action, or a reason why not.
func TestComplete(t *testing.T) {
	for _, c := range clients() {
		for _, a := range actions {
			_, can := c.do[a]
			if why, cannot := c.cannot[a]; can == cannot || cannot && strings.TrimSpace(why) == "" {
				t.Errorf("%s needs either a test or a reason for %q", c.name, a)
			}
		}
		for a := range maps.Keys(c.do) {
			if !slices.Contains(actions, a) {
				t.Errorf("%s has an unknown action %q", c.name, a)
			}
		}
	}
}
