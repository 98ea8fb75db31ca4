package imap

import "poststube/mail"

// syncMetadata tells which annotations others have changed (section 4.4.2).
func (s *session) syncMetadata() error {
	l := &s.live
	if l.notes == nil {
		return s.watchMetadata()
	}
	if l.hint(); !l.noted {
		return nil
	}
	l.noted = false
	changes, err := s.user.MetadataChanges(s.ctx, l.notes)
	if err != nil {
		l.noted = true
		return err
	}
	for _, ch := range changes {
		if !s.wantsMetadata(ch) {
			continue
		}
		s.enc.Raw("* METADATA ").Mailbox(ch.Mailbox)
		for _, entry := range ch.Entries {
			s.enc.SP().AString(entry)
		}
		s.enc.CRLF()
	}
	return nil
}

// wantsMetadata tells whether the client wants to know of a change: of all after
// ENABLE METADATA, unless NOTIFY says of which (RFC 5465 sections 5.6 and 5.7).
func (s *session) wantsMetadata(ch mail.MetadataChange) bool {
	n := s.notify
	switch {
	case n == nil:
		return true
	case ch.Mailbox == "":
		return n.wants()&serverMetadata != 0
	}
	return n.of(s, ch.Mailbox, s.live.attributes(ch.Mailbox))&mailboxMetadata != 0
}

// watchMetadata begins to look for changes of annotations.
func (s *session) watchMetadata() error {
	l := &s.live
	first := l.tree == nil
	if first {
		l.tree = s.user.Watch()
	}
	l.tree.Annotations(true)
	infos, err := l.tree.Mailboxes(s.ctx)
	if err != nil {
		return err
	}
	if first {
		l.remember(infos)
	}
	notes := mail.MetadataCursor{}
	if _, err := s.user.MetadataChanges(s.ctx, notes); err != nil {
		return err
	}
	l.notes = notes
	return nil
}
