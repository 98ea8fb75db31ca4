package imap

import "poststube/imap/wire"

// logout is the command of RFC 9051 section 6.1.3.
func logout() command {
	return command{
		name:   "LOGOUT",
		states: anyState,
		quiet:  true,
		last:   true,
		read: readNothing(func(s *session) (answer, error) {
			s.enc.Untagged(wire.BYE, "", "Good bye")
			s.deselect()
			s.in = ended
			return answer{}, nil
		}),
	}
}
