package imap

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A SessionInfo is what an administrator sees of a session.
type SessionInfo struct {
	ID      uint64 // as in the log
	User    string // "" before login
	Remote  netip.Addr
	Since   time.Time // of the connection
	Client  string    // what it calls itself (RFC 2971)
	Mailbox string    // the selected one, as the user calls it
}

// A standing is the part of a session's state that others may look at.
type standing struct {
	mu                    sync.Mutex
	user, client, mailbox string
}

// show tells the others where the session stands. It runs after each command.
func (s *session) show() {
	var user, mailbox string
	if s.user != nil {
		user = s.user.Principal().Name
	}
	if s.box != nil && s.box.mailbox != nil {
		mailbox = s.box.mailbox.Name()
	}
	s.shown.mu.Lock()
	s.shown.user, s.shown.client, s.shown.mailbox = user, s.client, mailbox
	s.shown.mu.Unlock()
}

func (s *session) info() SessionInfo {
	s.shown.mu.Lock()
	defer s.shown.mu.Unlock()
	return SessionInfo{
		ID: s.id, User: s.shown.user, Remote: s.remote, Since: s.connected,
		Client: s.shown.client, Mailbox: s.shown.mailbox,
	}
}

// Sessions returns all sessions, the oldest first.
func (srv *Server) Sessions() []SessionInfo {
	srv.mu.Lock()
	list := make([]SessionInfo, 0, len(srv.sessions))
	for s := range srv.sessions {
		list = append(list, s.info())
	}
	srv.mu.Unlock()
	slices.SortFunc(list, func(a, b SessionInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Kick ends sessions by their ID: each finishes the command it is at, and the
// client is told BYE. IDs that are not there any more are passed over. A client
// that does not read is gone after Limits.StallTime at the latest.
func (srv *Server) Kick(ids ...uint64) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	for s := range srv.sessions {
		if slices.Contains(ids, s.id) {
			s.stream.interrupt(errKicked)
		}
	}
}
