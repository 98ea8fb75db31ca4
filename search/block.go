package search

import (
	"bytes"
	"encoding/binary"
)

// The tokens of a field in a segment are kept in ascending order, in blocks that
// are looked through from front to back. The text of a block is
//
//	0 token 0 token 0 ... token 0
//
// so that one search for a needle, with or without zeros around it, finds the
// tokens that contain it, begin or end with it, or are equal to it. Postings are
// kept apart, because few of the tokens that are looked through match. A block
// ends when its text reaches a size, a part of the postings likewise.

// A vocabulary block as it is stored:
// uvarint(tokens) uvarint(parts-1) uvarint(tokens in the part)... text.
type block struct {
	tokens int
	parts  []int // ordinal of the first token in each part, ascending from 0
	text   []byte
}

// decode reads a stored block, whose memory it shares. The memory of
// b.parts is used again.
func (b *block) decode(v []byte) error {
	d := decoder{b: v}
	b.tokens = int(d.below(1 << 20))
	n := int(d.below(1 << 16))
	b.parts = append(b.parts[:0], 0)
	for range n {
		if d.bad {
			return ErrDamaged
		}
		tokens := int(d.below(1 << 20))
		d.bad = d.bad || tokens == 0
		b.parts = append(b.parts, b.parts[len(b.parts)-1]+tokens)
	}
	b.text = d.b
	switch {
	case d.bad, len(b.text) == 0, b.text[0] != 0, b.text[len(b.text)-1] != 0:
		return ErrDamaged
	case b.tokens == 0, b.parts[n] >= b.tokens, bytes.Count(b.text, zero) != b.tokens+1:
		return ErrDamaged
	}
	return nil
}

var zero = []byte{0}

// find appends the ordinals of the tokens that match pattern, which is not
// empty and may have a zero at either end.
func (b *block) find(dst []int, pattern []byte) []int {
	token, counted := -1, 0 // zeros in text[:counted], less one
	for at := 0; ; {
		i := bytes.Index(b.text[at:], pattern)
		if i < 0 {
			return dst
		}
		at += i
		token += bytes.Count(b.text[counted:at], zero)
		counted = at
		match := token
		if pattern[0] == 0 {
			match++
		}
		dst = append(dst, match)
		// Go on at the zero that ends this token.
		end := at
		if pattern[0] == 0 {
			end++
		}
		at = end + bytes.IndexByte(b.text[end:], 0)
	}
}

// partOf returns the part with the postings of a token.
func (b *block) partOf(token int) int {
	p := len(b.parts) - 1
	for b.parts[p] > token {
		p--
	}
	return p
}

// A part of the postings as it is stored: uvarint(octets of heads) heads lists.
// The head of a token is uvarint(email<<1) if there is only one, else
// uvarint(octets of its list<<1 | 1).
type postings struct {
	heads, lists []byte
}

func decodePostings(v []byte) (p postings, err error) {
	n, size := binary.Uvarint(v)
	if size <= 0 || n > uint64(len(v)-size) {
		return p, ErrDamaged
	}
	v = v[size:]
	return postings{v[:n], v[n:]}, nil
}

// next returns the list of the next token: a single email if list is nil.
func (p *postings) next() (single uint16, list []byte, err error) {
	head, size := binary.Uvarint(p.heads)
	if size <= 0 {
		return 0, nil, ErrDamaged
	}
	p.heads = p.heads[size:]
	switch n := head >> 1; {
	case head&1 == 0 && n < chunkEmails:
		return uint16(n), nil, nil
	case head&1 == 1 && n > 0 && n <= uint64(len(p.lists)):
		list, p.lists = p.lists[:n], p.lists[n:]
		return 0, list, nil
	}
	return 0, nil, ErrDamaged
}

// skip passes over n tokens.
func (p *postings) skip(n int) error {
	heads, lists := p.heads, uint64(0)
	for range n {
		head, size := binary.Uvarint(heads)
		if size <= 0 {
			return ErrDamaged
		}
		heads = heads[size:]
		if head&1 == 1 {
			lists += head >> 1
		}
	}
	if lists > uint64(len(p.lists)) {
		return ErrDamaged
	}
	p.heads, p.lists = heads, p.lists[lists:]
	return nil
}

// A decoder reads a stored record and keeps its first error.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uvarint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[size:]
	return n
}

// below reads a number that must be less than limit.
func (d *decoder) below(limit uint64) uint64 {
	n := d.uvarint()
	if n >= limit {
		d.bad, d.b = true, nil
		return 0
	}
	return n
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	s := d.b[:n:n]
	d.b = d.b[n:]
	return s
}
