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
	if l.messages == nil {
		l.messages, l.aimed = s.user.Watch(), nil
	}
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
			s.stream.interrupt()
			<-said
			s.reading = false
			return heard{}, err
		}
		select {
		case <-l.messages.C():
		case <-l.tree.C():
			l.stale, l.noted = true, true
		case h := <-said:
			s.reading = false
			return h, nil
		}
	}
}

// aim watches the mailboxes of which the session wants to know at once.
func (s *session) aim() {
	var at [1]mail.MailboxID
	ids := at[:0]
	if s.box != nil {
		ids = append(ids, s.box.mailbox.ID())
	}
	if !slices.Equal(ids, s.live.aimed) {
		s.live.aimed = slices.Clone(ids)
		s.live.messages.Messages(ids...)
	}
}

// errEnded ends the run of a command in a session that has said BYE.
var errEnded = errors.New("imap: the session has ended")
