package mail

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"poststube/uidset"
)

// A block is everything that can change about 256 consecutive UIDs of a mailbox:
// which exist, their flags and keywords, and their modseqs. What never changes
// is in the message records. So SELECT, FETCH FLAGS, UNSEEN and counts of
// 100,000 messages read 390 values, and STORE of all writes as many.
//
// The block is the truth about existence: a message exists while its bit is set.
// EXPUNGE only clears bits, so it costs the same however large messages are, and
// what was expunged, with its flags, can be had back until it is purged.
//
// The same form holds what one user has for himself, without existence.
type block struct {
	exists   bitmap
	flags    [len(systemFlags)]bitmap
	keywords []keywordBits // ascending by index
	// modseq is that of the last change that everyone sees, own of the last
	// to what is private by policy, made by the owner.
	modseq, own [blockSize]ModSeq
	// days is between which days, as they were written, the internal dates of
	// its messages lie, also of those that are gone. Mail comes in the order of
	// time, so that SINCE looks at few records.
	days dayRange
}

// A dayRange is from a day since 1970 to a later one; the zero value is empty.
type dayRange struct {
	first, last int64
	set         bool
}

func (d *dayRange) add(day int64) {
	if !d.set {
		*d = dayRange{day, day, true}
		return
	}
	d.first, d.last = min(d.first, day), max(d.last, day)
}

const (
	blockBits = 8
	blockSize = 1 << blockBits
)

// systemFlags are the flags with a bitmap, in the order of the bitmaps.
var systemFlags = [...]SystemFlags{Seen, Answered, Flagged, Deleted, Draft}

const (
	atSeen    = 0
	atDeleted = 3
)

type keywordBits struct {
	index uint16 // in the mailbox's table
	bits  bitmap
}

// blockOf returns the number of a UID's block, and its bit there.
func blockOf(uid uint32) (num uint32, bit uint) {
	return uid >> blockBits, uint(uid & (blockSize - 1))
}

// bitOf returns the bit of a UID in its block.
func bitOf(uid uint32) uint {
	_, bit := blockOf(uid)
	return bit
}

// system returns the system flags of a bit.
func (b *block) system(bit uint) (s SystemFlags) {
	for i := range b.flags {
		s |= SystemFlags(b.flags[i].at(bit)) << i
	}
	return s
}

func (b *block) setSystem(bit uint, s SystemFlags) {
	for i := range b.flags {
		b.flags[i].put(bit, s>>i&1 != 0)
	}
}

// appendWords appends the keyword indexes of a bit.
func (b *block) appendWords(dst []uint16, bit uint) []uint16 {
	for i := range b.keywords {
		if b.keywords[i].bits.get(bit) {
			dst = append(dst, b.keywords[i].index)
		}
	}
	return dst
}

// setWords makes the keywords of a bit those in words, which ascend.
func (b *block) setWords(bit uint, words []uint16) {
	for i := range b.keywords {
		b.keywords[i].bits.clear(bit)
	}
	for _, w := range words {
		b.word(w).set(bit)
	}
}

// word returns the bitmap of a keyword, which it adds if it is new.
func (b *block) word(index uint16) *bitmap {
	i, found := slices.BinarySearchFunc(b.keywords, index, func(k keywordBits, index uint16) int { return int(k.index) - int(index) })
	if !found {
		b.keywords = slices.Insert(b.keywords, i, keywordBits{index: index})
	}
	return &b.keywords[i].bits
}

// reset empties a block for reuse.
func (b *block) reset() {
	words := b.keywords[:0]
	*b = block{keywords: words}
}

// A bitmap holds one bit for each UID of a block.
type bitmap [blockSize / 64]uint64

func (m *bitmap) at(i uint) uint64 { return m[i/64] >> (i % 64) & 1 }
func (m *bitmap) get(i uint) bool  { return m.at(i) != 0 }
func (m *bitmap) set(i uint)       { m[i/64] |= 1 << (i % 64) }
func (m *bitmap) clear(i uint)     { m[i/64] &^= 1 << (i % 64) }
func (m *bitmap) empty() bool      { return *m == bitmap{} }

func (m *bitmap) put(i uint, on bool) {
	if on {
		m.set(i)
	} else {
		m.clear(i)
	}
}

