package imap

import "poststube/imap/wire"

// deleteMailbox is the command of RFC 9051 section 6.3.5.
func deleteMailbox() command {
	return command{name: "DELETE", states: loggedIn, read: func(p *parser) run {
		name := readMailboxName(p)
		return func(s *session) (answer, error) {
			if err := s.user.Delete(s.ctx, name); err != nil {
				return answer{}, err
			}
			s.live.deleted(name)
			if s.box == nil {
				return answer{}, nil
			}
			ch, err := s.box.mailbox.Changes(s.ctx, s.box.upTo)
			if err == nil && ch.Gone {
				// The client knows that this ends the selected state; others
				// learn it from sync.
				s.deselect()
				s.enc.Untagged(wire.OK, "CLOSED", "The selected mailbox is deleted")
			}
			return answer{}, err
		}
	}}
}

// readMailboxName reads a single mailbox name.
func readMailboxName(p *parser) string {
	p.SP()
	return p.Mailbox()
}
