package imap

import "poststube/imap/wire"

// deleteMailbox is the command of RFC 9051 section 6.3.5.
func deleteMailbox() command {
	return command{name: "DELETE", states: loggedIn, read: func(p *parser) run {
		name := readMailboxName(p)
		return func(s *session) (answer, error) {
			info, err := s.user.Lookup(s.ctx, name)
			if err != nil {
				return answer{}, err
			}
			if err := s.user.Delete(s.ctx, name); err != nil {
				return answer{}, err
			}
			if s.box != nil && s.box.mailbox.ID() == info.ID {
				// The client knows that this ends the selected state; others
				// learn it from sync.
				s.deselect()
				s.enc.Untagged(wire.OK, "CLOSED", "The selected mailbox is deleted")
			}
			return answer{}, nil
		}
	}}
}

// readMailboxName reads a single mailbox name.
func readMailboxName(p *parser) string {
	p.SP()
	return p.Mailbox()
}
