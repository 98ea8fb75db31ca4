package wire

// A SectionText is which text of a part is meant (RFC 9051 section 9,
// section-text).
type SectionText uint8

// The texts of a part. Contents is what no name is written for: the body of
// the part, or the whole message if there is no part either.
const (
	Contents SectionText = iota
	Header
	HeaderFields
	HeaderFieldsNot
	Text
	MIME
)

// A Section is what stands in the brackets of BODY[…] and BINARY[…].
type Section struct {
	Part   []uint32 // numbers of the nested parts, from 1; empty for the message
	Text   SectionText
	Fields []string // of HeaderFields and HeaderFieldsNot, as written
}

// Section reads a section with its brackets.
func (d *Decoder) Section() Section {
	d.Special('[')
	s := Section{}
	if d.Try(']') {
		return s
	}
	more := true
	if isDigit(d.Peek()) {
		s.Part, more = d.part()
	}
	if more {
		d.sectionText(&s)
	}
	if !d.Try(']') {
		d.Expected(`"]" at the end of the section`)
	}
	if d.err != nil {
		return Section{}
	}
	return s
}

// SectionPart reads the section of BINARY with its brackets: numbers only.
func (d *Decoder) SectionPart() []uint32 {
	d.Special('[')
	if d.Try(']') {
		return nil
	}
	part, more := d.part()
	if more || !d.Try(']') {
		d.Expected(`"]" at the end of the section`)
		return nil
	}
	return part
}

// part reads section-part. more is true if "." was read behind it, and the name
// of a text must follow.
func (d *Decoder) part() (part []uint32, more bool) {
	for {
		part = append(part, d.NZNumber())
		if len(part) > maxParts {
			d.limit("LIMIT", "the section is nested too deeply")
		}
		if !d.Try('.') {
			return part, false
		}
		if !isDigit(d.Peek()) {
			return part, d.err == nil
		}
	}
}

// maxParts is how deep messages are read; no deeper part exists.
const maxParts = 100

func (d *Decoder) sectionText(s *Section) {
	switch {
	case d.TryWord("HEADER.FIELDS.NOT"):
		s.Text = HeaderFieldsNot
	case d.TryWord("HEADER.FIELDS"):
		s.Text = HeaderFields
	case d.TryWord("HEADER"):
		s.Text = Header
	case d.TryWord("TEXT"):
		s.Text = Text
	case len(s.Part) > 0 && d.TryWord("MIME"):
		s.Text = MIME
	default:
		d.Expected("the name of a section")
	}
	if s.Text == HeaderFields || s.Text == HeaderFieldsNot {
		d.SP()
		d.List1(func() { s.Fields = append(s.Fields, d.AString()) })
	}
}

// Partial reads "<offset.count>" if it is next (RFC 9051 section 9, partial).
// Both count octets; count is at least 1.
func (d *Decoder) Partial() (offset, count int64, ok bool) {
	if !d.Try('<') {
		return 0, 0, false
	}
	offset = d.Number64()
	d.Special('.')
	count = d.NZNumber64()
	d.Special('>')
	if d.err != nil {
		return 0, 0, false
	}
	return offset, count, true
}
