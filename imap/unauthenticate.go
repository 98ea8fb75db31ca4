package imap

import (
	"log/slog"
	"net/netip"
	"time"

	"poststube/imap/wire"
)

// unauthenticate is RFC 8437: the connection goes on to another user. A Profile
// that hides it switches it off (section 8).
func unauthenticate() extension {
	return extension{
		name: "UNAUTHENTICATE",
		rfc:  "RFC 8437",
		capabilities: func(s *session) []string {
			if s.in&loggedIn == 0 {
				return nil
			}
			return []string{"UNAUTHENTICATE"}
		},
		commands: []command{{name: "UNAUTHENTICATE", states: loggedIn, quiet: true, read: readNothing(runUnauthenticate)}},
	}
}

// runUnauthenticate never answers NO, since the client may have sent its next
// login already (section 3): what can't be done ends the session.
func runUnauthenticate(s *session) (answer, error) {
	if s.inflate != nil && s.dec.Buffered() > 0 {
		s.bye("CLIENTBUG", "Compression must end with UNAUTHENTICATE (RFC 8437 section 4.1)")
		return answer{}, nil
	}
	s.srv.census.leave(s.remote, s.userID())
	if err := s.srv.census.arrive(s.remote); err != nil {
		s.remote = netip.Addr{} // not counted, so not to be taken back
		s.forget()
		s.bye("LIMIT", sentence(err.Error()))
		return answer{}, nil
	}
	s.log.Info("logout")
	s.forget()
	s.enc.Tagged(s.tag, wire.OK, "", "UNAUTHENTICATE completed")
	if s.inflate != nil {
		if err := s.decompress(); err != nil {
			s.bye("CLIENTBUG", "Compression must end with UNAUTHENTICATE (RFC 8437 section 4.1)")
		}
	}
	return answer{done: true}, nil
}

// forget makes a session what it was after its greeting. What stays is the
// connection itself with its TLS, and what the client calls itself (section 3).
func (s *session) forget() {
	s.state = state{in: notAuthenticated}
	s.pending.Store(true)
	s.live.close()
	s.notify = nil
	s.dialect = dialect{}
	s.applyDialect()
	s.setProfile()
	s.bad = 0
	s.dec.Limits = wire.LimitsBeforeLogin()
	s.started = time.Now()
	s.stream.patience(s.srv.limits.StallTime, s.started.Add(s.srv.limits.LoginTime))
	s.log = s.srv.log.With(slog.Uint64("session", s.id))
}
