package imap

import (
	"strings"
)

// idle is RFC 2177, part of IMAP4rev2 (RFC 9051 section 6.3.13).
func idle() extension {
	return extension{
		name:         "IDLE",
		rfc:          "RFC 2177",
		capabilities: always("IDLE"),
		commands:     []command{{name: "IDLE", states: loggedIn, read: readNothing(runIdle)}},
	}
}

// runIdle tells the client of changes as they come, until it says DONE. How long
// a client may idle is the deadline of that line.
//
// How many messages there are is said again if the client was told of new ones
// at the end of another command than NOOP: Thunderbird 153 takes no notice there,
// and would idle beside the new message until the next one comes.
func runIdle(s *session) (answer, error) {
	if s.live.tree == nil {
		if _, err := s.mailboxes(false); err != nil {
			return answer{}, err
		}
	}
	s.enc.Continue("Idling, say DONE to end it")
	if b := s.box; b != nil && b.aside {
		s.enc.Raw("* ").Int(b.view.Len()).Raw(" EXISTS").CRLF()
	}
	said, err := s.wait(s.listen(s.dec.Line), syncing{names: true})
	switch {
	case err != nil:
		return answer{}, err
	case !said.ok:
		return answer{}, s.dec.Err()
	case !strings.EqualFold(strings.TrimRight(said.text, " "), "DONE"):
		return answer{}, bad("IDLE is ended by DONE and nothing else")
	}
	return answer{}, nil
}
