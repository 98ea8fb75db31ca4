package imap

import (
	"slices"
	"strings"

	"poststube/imap/wire"
)

// capability is the command of RFC 9051 section 6.1.1.
func capability() command {
	return command{
		name:   "CAPABILITY",
		states: anyState,
		read: readNothing(func(s *session) (answer, error) {
			s.enc.Star().Raw("CAPABILITY ").Raw(s.capabilities()).CRLF()
			return answer{}, nil
		}),
	}
}

// capabilities returns what the server offers in the session's present state.
func (s *session) capabilities() string {
	var names []string
	for i := range s.srv.tables.list {
		if f := s.srv.tables.list[i].capabilities; f != nil {
			names = append(names, f(s)...)
		}
	}
	if len(s.hidden) > 0 {
		names = slices.DeleteFunc(names, s.hides)
	}
	return strings.Join(names, " ")
}

// greet is the greeting (RFC 9051 section 7.1.5). The capabilities save the
// client a question.
func (s *session) greet() {
	s.enc.Untagged(wire.OK, "CAPABILITY "+s.capabilities(), s.srv.name+" ready")
}
