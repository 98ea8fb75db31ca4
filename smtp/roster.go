package smtp

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// A SessionInfo is what an administrator sees of a session.
type SessionInfo struct {
	ID     uint64 // as in the log
	Remote netip.Addr
	Since  time.Time
	Client string // what it calls itself in LHLO
}

func (s *Server) enter(c *session) {
	s.mu.Lock()
	s.sessions[c] = struct{}{}
	s.mu.Unlock()
}

func (s *Server) leave(c *session) {
	s.mu.Lock()
	delete(s.sessions, c)
	s.mu.Unlock()
}

// Sessions returns all sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	s.mu.Lock()
	list := make([]SessionInfo, 0, len(s.sessions))
	for c := range s.sessions {
		i := SessionInfo{ID: c.origin.Session, Remote: c.origin.Remote, Since: c.since}
		if name := c.name.Load(); name != nil {
			i.Client = *name
		}
		list = append(list, i)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b SessionInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Kick ends sessions by their ID, each when it is not inside a message, with the
// reply 421. IDs that are not there any more are passed over.
func (s *Server) Kick(ids ...uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sessions {
		if slices.Contains(ids, c.origin.Session) {
			c.link.drain(errKicked)
		}
	}
}
