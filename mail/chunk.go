package mail

import (
	"encoding/binary"
	"math/bits"

	"poststube/uidset"
)

// A chunk is the existence and the system flags of 4,096 consecutive UIDs of a
// mailbox. It is the truth about existence: a message exists while its bit is
// set, and EXPUNGE only clears bits, so that it costs the same however large
// messages are, and what was expunged can be had back. The flags repeat what
// the message records say, so that SELECT, UNSEEN and counts read 100,000
// messages in 25 small values.
const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// A bitmap holds one bit for each UID of a chunk.
type bitmap [chunkSize / 64]uint64

// chunkFlags are the system flags with a bitmap, in the order of the bitmaps.
var chunkFlags = [...]SystemFlags{Seen, Answered, Flagged, Deleted, Draft}

type chunk struct {
	exists bitmap
	flags  [len(chunkFlags)]bitmap
}

func chunkOf(uid uint32) (num uint32, bit uint) {
	return uid >> chunkBits, uint(uid & (chunkSize - 1))
}

func (m *bitmap) get(i uint) bool { return m[i/64]>>(i%64)&1 != 0 }
func (m *bitmap) set(i uint)      { m[i/64] |= 1 << (i % 64) }
func (m *bitmap) clear(i uint)    { m[i/64] &^= 1 << (i % 64) }

func (m *bitmap) count() (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// and, andNot return the intersection with, and the difference to, o.
func (m *bitmap) and(o *bitmap) (r bitmap) {
	for i := range m {
		r[i] = m[i] & o[i]
	}
	return r
}

func (m *bitmap) andNot(o *bitmap) (r bitmap) {
	for i := range m {
		r[i] = m[i] &^ o[i]
	}
	return r
}

// appendTo adds the UIDs whose bits are set, which must be larger than those
// in s, as runs.
func (m *bitmap) appendTo(s *uidset.Set, base uint32) {
	m.runs(func(first, last uint) { s.AddRange(base+uint32(first), base+uint32(last)) })
}

// runs calls f for each run of set bits, ascending.
func (m *bitmap) runs(f func(first, last uint)) {
	for i := uint(0); i < chunkSize; {
		w := m[i/64] >> (i % 64)
		if w == 0 {
			i = (i/64 + 1) * 64
			continue
		}
		i += uint(bits.TrailingZeros64(w))
		first := i
		for i < chunkSize {
			ones := uint(bits.TrailingZeros64(^(m[i/64] >> (i % 64))))
			left := 64 - i%64
			if ones < left {
				i += ones
				break
			}
			i += left
		}
		f(first, i-1)
	}
}

// bitmapOf returns the bits of s that fall into the chunk with the number.
func bitmapOf(s uidset.Set, num uint32) (m bitmap) {
	base := num << chunkBits
	for _, r := range s.Runs() {
		if r.Last < base {
			continue
		}
		if r.First > base+chunkSize-1 {
			break
		}
		lo, hi := max(r.First, base)-base, min(r.Last, base+chunkSize-1)-base
		m.fill(uint(lo), uint(hi))
	}
	return m
}

// Forms of a stored bitmap.
const (
	formEmpty = iota
	formRuns  // count, then gap and length of each run, as uvarints
	formWords // 64 words
)

func appendBitmap(b []byte, m *bitmap) []byte {
	runs, start := 0, len(b)
	last := -1
	b = append(b, formRuns, 0, 0) // count as two octets: at most 2,048 runs
	m.runs(func(first, end uint) {
		runs++
		if len(b)-start < 512 {
			b = binary.AppendUvarint(b, uint64(int(first)-last-1))
			b = binary.AppendUvarint(b, uint64(end-first))
		}
		last = int(end)
	})
	switch {
	case runs == 0:
		return append(b[:start], formEmpty)
	case len(b)-start < 512:
		binary.BigEndian.PutUint16(b[start+1:], uint16(runs))
		return b
	}
	b = append(b[:start], formWords)
	for _, w := range m {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func (d *dec) bitmap(m *bitmap) {
	switch d.byte() {
	case formEmpty:
	case formRuns:
		if len(d.b) < 2 {
			d.bad = true
			return
		}
		n := int(binary.BigEndian.Uint16(d.b))
		d.b = d.b[2:]
		at := uint64(0)
		for range n {
			first := at + d.u()
			last := first + d.u()
			if d.bad || last >= chunkSize || first > last {
				d.bad = true
				return
			}
			m.fill(uint(first), uint(last))
			at = last + 1
		}
	case formWords:
		if len(d.b) < chunkSize/8 {
			d.bad = true
			return
		}
		for i := range m {
			m[i] = binary.LittleEndian.Uint64(d.b[8*i:])
		}
		d.b = d.b[chunkSize/8:]
	default:
		d.bad = true
	}
}

func (m *bitmap) fill(first, last uint) {
	for i := first; i <= last; {
		if i%64 == 0 && last-i >= 63 {
			m[i/64] = ^uint64(0)
			i += 64
			continue
		}
		m.set(i)
		i++
	}
}

func (c *chunk) encode(b []byte) []byte {
	b = append(b, 1)
	b = appendBitmap(b, &c.exists)
	for i := range c.flags {
		b = appendBitmap(b, &c.flags[i])
	}
	return b
}

func decodeChunk(b []byte, c *chunk) error {
	d := dec{b: b}
	d.version(1)
	d.bitmap(&c.exists)
	for i := range c.flags {
		d.bitmap(&c.flags[i])
	}
	return d.err()
}

// setFlags makes the bits of one UID say what flags says.
func (c *chunk) setFlags(bit uint, flags SystemFlags) {
	for i, f := range chunkFlags {
		if flags&f != 0 {
			c.flags[i].set(bit)
		} else {
			c.flags[i].clear(bit)
		}
	}
}

// bitOf returns the bit of a UID in its chunk.
func bitOf(uid uint32) uint {
	_, bit := chunkOf(uid)
	return bit
}
