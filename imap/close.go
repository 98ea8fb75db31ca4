package imap

// closeMailbox is the command of RFC 9051 section 6.4.1: what is \Deleted goes
// without a word, and the mailbox is no longer selected.
func closeMailbox() command {
	return command{
		name:   "CLOSE",
		states: selected,
		quiet:  true,
		read: readNothing(func(s *session) (answer, error) {
			b := s.box
			s.deselect()
			if b.examine {
				return answer{}, nil
			}
			// Only what the client knows of, as for EXPUNGE. Without the right
			// to expunge, CLOSE still closes (RFC 4314 section 4).
			_, _, err := b.mailbox.Expunge(s.ctx, b.view.All())
			if denied(err) {
				err = nil
			}
			return answer{}, err
		}),
	}
}
