package imap

import (
	"bytes"
	"io"

	"poststube/mail"
	"poststube/message"
)

// A fetched is a message whose line is being written. Its octets are in Raw
// while the engine visits it, and in body when it was too large for that.
type fetched struct {
	*mail.Message
	body *mail.Body
	// value is that of the part which is being written.
	value *value

	root *message.Part // its structure, once it was asked for
}

// reset makes m the one for another message.
func (m *fetched) reset(of *mail.Message) { *m = fetched{Message: of} }

// octets returns a reader of the whole message.
func (m *fetched) octets() io.ReaderAt {
	if m.body != nil {
		return m.body
	}
	return bytes.NewReader(m.Raw)
}

// structure returns the part tree. What is stored of it may come from another
// version of the program; then the message is parsed again.
func (m *fetched) structure() (*message.Part, error) {
	if m.root != nil {
		return m.root, nil
	}
	root, err := message.ParseStructure(m.Structure)
	if err != nil || root.End != m.Size {
		root, err = message.Parse(m.octets(), m.Size)
	}
	m.root = root
	return root, err
}

// read returns the octets [from,to) of the message. They are a part of it, or
// lie in buf or in new memory.
func (m *fetched) read(from, to int64, buf []byte) ([]byte, error) {
	if m.body == nil {
		return m.Raw[from:to], nil
	}
	n := int(to - from)
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if got, err := m.body.ReadAt(buf, from); got < n {
		return nil, err
	}
	return buf, nil
}

// A value is what a part says of one message.
type value struct {
	kind     valueKind
	from, to int64            // of an octetRange
	text     []byte           // of madeText
	stream   func() io.Reader // of a madeStream
	size     int64            // of a madeStream
	binary   bool             // the octets hold NUL, and may be sent so
	memory   []byte           // for text
}

type valueKind uint8

const (
	noValue    valueKind = iota // NIL
	octetRange                  // octets of the message
	madeText                    // octets that were made from it
	madeStream                  // the same, too many to be held in memory
)

// keepMemory is how much a value keeps of its memory for the next message.
const keepMemory = 64 << 10

// reset empties a value for another message and returns memory for its text.
func (v *value) reset() []byte {
	if v.kind == madeText && cap(v.text) <= keepMemory {
		v.memory = v.text[:0]
	}
	*v = value{memory: v.memory}
	return v.memory
}

// setOctets makes [from,to) of the message the value.
func (v *value) setOctets(from, to int64) { v.kind, v.from, v.to = octetRange, from, to }

// setText makes text the value.
func (v *value) setText(text []byte) { v.kind, v.text = madeText, text }

// write writes the value: as a literal, or NIL. While the engine visits the
// message it only appends to the encoder's buffer.
func (m *fetched) write(s *session) {
	v := m.value
	switch v.kind {
	case noValue:
		s.enc.NIL()
	case madeText:
		s.literal(v.text, v.binary)
	case madeStream:
		s.literalFrom(v.size, v.stream(), v.binary)
	case octetRange:
		if m.body == nil {
			s.literal(m.Raw[v.from:v.to], v.binary)
			return
		}
		s.literalFrom(v.to-v.from, io.NewSectionReader(m.body, v.from, v.to-v.from), v.binary)
	}
}

// literal appends octets as a literal, or with binary as a literal8 (RFC 3516),
// and sends nothing. NUL has no form in the former and becomes "?", as the
// encoder does it.
func (s *session) literal(octets []byte, binary bool) {
	if binary {
		s.enc.Byte('~')
	}
	s.enc.Byte('{').Int(len(octets)).Raw("}\r\n")
	if binary || bytes.IndexByte(octets, 0) < 0 {
		s.enc.RawBytes(octets)
		return
	}
	s.enc.Append(func(dst []byte) []byte {
		for _, c := range octets {
			if c == 0 {
				c = '?'
			}
			dst = append(dst, c)
		}
		return dst
	})
}

// literalFrom is literal for octets from a reader. It writes to the client.
func (s *session) literalFrom(size int64, r io.Reader, binary bool) {
	if binary {
		s.enc.Literal8(size, r)
		return
	}
	s.enc.Literal(size, r)
}
