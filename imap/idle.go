package imap

import (
	"errors"
	"strings"

	"poststube/mail"
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

// runIdle tells the client of changes as they come, until it says DONE. A
// goroutine reads meanwhile; it is over before runIdle returns. How long a
// client may idle is the deadline of that read.
func runIdle(s *session) (answer, error) {
	watch := s.user.Watch()
	defer watch.Close()
	if s.box != nil {
		if err := watch.Set(s.ctx, false, s.box.mailbox.ID()); err != nil {
			return answer{}, err
		}
	}
	s.enc.Continue("Idling, say DONE to end it")
	// Watching has begun, so what happens from here on wakes the loop; its
	// first sync says what happened before.
	line := s.readLine()
	said, err := s.idleLoop(watch, line)
	s.reading = false
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

// A lineRead is what the goroutine of readLine has read.
type lineRead struct {
	text string
	ok   bool
}

// readLine reads a line in a goroutine of its own.
func (s *session) readLine() <-chan lineRead {
	line := make(chan lineRead, 1)
	s.reading = true
	go func() {
		text, ok := s.dec.Line()
		line <- lineRead{text, ok}
	}()
	return line
}

// idleLoop says what is new whenever a hint comes, until the client says
// something. On an error, which ends the session, the reader has ended too.
func (s *session) idleLoop(watch *mail.Watch, line <-chan lineRead) (lineRead, error) {
	for {
		s.speak()
		err := s.sync(syncing{})
		if err != nil {
			f := asFailure(err)
			s.bye(f.code, f.text)
		} else {
			err = s.flush()
		}
		if s.in == ended {
			err = errEnded
		}
		if err != nil {
			s.stream.interrupt()
			<-line
			return lineRead{}, err
		}
		select {
		case <-watch.C():
		case said := <-line:
			return said, nil
		}
	}
}

// errEnded ends the run of a command in a session that has said BYE.
var errEnded = errors.New("imap: the session has ended")