func (m *bitmap) count() (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// and returns the intersection with o, andNot the difference to it.
func (m bitmap) and(o *bitmap) bitmap {
	for i := range m {
		m[i] &= o[i]
	}
	return m
}

func (m bitmap) andNot(o *bitmap) bitmap {
	for i := range m {
		m[i] &^= o[i]
	}
	return m
}

// next returns the first set bit from i on; ok is false if there is none.
func (m *bitmap) next(i uint) (bit uint, ok bool) {
	for i < blockSize {
		if w := m[i/64] >> (i % 64); w != 0 {
			return i + uint(bits.TrailingZeros64(w)), true
		}
		i = (i/64 + 1) * 64
	}
	return 0, false
}

// end returns the first clear bit from i on, which may be blockSize.
func (m *bitmap) end(i uint) uint {
	for i < blockSize {
		if w := ^m[i/64] >> (i % 64) << (i % 64); w != 0 {
			return i/64*64 + uint(bits.TrailingZeros64(w))
		}
		i = (i/64 + 1) * 64
	}
	return blockSize
}

// appendTo adds the UIDs of the set bits, which must be larger than those in s.
func (m *bitmap) appendTo(s *uidset.Set, num uint32) {
	base := num << blockBits
	for i, ok := m.next(0); ok; i, ok = m.next(i) {
		end := m.end(i)
		s.AddRange(base+uint32(i), base+uint32(end)-1)
		i = end
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

// Forms of a stored bitmap.
const (
	formEmpty = iota
	formFew   // count, then the bits one by one, an octet each
	formRuns  // count, then first and last of each run, an octet each
	formWords // 32 octets
)

func appendBitmap(b []byte, m *bitmap) []byte {
	count, runs := m.count(), 0
	for i, ok := m.next(0); ok; i, ok = m.next(m.end(i)) {
		runs++
	}
	switch {
	case count == 0:
		return append(b, formEmpty)
	case count <= min(2*runs, 30):
		b = append(b, formFew, byte(count))
		for i, ok := m.next(0); ok; i, ok = m.next(i + 1) {
			b = append(b, byte(i))
		}
		return b
	case runs <= 15:
		b = append(b, formRuns, byte(runs))
		for i, ok := m.next(0); ok; {
			end := m.end(i)
			b = append(b, byte(i), byte(end-1))
			i, ok = m.next(end)
		}
		return b
	}
	b = append(b, formWords)
	for _, w := range m {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func (d *dec) bitmap(m *bitmap) {
	switch d.byte() {
	case formEmpty:
	case formFew:
		for range d.byte() {
			m.set(uint(d.byte()))
		}
	case formRuns:
		for range d.byte() {
			first, last := d.byte(), d.byte()
			if first > last {
				d.bad = true
				return
			}
			m.fill(uint(first), uint(last))
		}
	case formWords:
		if len(d.b) < blockSize/8 {
			d.bad, d.b = true, nil
			return
		}
		for i := range m {
			m[i] = binary.LittleEndian.Uint64(d.b[8*i:])
		}
		d.b = d.b[blockSize/8:]
	default:
		d.bad = true
	}
}

const blockVersion = 1

func (b *block) encode(dst []byte) []byte {
	dst = append(dst, blockVersion)
	dst = appendBitmap(dst, &b.exists)
	for i := range b.flags {
		dst = appendBitmap(dst, &b.flags[i])
	}
	n := 0
	for i := range b.keywords {
		if !b.keywords[i].bits.empty() {
			n++
		}
	}
	dst = appendU(dst, uint64(n))
	for i := range b.keywords {
		if k := &b.keywords[i]; !k.bits.empty() {
			dst = appendBitmap(appendU(dst, uint64(k.index)), &k.bits)
		}
	}
	dst = appendColumn(dst, &b.modseq)
	dst = appendColumn(dst, &b.own)
	if !b.days.set {
		return dst
	}
	return appendU(appendI(dst, b.days.first), uint64(b.days.last-b.days.first))
}

// appendColumn writes a column of modseqs as runs of equal ones, each as its
// length and the difference to the one before.
func appendColumn(dst []byte, col *[blockSize]ModSeq) []byte {
	last := ModSeq(0)
	for i := 0; i < blockSize; {
		run := 1
		for i+run < blockSize && col[i+run] == col[i] {
			run++
		}
		dst = appendU(dst, uint64(run))
		dst = appendI(dst, int64(col[i]-last))
		last = col[i]
		i += run
	}
	return dst
}

func (d *dec) column(col *[blockSize]ModSeq) {
	last := ModSeq(0)
	for i := 0; i < blockSize; {
		run := d.u()
		last += ModSeq(d.i())
		if d.bad || run == 0 || run > uint64(blockSize-i) {
			d.bad = true
			return
		}
		for range run {
			col[i] = last
			i++
		}
	}
}

// decode reads a stored block into an empty one.
func (b *block) decode(v []byte) error {
	d := dec{b: v}
	d.version(blockVersion)
	d.bitmap(&b.exists)
	for i := range b.flags {
		d.bitmap(&b.flags[i])
	}
	for range d.count() {
		b.keywords = append(b.keywords, keywordBits{index: uint16(d.u())})
		d.bitmap(&b.keywords[len(b.keywords)-1].bits)
	}
	d.column(&b.modseq)
	d.column(&b.own)
	if len(d.b) > 0 {
		b.days.set = true
		b.days.first = d.i()
		b.days.last = b.days.first + int64(d.u())
	}
	return d.err()
}

// bitsOf returns the bits of s that fall into the block with a number.
func bitsOf(s uidset.Set, num uint32) (m bitmap) {
	base := num << blockBits
	top := base + blockSize - 1
	runs := s.Runs()
	at, _ := slices.BinarySearchFunc(runs, base, func(r uidset.Run, uid uint32) int {
		if r.Last < uid {
			return -1
		}
		return 1
	})
	for _, r := range runs[at:] {
		if r.First > top {
			break
		}
		m.fill(uint(max(r.First, base)-base), uint(min(r.Last, top)-base))
	}
	return m
}

// blockSpans yields the numbers of the blocks that UIDs of s from the UID from on
// and below next fall into, as ranges.
func blockSpans(s uidset.Set, from, next uint32) func(func(first, last uint32) bool) {
	return func(yield func(uint32, uint32) bool) {
		pending, first, last := false, uint32(0), uint32(0)
		for _, r := range s.Runs() {
			if r.Last < from {
				continue
			}
			if r.First >= next {
				break
			}
			lo, _ := blockOf(max(r.First, from))
			hi, _ := blockOf(min(r.Last, next-1))
			if pending && lo <= last+1 {
				last = max(last, hi)
				continue
			}
			if pending && !yield(first, last) {
				return
			}
			pending, first, last = true, lo, hi
		}
		if pending {
			yield(first, last)
		}
	}
}
