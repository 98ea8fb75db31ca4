package message

import (
	"io"
)

// Parse reads a message of size octets from r and returns its structure. It
// reads front to back, once, and holds 64 KiB or the largest header block (at
// most 1 MiB) in memory, however large the message. Time is linear in size.
//
// Any octets are a message. The error is not nil only if r fails or ends
// before size; the structure then covers what could be read.
func Parse(r io.ReaderAt, size int64) (*Part, error) {
	p := parser{source: newSource(r, max(size, 0))}
	root, _ := p.part(kindMessage, 0)
	return root, p.err
}

// A kind says what a part is to its parent.
type kind uint8

const (
	kindMessage kind = iota // the message, or one within message/rfc822
	kindPart                // a part of a multipart
	kindDigest              // a part of multipart/digest
)

type parser struct {
	*source
	open  boundaries
	parts int // so far
}

// part reads one part, from the start of its header to its end.
func (p *parser) part(k kind, depth int) (*Part, stop) {
	p.parts++
	part := &Part{HeaderStart: p.offset()}
	if p.parts >= MaxParts && depth > 0 {
		return p.lastPart(part)
	}
	h, st, ended := p.header(p.open)
	var c content
	c.read(part, h, k)
	if ended {
		part.BodyStart, part.End = st.end, st.end
		if c.opens() {
			p.closeEmpty(part, &c)
		}
		return part, st
	}
	part.BodyStart = p.offset()
	before := p.lines
	switch {
	case !c.opens():
		st = p.body(p.open)
	case depth >= MaxNesting:
		part.makeOpaque()
		st = p.body(p.open)
	case c.boundary != nil:
		st = p.multipart(part, &c, depth)
	default:
		var child *Part
		child, st = p.part(kindMessage, depth+1)
		part.Children = []*Part{child}
	}
	part.End, part.Lines = st.end, st.lines-before
	return part, st
}

// multipart reads the body of a multipart: preamble, parts and epilogue.
func (p *parser) multipart(part *Part, c *content, depth int) stop {
	own := len(p.open)
	p.open = append(p.open, c.boundary)
	k := kindPart
	if equalFoldASCII([]byte("digest"), part.Subtype) {
		k = kindDigest
	}
	st := p.body(p.open)
	for st.index == own && !st.closing {
		var child *Part
		child, st = p.part(k, depth+1)
		part.Children = append(part.Children, child)
	}
	p.open = p.open[:own]
	if st.index == own {
		st = p.body(p.open)
	}
	return st
}

// lastPart ends the search for parts: what is left of the message is one leaf.
func (p *parser) lastPart(part *Part) (*Part, stop) {
	part.makeOpaque()
	part.BodyStart = p.offset()
	before := p.lines
	st := p.toEnd()
	part.End, part.Lines = st.end, st.lines-before
	return part, st
}

// closeEmpty completes a part whose header is cut off by a boundary: the
// message within a message/rfc822 part is then empty.
func (p *parser) closeEmpty(part *Part, c *content) {
	if c.boundary == nil && p.parts < MaxParts {
		p.parts++
		child := &Part{HeaderStart: part.End, BodyStart: part.End, End: part.End}
		(&content{}).read(child, nil, kindMessage)
		part.Children = []*Part{child}
	}
}
