package message

import "strings"

// A Param is one parameter of a Content-Type or Content-Disposition field,
// after RFC 2231 continuations have been joined. A value that carries a
// charset (RFC 2231 section 4) is kept in its encoded form under a name that
// ends in "*", as IMAP shows it; DecodeParam gives its text.
type Param struct {
	Name, Value string
}

// A Part is one node of the MIME tree. Offsets count octets from the start of
// the whole message; the header block [HeaderStart,BodyStart) includes the
// empty line that ends it, and the body is [BodyStart,End). The line end
// before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
type Part struct {
	HeaderStart, BodyStart, End int64

	// Lines is the number of line feeds in the body.
	Lines int64

	// Type and Subtype are as written in the header, or the default of RFC
	// 2045 section 5.2: text/plain, below multipart/digest message/rfc822.
	Type, Subtype string
	Params        []Param

	// Encoding is the Content-Transfer-Encoding token, empty if absent.
	Encoding string

	// ID, Description, MD5 and Location are the unfolded values of the
	// Content-* fields of these names, empty if absent.
	ID, Description, MD5, Location string

	// Disposition is the token of Content-Disposition, empty if absent (RFC
	// 2183).
	Disposition       string
	DispositionParams []Param

	// Language has the tags of Content-Language (RFC 3282).
	Language []string

	// Envelope is set for the message itself and for the message within a
	// message/rfc822 or message/global part.
	Envelope *Envelope

	// Children are the parts of a multipart, in order. A message/rfc822 or
	// message/global part that was opened has exactly one child: the message
	// within.
	Children []*Part
}

// Size is the length of the body in octets, still encoded for transfer: the
// body-fld-octets of RFC 9051 section 9.
func (p *Part) Size() int64 { return p.End - p.BodyStart }

// IsMultipart reports whether p is a multipart that was taken apart.
func (p *Part) IsMultipart() bool { return strings.EqualFold(p.Type, "multipart") }

// IsMessage reports whether p encloses a message that was taken apart:
// message/rfc822, or message/global (RFC 6532) without transfer encoding.
func (p *Part) IsMessage() bool { return len(p.Children) == 1 && !p.IsMultipart() }

// IsText reports whether p is of type text/*.
func (p *Part) IsText() bool { return strings.EqualFold(p.Type, "text") }

// Is reports whether p has the given type and subtype, without regard to case.
func (p *Part) Is(typ, subtype string) bool {
	return strings.EqualFold(p.Type, typ) && strings.EqualFold(p.Subtype, subtype)
}

// Param returns the decoded value of the Content-Type parameter of that name,
// empty if there is none.
func (p *Part) Param(name string) string { return paramText(p.Params, name) }

// Charset returns the charset parameter, empty if there is none.
func (p *Part) Charset() string { return p.Param("charset") }

// Filename returns the name that the sender proposes for the part: the
// filename of Content-Disposition, else the name of Content-Type, with RFC
// 2231 and RFC 2047 encodings removed. Empty if there is none. It is meant for
// people: it may hold any characters, path separators too.
func (p *Part) Filename() string {
	name := paramText(p.DispositionParams, "filename")
	if name == "" {
		name = paramText(p.Params, "name")
	}
	return name
}

// Walk calls visit for p and all parts below it, parents first, until visit
// returns false.
func (p *Part) Walk(visit func(*Part) bool) bool {
	if !visit(p) {
		return false
	}
	for _, c := range p.Children {
		if !c.Walk(visit) {
			return false
		}
	}
	return true
}
