package imap

import (
	"bytes"
	"io"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/message"
)

// binary is RFC 3516, part of IMAP4rev2: parts of a message without their
// transfer encoding. APPEND takes a literal8 wherever it takes a literal.
func binary() extension {
	return extension{
		name:         "BINARY",
		rfc:          "RFC 3516",
		capabilities: always("BINARY"),
		fetch: []fetchItem{
			{name: "BINARY", read: func(p *parser, r *fetchRequest) { readBinary(p, r, true) }},
			{name: "BINARY.PEEK", read: func(p *parser, r *fetchRequest) { readBinary(p, r, false) }},
			{name: "BINARY.SIZE", read: readBinarySize},
		},
	}
}

// A binaryPart is a part of a message, decoded. Containers have no encoding of
// their own and are shown as they are, as is the message itself: BINARY[] is
// the one way to fetch a message with NUL in it unchanged.
type binaryPart struct {
	path     []int
	window   window
	sizeOnly bool // BINARY.SIZE
}

func readBinary(p *parser, r *fetchRequest, seen bool) {
	numbers := p.SectionPart()
	b := binaryPart{path: sectionPath(numbers), window: readWindow(p)}
	name := "BINARY[" + sectionName(wire.Section{Part: numbers}) + "]"
	label := name + b.window.label() + " "
	r.add(p, fetchPart{
		name: name + b.window.String(), seen: seen, fields: mail.WantStructure | mail.WantRaw,
		octets:  func(*mail.Message) bool { return true },
		prepare: b.prepare,
		append: func(s *session, m *fetched) {
			s.enc.Raw(label)
			m.write(s)
		},
	})
}

// readBinarySize reads BINARY.SIZE. A part that does not exist has size 0: the
// answer has no NIL.
func readBinarySize(p *parser, r *fetchRequest) {
	numbers := p.SectionPart()
	b := binaryPart{path: sectionPath(numbers), sizeOnly: true}
	name := "BINARY.SIZE[" + sectionName(wire.Section{Part: numbers}) + "]"
	label := name + " "
	r.add(p, fetchPart{
		name: name, fields: mail.WantStructure | mail.WantRaw,
		octets:  func(*mail.Message) bool { return true },
		prepare: b.prepare,
		append: func(s *session, m *fetched) {
			s.enc.Raw(label).Uint64(uint64(m.value.octetCount()))
		},
	})
}

// decodeInMemory is up to which encoded size a part is decoded in memory. A
// larger one is decoded twice: once to learn how long it is, once to be sent.
const decodeInMemory = 256 << 10

// prepare finds the decoded octets of the part.
func (b *binaryPart) prepare(m *fetched, v *value) error {
	memory := v.reset()
	from, to, encoding := int64(0), m.Size, ""
	if len(b.path) > 0 {
		root, err := m.structure()
		if err != nil {
			return err
		}
		part := root.Find(b.path)
		if part == nil {
			return nil
		}
		from, to = part.BodyStart, part.End
		if len(part.Children) == 0 {
			encoding = part.Encoding
		}
	}
	if !message.KnownEncoding(encoding) {
		return no("UNKNOWN-CTE", "A part has a transfer encoding that the server can't decode, fetch it by BODY instead")
	}
	switch {
	case isIdentity(encoding):
		first, last := b.window.of(to - from)
		v.setOctets(from+first, from+last)
		if b.sizeOnly {
			return nil
		}
		return v.lookForNUL(m)
	case to-from <= decodeInMemory:
		return b.decode(m, v, from, to, encoding, memory)
	}
	return b.measure(m, v, from, to, encoding)
}

// isIdentity tells whether an encoding that is known changes nothing.
func isIdentity(encoding string) bool { return message.NewDecoder(encoding, nil) == nil }

// decode makes the value from octets [from,to) of the message, in memory.
func (b *binaryPart) decode(m *fetched, v *value, from, to int64, encoding string, memory []byte) error {
	encoded, err := m.read(from, to, nil)
	if err != nil {
		return err
	}
	text := bytes.NewBuffer(memory)
	if _, err := text.ReadFrom(message.NewDecoder(encoding, bytes.NewReader(encoded))); err != nil {
		return err
	}
	first, last := b.window.of(int64(text.Len()))
	v.setText(text.Bytes()[first:last])
	v.binary = bytes.IndexByte(v.text, 0) >= 0
	return nil
}

// measure makes a stream the value, after it was read once.
func (b *binaryPart) measure(m *fetched, v *value, from, to int64, encoding string) error {
	open := func() (io.Reader, error) {
		r := message.NewDecoder(encoding, io.NewSectionReader(m.octets(), from, to-from))
		_, err := io.CopyN(io.Discard, r, b.window.offset)
		if b.window.count > 0 {
			r = io.LimitReader(r, b.window.count)
		}
		return r, err
	}
	r, err := open()
	v.kind = madeStream
	if err == nil {
		v.size, v.binary, err = count(r)
	}
	if err == io.EOF { // the window begins behind the end
		v.setText(nil)
		return nil
	}
	v.stream = func() io.Reader {
		r, err := open()
		if err != nil {
			return failingReader{err}
		}
		return r
	}
	return err
}

// count reads to the end and tells how many octets there are, and whether one of
// them is NUL.
func count(r io.Reader) (n int64, hasNUL bool, err error) {
	buf := make([]byte, 32<<10)
	for {
		k, err := r.Read(buf)
		n += int64(k)
		hasNUL = hasNUL || bytes.IndexByte(buf[:k], 0) >= 0
		if err == io.EOF {
			return n, hasNUL, nil
		}
		if err != nil {
			return n, hasNUL, err
		}
	}
}

// A failingReader is a reader that can't be opened.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// lookForNUL makes the octets of the message that are the value a literal8 if
// they need one.
func (v *value) lookForNUL(m *fetched) (err error) {
	if m.body == nil {
		v.binary = bytes.IndexByte(m.Raw[v.from:v.to], 0) >= 0
		return nil
	}
	_, v.binary, err = count(io.NewSectionReader(m.body, v.from, v.to-v.from))
	return err
}

// octetCount returns how many octets the value has.
func (v *value) octetCount() int64 {
	switch v.kind {
	case octetRange:
		return v.to - v.from
	case madeText:
		return int64(len(v.text))
	case madeStream:
		return v.size
	}
	return 0
}
