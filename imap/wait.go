package imap

import (
	"errors"
	"slices"

	"poststube/mail"
)

// A heard is what a client has said while the session waited.
type heard struct {
	text string
	ok   bool
}

// listen reads from the client in a goroutine of its own, until read has
// something or the input has ended. wait takes what it has.
func (s *session) listen(read func() (string, bool)) <-chan heard {
	said := make(chan heard, 1)
	s.reading = true
	go func() {
		text, ok := read()
		said <- heard{text, ok}
	}()
	return said
}

// wait says what is new whenever a hint comes, until the client says something.
// The goroutine that listens is over then, also after an error, which ends the
// session.
func (s *session) wait(said <-chan heard, how syncing) (heard, error) {
	l := &s.live
	s.srv.waiting.Add(1)
	defer s.srv.waiting.Add(-1)
	for {
		// The watches come first, so that what happens after the look at the
		// log wakes the loop.
		s.aim()
		err := s.sync(how)
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
			s.stream.interrupt(errInterrupted)
			<-said
			s.reading = false
			return heard{}, err
		}
		select {
		case <-l.messages.C():
			l.touched = true
		case <-l.tree.C():
			l.stale, l.noted = true, true
		case h := <-said:
			s.reading = false
			if s.notify == nil {
				l.aimed = nil
				l.messages.Messages()
			}
			return h, nil
		}
	}
}

// aim watches the mailboxes of which the session wants to know at once.
func (s *session) aim() {
	l := &s.live
	if l.messages == nil {
		l.messages = s.user.Watch()
	}
	ids := make([]mail.MailboxID, 0, 1)
	if s.box != nil {
		ids = append(ids, s.box.mailbox.ID())
	}
	if s.notify != nil {
		for i := range s.notify.watched {
			ids = append(ids, s.notify.watched[i].id)
		}
	}
	if !slices.Equal(ids, l.aimed) {
		l.aimed = ids
		l.messages.Messages(ids...)
	}
}

// await waits for the next command of a client that has used NOTIFY, and tells it
// meanwhile what it wants to know. It reports false if there is none.
func (s *session) await() bool {
	n := s.notify
	if n == nil || n.selected == 0 && len(n.groups) == 0 || s.dec.Buffered() > 0 {
		return true
	}
	read := func() (string, bool) { return "", s.dec.Await() }
	// Sequence numbers may change between commands only for a client that does
	// not use them (RFC 5465 sections 5.3 and 6.1.2).
	_, err := s.wait(s.listen(read), syncing{keepNumbers: n.delayed})
	return err == nil
}

// errEnded ends the run of a command in a session that has said BYE.
var errEnded = errors.New("imap: the session has ended")
