package search

import (
	"iter"
	"math/bits"
	"slices"
)

// A Set is a set of email numbers. The zero value is empty.
type Set struct {
	chunks []setChunk // ascending, none of them empty
}

type setChunk struct {
	chunk uint64
	bits  *bitmap
	n     int
}

// Contains tells whether an email is in the set.
func (s *Set) Contains(email uint64) bool {
	i, ok := s.find(email >> chunkBits)
	return ok && s.chunks[i].bits.contains(uint16(email))
}

// Len returns the number of emails.
func (s *Set) Len() int {
	n := 0
	for i := range s.chunks {
		n += s.chunks[i].n
	}
	return n
}

// All yields the emails in ascending order.
func (s *Set) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, c := range s.chunks {
			for i, w := range c.bits {
				for ; w != 0; w &= w - 1 {
					if !yield(c.chunk<<chunkBits | uint64(i<<6+bits.TrailingZeros64(w))) {
						return
					}
				}
			}
		}
	}
}

// Union returns the emails that are in either set.
func (s *Set) Union(t *Set) *Set {
	u := &Set{}
	for _, c := range s.chunks {
		u.or(c.chunk, c.bits)
	}
	for _, c := range t.chunks {
		u.or(c.chunk, c.bits)
	}
	return u
}

// Intersect returns the emails that are in both sets.
func (s *Set) Intersect(t *Set) *Set {
	u := &Set{}
	for _, c := range s.chunks {
		if i, ok := t.find(c.chunk); ok {
			b := *c.bits
			b.and(t.chunks[i].bits)
			u.or(c.chunk, &b)
		}
	}
	return u
}

// Subtract returns the emails of s that are not in t.
func (s *Set) Subtract(t *Set) *Set {
	u := &Set{}
	for _, c := range s.chunks {
		b := *c.bits
		if i, ok := t.find(c.chunk); ok {
			b.andNot(t.chunks[i].bits)
		}
		u.or(c.chunk, &b)
	}
	return u
}

func (s *Set) find(chunk uint64) (int, bool) {
	return slices.BinarySearchFunc(s.chunks, chunk, func(c setChunk, chunk uint64) int {
		switch {
		case c.chunk < chunk:
			return -1
		case c.chunk > chunk:
			return 1
		}
		return 0
	})
}

// or adds the emails of a chunk; it keeps a copy.
func (s *Set) or(chunk uint64, b *bitmap) {
	i, ok := s.find(chunk)
	if !ok {
		if *b == (bitmap{}) {
			return
		}
		c := *b
		s.chunks = slices.Insert(s.chunks, i, setChunk{chunk, &c, c.count()})
		return
	}
	s.chunks[i].bits.or(b)
	s.chunks[i].n = s.chunks[i].bits.count()
}
