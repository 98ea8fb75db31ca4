package message

// A Specifier says what of a part a BODY[section] names (RFC 9051 section
// 6.4.5.1).
type Specifier uint8

const (
	// Body is a section that ends in a number, or the empty section: the
	// body of the part, or the whole message.
	Body Specifier = iota
	// Header is HEADER: the header of the message, or of the message within
	// a message/rfc822 or message/global part. HEADER.FIELDS and
	// HEADER.FIELDS.NOT select from it, see AppendFields.
	Header
	// Text is TEXT: the body of the message or of the message within.
	Text
	// MIME is MIME: the header of the part itself.
	MIME
)

// Find returns the part with the given IMAP part number, nil if there is none.
// The receiver must be the message itself. An empty section is the message;
// part 1 of a message that is not a multipart is its body, for which Find
// returns the message too. RFC 9051 section 6.4.5.1.
func (p *Part) Find(section []int) *Part {
	whole := true // p stands for a message, whose parts are numbered
	for _, n := range section {
		if !whole && p.IsMessage() {
			p, whole = p.Children[0], true
		}
		switch {
		case p.IsMultipart():
			if n < 1 || n > len(p.Children) {
				return nil
			}
			p, whole = p.Children[n-1], false
		case whole && n == 1:
			whole = false
		default:
			return nil
		}
	}
	return p
}

// Range returns the octets [start,end) of the message that a section names. It
// is false for a section that does not exist, to which IMAP answers NIL. The
// receiver must be the message itself.
func (p *Part) Range(section []int, what Specifier) (start, end int64, ok bool) {
	part := p.Find(section)
	if part == nil {
		return 0, 0, false
	}
	numbered := len(section) > 0
	switch what {
	case MIME:
		return part.HeaderStart, part.BodyStart, numbered
	case Header, Text:
		if numbered {
			if !part.IsMessage() {
				return 0, 0, false
			}
			part = part.Children[0]
		}
		if what == Header {
			return part.HeaderStart, part.BodyStart, true
		}
		return part.BodyStart, part.End, true
	}
	if numbered {
		return part.BodyStart, part.End, true
	}
	return part.HeaderStart, part.End, true
}
