package search

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Emails are kept in chunks of 65,536, by their high bits; within a chunk an
// email is known by its low 16.
const (
	chunkBits   = 16
	chunkEmails = 1 << chunkBits
)

// A bitmap is a set of emails of one chunk.
type bitmap [chunkEmails / 64]uint64

func (b *bitmap) add(doc uint16)           { b[doc>>6] |= 1 << (doc & 63) }
func (b *bitmap) contains(doc uint16) bool { return b[doc>>6]>>(doc&63)&1 != 0 }

func (b *bitmap) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

func (b *bitmap) or(c *bitmap) {
	for i, w := range c {
		b[i] |= w
	}
}

func (b *bitmap) and(c *bitmap) {
	for i, w := range c {
		b[i] &= w
	}
}

func (b *bitmap) andNot(c *bitmap) {
	for i, w := range c {
		b[i] &^= w
	}
}

// appendDocs appends the members in ascending order.
func (b *bitmap) appendDocs(dst []uint16) []uint16 {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			dst = append(dst, uint16(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return dst
}

// The stored forms of a list of emails: differences, or a part of a bitmap.
const (
	formList   = 0 // uvarint(first), uvarint(difference-1)...
	formBitmap = 1 // uvarint(first word), words(8, little-endian)...
)

// appendPosting appends the stored form of docs, which ascend and are not none.
func appendPosting(dst []byte, docs []uint16) []byte {
	first, last := docs[0]>>6, docs[len(docs)-1]>>6
	if size := 8 * (int(last-first) + 1); size < len(docs) {
		dst = append(dst, formBitmap)
		dst = binary.AppendUvarint(dst, uint64(first))
		start := len(dst)
		dst = slices.Grow(dst, size)[:start+size]
		words := dst[start:]
		clear(words)
		for _, d := range docs {
			at := int(d)>>3 - int(first)<<3
			words[at] |= 1 << (d & 7)
		}
		return dst
	}
	dst = append(dst, formList)
	next := 0
	for _, d := range docs {
		dst = binary.AppendUvarint(dst, uint64(int(d)-next))
		next = int(d) + 1
	}
	return dst
}

// addPosting adds the emails of a stored list.
func (b *bitmap) addPosting(p []byte) error {
	if len(p) == 0 {
		return ErrDamaged
	}
	form, p := p[0], p[1:]
	switch form {
	case formList:
		for next := uint64(0); len(p) > 0; next++ {
			n := uint64(p[0])
			if n < 0x80 {
				p = p[1:]
			} else {
				var size int
				if n, size = binary.Uvarint(p); size <= 0 || n >= chunkEmails {
					return ErrDamaged
				}
				p = p[size:]
			}
			if next += n; next >= chunkEmails {
				return ErrDamaged
			}
			b[next>>6] |= 1 << (next & 63)
		}
		return nil
	case formBitmap:
		first, size := binary.Uvarint(p)
		if size <= 0 || first >= uint64(len(b)) || len(p[size:])%8 != 0 || len(p[size:])/8 > len(b)-int(first) {
			return ErrDamaged
		}
		for i := int(first); size < len(p); i, size = i+1, size+8 {
			b[i] |= binary.LittleEndian.Uint64(p[size:])
		}
		return nil
	}
	return ErrDamaged
}

// appendPostingDocs appends the emails of a stored list, which ascend. tmp is
// empty and is left so.
func appendPostingDocs(dst []uint16, p []byte, tmp *bitmap) ([]uint16, error) {
	if len(p) > 0 && p[0] == formList {
		next := uint64(0)
		for p = p[1:]; len(p) > 0; next++ {
			n, size := binary.Uvarint(p)
			if size <= 0 || n >= chunkEmails || next+n >= chunkEmails {
				return dst, ErrDamaged
			}
			next += n
			p = p[size:]
			dst = append(dst, uint16(next))
		}
		return dst, nil
	}
	err := tmp.addPosting(p)
	dst = tmp.appendDocs(dst)
	*tmp = bitmap{}
	return dst, err
}
