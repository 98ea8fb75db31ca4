package imap

import (
	"strconv"
	"strings"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/message"
)

// A window is the <partial> of a section (RFC 9051 section 9): count octets from
// offset on. Its zero value is all of them.
type window struct{ offset, count int64 }

// readWindow reads the window if there is one.
func readWindow(p *parser) window {
	offset, count, _ := p.Partial()
	return window{offset, count}
}

// of returns which octets of size the window shows. What lies behind the end is
// left out, and nothing is left if the window begins there (RFC 9051 section
// 6.4.5).
func (w window) of(size int64) (from, to int64) {
	if w.count == 0 {
		return 0, size
	}
	from = min(w.offset, size)
	return from, from + min(w.count, size-from)
}

// label is how the response shows the window: by its origin octet.
func (w window) label() string {
	if w.count == 0 {
		return ""
	}
	return "<" + strconv.FormatInt(w.offset, 10) + ">"
}

// String is how the client has asked for it.
func (w window) String() string {
	if w.count == 0 {
		return ""
	}
	return "<" + strconv.FormatInt(w.offset, 10) + "." + strconv.FormatInt(w.count, 10) + ">"
}

// readBodySection reads the section of BODY[…] or BODY.PEEK[…].
func readBodySection(p *parser, r *fetchRequest, peek bool) {
	section := p.Section()
	win := readWindow(p)
	name := "BODY[" + sectionName(section) + "]"
	addSection(p, r, section, win, name, !peek)
}

// addSection adds a part for a section of the message. name is that of the
// response, without the window.
func addSection(p *parser, r *fetchRequest, section wire.Section, win window, name string, seen bool) {
	b := bodySection{path: sectionPath(section.Part), what: specifiers[section.Text], window: win}
	if section.Text == wire.HeaderFields || section.Text == wire.HeaderFieldsNot {
		b.names, b.not = section.Fields, section.Text == wire.HeaderFieldsNot
	}
	label := name + win.label() + " "
	part := fetchPart{name: name + win.String(), seen: seen, fields: mail.WantStructure | mail.WantRaw, prepare: b.prepare, append: func(s *session, m *fetched) {
		s.enc.Raw(label)
		m.write(s)
	}}
	part.octets = func(*mail.Message) bool { return true }
	if b.names != nil && !b.not && len(b.path) == 0 {
		// What is kept of the header usually answers that. Where it does not
		// part.octets says so.
		part.fields = mail.WantRendered
		part.octets = func(m *mail.Message) bool { return !b.kept(m) }
	}
	r.add(p, part)
}

// specifiers translate the text of a section.
var specifiers = map[wire.SectionText]message.Specifier{
	wire.Contents: message.Body, wire.Header: message.Header, wire.HeaderFields: message.Header,
	wire.HeaderFieldsNot: message.Header, wire.Text: message.Text, wire.MIME: message.MIME,
}

// sectionPath is the part number as package message takes it.
func sectionPath(part []uint32) []int {
	var path []int
	for _, n := range part {
		path = append(path, int(min(n, message.MaxParts+1)))
	}
	return path
}

// sectionName writes a section without its brackets: section-spec of RFC 9051
// section 9. Names of fields are as the client has written them.
func sectionName(section wire.Section) string {
	var b []byte
	for i, n := range section.Part {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	text := [...]string{
		wire.Header: "HEADER", wire.HeaderFields: "HEADER.FIELDS", wire.HeaderFieldsNot: "HEADER.FIELDS.NOT",
		wire.Text: "TEXT", wire.MIME: "MIME",
	}[section.Text]
	if text != "" && len(b) > 0 {
		b = append(b, '.')
	}
	b = append(b, text...)
	if section.Fields == nil {
		return string(b)
	}
	b = append(b, ' ', '(')
	for i, name := range section.Fields {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendFieldName(b, name)
	}
	return string(append(b, ')'))
}

// appendFieldName writes the name of a header field as an astring.
func appendFieldName(dst []byte, name string) []byte {
	if name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == "" {
		return append(dst, name...)
	}
	return wire.AppendString(dst, name, false)
}

// A bodySection is a section of a message (RFC 9051 section 6.4.5.1).
type bodySection struct {
	path   []int // part number; empty for the message
	what   message.Specifier
	names  []string // of HEADER.FIELDS, else nil
	not    bool     // HEADER.FIELDS.NOT
	window window
}

// kept tells whether the fields that are kept of a header answer the section.
func (b *bodySection) kept(m *mail.Message) bool { return m.HeaderSet.CoversAll(b.names) }

// prepare finds the octets of the section.
func (b *bodySection) prepare(m *fetched, v *value) error {
	memory := v.reset()
	if b.names != nil && !b.not && len(b.path) == 0 && b.kept(m.Message) {
		b.show(v, message.AppendFields(memory, m.Headers, b.names, false))
		return nil
	}
	from, to, ok, err := b.find(m)
	if err != nil || !ok {
		return err
	}
	if b.names == nil {
		first, last := b.window.of(to - from)
		v.setOctets(from+first, from+last)
		return nil
	}
	// No more of a header is looked at than anywhere else.
	header, err := m.read(from, min(to, from+message.MaxHeader), nil)
	if err == nil {
		b.show(v, message.AppendFields(memory, header, b.names, b.not))
	}
	return err
}

// show makes the window of text the value.
func (b *bodySection) show(v *value, text []byte) {
	from, to := b.window.of(int64(len(text)))
	v.setText(text[from:to])
}

// find returns which octets of the message the section names. ok is false if
// there is no such section. The usual ones are found without the part tree.
func (b *bodySection) find(m *fetched) (from, to int64, ok bool, err error) {
	if len(b.path) == 0 {
		switch b.what {
		case message.Body:
			return 0, m.Size, true, nil
		case message.Header:
			return 0, min(m.HeaderSize, m.Size), true, nil
		case message.Text:
			return min(m.HeaderSize, m.Size), m.Size, true, nil
		}
	}
	root, err := m.structure()
	if err != nil {
		return 0, 0, false, err
	}
	from, to, ok = root.Range(b.path, b.what)
	return from, to, ok, nil
}
