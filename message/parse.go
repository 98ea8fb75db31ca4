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
	return parse(newSource(r, max(size, 0)))
}

func parse(s *source) (*Part, error) {
	p := parser{source: s}
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
	block, lineEnd := p.header(p.open)
	var c content
	c.read(part, block, k)
	part.BodyStart = p.offset()
	before := p.lines

	outer := len(p.open)
	if c.boundary != nil && depth < MaxNesting {
		p.open = append(p.open, c.boundary)
	}
	st, none := p.noBody(lineEnd, outer)
	switch {
	case none:
		part.BodyStart, before = st.end, st.lines
		p.closeEmpty(part, &c, st)
	case !c.opens():
		st = p.body(p.open)
	case depth >= MaxNesting:
		part.makeOpaque()
		st = p.body(p.open)
	case c.boundary != nil:
		st = p.multipart(part, depth)
	default:
		var child *Part
		child, st = p.part(kindMessage, depth+1)
		part.Children = []*Part{child}
	}
	p.open = p.open[:outer]
	part.End, part.Lines = st.end, st.lines-before
	return part, st
}

// noBody looks for a boundary of an enclosing multipart directly behind the
// header. There is then no body, and the line end before the boundary, be it
// that of an empty line or of the last field, belongs to the boundary (RFC
// 2046 section 5.1.1).
func (p *parser) noBody(lineEnd, outer int) (stop, bool) {
	if outer == 0 {
		return stop{}, false
	}
	index, _ := p.open.match(p.want(delimiterSize))
	if index < 0 || index >= outer {
		return stop{}, false
	}
	st, ok := p.boundaryHere(p.open, 0)
	st.end -= int64(lineEnd)
	if lineEnd > 0 {
		st.lines--
	}
	return st, ok
}

// multipart reads the body of a multipart: preamble, parts and epilogue. Its
// own boundary is the innermost one open.
func (p *parser) multipart(part *Part, depth int) stop {
	own := len(p.open) - 1
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
	if st.index == own {
		st = p.body(p.open[:own])
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

// closeEmpty completes a part that has no body: an enclosed message is then
// empty too.
func (p *parser) closeEmpty(part *Part, c *content, st stop) {
	switch {
	case c.encloses && p.parts < MaxParts:
		p.parts++
		child := &Part{}
		(&content{}).read(child, nil, kindMessage)
		child.HeaderStart, child.BodyStart, child.End = st.end, st.end, st.end
		part.Children = []*Part{child}
	case c.encloses:
		part.makeOpaque()
	}
}
