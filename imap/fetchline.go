package imap

import (
	"bytes"
	"io"

	"poststube/mail"
	"poststube/uidset"
)

// A fetcher writes the lines of one FETCH.
type fetcher struct {
	*session
	parts      []fetchPart
	flagged    uidset.Set // told with FLAGS in any case
	named      uint8
	withModSeq bool

	lines int
	// large is a message whose octets are not at hand in its visit. The visit
	// is over then, and its line is written by largeLine.
	large *mail.Message
	err   error // the first message that could not be read
}

// A fetched is a message whose line is being written.
type fetched struct {
	*mail.Message
	body *mail.Body // of a large message, nil otherwise
}

// line writes the line of a message.
func (f *fetcher) line(m *fetched) {
	seq, ok := f.box.view.Seq(m.UID)
	if !ok {
		return
	}
	f.lines++
	e := f.enc
	e.Raw("* ").Number(seq).Raw(" FETCH (")
	for i := range f.parts {
		if i > 0 {
			e.SP()
		}
		f.parts[i].append(f.session, m)
	}
	changed := f.named&namesFlags == 0 && f.flagged.Contains(m.UID)
	if changed {
		e.SP()
		f.flags(m.Message)
	}
	if f.withModSeq || changed && f.dialect.condstore && f.named&namesModSeq == 0 {
		e.SP()
		appendModSeq(f.session, m)
	}
	e.Raw(")\r\n")
}

// largeLine writes the line of the message that ended the last visits, if one
// has. One that can't be read has no line; the others are still served.
func (f *fetcher) largeLine() error {
	if f.large == nil {
		return nil
	}
	m := fetched{Message: f.large}
	f.large = nil
	var err error
	if m.body, err = f.box.mailbox.OpenBody(f.ctx, m.UID); err != nil {
		if f.err == nil && mail.KindOf(err) != mail.NotFound {
			f.err = err
		}
		return nil
	}
	defer m.body.Close()
	f.line(&m)
	return f.enc.Err()
}

// literal writes octets of the message as a literal. What lies beyond its end is
// left out (RFC 9051 section 6.4.5, partial).
func (m *fetched) literal(s *session, from, size int64) {
	from = min(from, m.Size)
	size = min(size, m.Size-from)
	if m.body != nil {
		s.enc.Literal(size, io.NewSectionReader(m.body, from, size))
		return
	}
	s.rawLiteral(m.Raw[from : from+size])
}

// rawLiteral writes octets as a literal and sends nothing. NUL has no form in
// it and becomes "?", as the encoder does it.
func (s *session) rawLiteral(octets []byte) {
	s.enc.Byte('{').Int(len(octets)).Raw("}\r\n")
	if bytes.IndexByte(octets, 0) >= 0 {
		octets = bytes.ReplaceAll(octets, []byte{0}, []byte{'?'})
	}
	s.enc.RawBytes(octets)
}

// portions visits the messages of uids in ascending order and calls between
// after each bunch of visits, when nothing is held in the engine and the encoder
// may write.
func (s *session) portions(uids uidset.Set, want mail.Fields, visit func(*mail.Message) bool, between func() error) error {
	from := uint32(0)
	for {
		next, err := s.box.mailbox.Messages(s.ctx, uids, from, want, visit)
		if err != nil {
			return err
		}
		if err := between(); err != nil {
			return err
		}
		if s.enc.Buffered() >= portion {
			if err := s.enc.Flush(); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		from = next
	}
}
