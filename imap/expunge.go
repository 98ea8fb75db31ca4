package imap

import (
	"poststube/mail"
	"poststube/uidset"
)

// expunge is the command of RFC 9051 section 6.4.3. It deletes what the client
// can know to be \Deleted; messages that it has not been told of stay.
func expunge() command {
	return command{
		name:   "EXPUNGE",
		states: selected,
		read: readNothing(func(s *session) (answer, error) {
			return s.expunge(s.box.all())
		}),
	}
}

// expunge deletes those of uids that are \Deleted. The client hears of it from
// sync, like everybody.
func (s *session) expunge(uids uidset.Set) (answer, error) {
	if err := s.writable(); err != nil {
		return answer{}, err
	}
	gone, _, err := s.box.mailbox.Expunge(s.ctx, uids)
	return answer{how: syncing{removed: gone}}, err
}

// expungeSome is expunge for messages that the client has named, of which a limit
// may leave some.
func (s *session) expungeSome(uids uidset.Set) (answer, error) {
	if !s.overLimit(uids.Len()) {
		return s.expunge(uids)
	}
	found, err := s.box.mailbox.Search(s.ctx, uids, &mail.Query{Op: mail.QFlag, Flag: mail.Deleted}, false)
	if err != nil {
		return answer{}, err
	}
	uids, limit := s.limited(found.UIDs)
	ans, err := s.expunge(uids)
	s.tellLimit(&ans, limit)
	return ans, err
}

// denied tells whether err is for want of a right, or of the mailbox altogether,
// which those who may not list it are told instead.
func denied(err error) bool {
	k := mail.KindOf(err)
	return err != nil && (k == mail.Denied || k == mail.NotFound)
}
