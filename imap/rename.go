package imap

import (
	"context"

	"poststube/mail"
)

// rename is the command of RFC 9051 section 6.3.6.
func rename() command {
	return command{name: "RENAME", states: loggedIn, read: func(p *parser) run {
		p.SP()
		from, givenFrom := p.MailboxGiven()
		p.SP()
		to, givenTo := p.MailboxGiven()
		to, givenTo = trimSeparator(to), trimSeparator(givenTo)
		return func(s *session) (answer, error) {
			user := s.user
			_, err := patiently(s, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, user.Rename(ctx, from, to)
			})
			if err != nil {
				return answer{}, err
			}
			s.live.moved(from, to)
			if from != inbox && (from != givenFrom || to != givenTo) {
				err = s.tellNormal(to, givenFrom)
			}
			return answer{}, err
		}
	}}
}

// tellNormal tells that a mailbox has, in normal form, another name than the
// client has given to it or called it by.
func (s *session) tellNormal(name, given string) error {
	if !s.dialect.rev2 {
		return nil
	}
	info, err := s.user.Lookup(s.ctx, name)
	if mail.KindOf(err) == mail.NotFound {
		return nil // somebody was faster, which is told later
	}
	if err != nil {
		return err
	}
	s.listMatch(&listRequest{extended: true, showSpecialUse: true, showSubscribed: true}, &match{Info: &info, oldName: given})
	return nil
}
