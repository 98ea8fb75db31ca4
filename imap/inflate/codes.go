package inflate

import (
	"math/bits"
	"sync"
)

const (
	maxCode    = 15  // bits of the longest code
	endOfBlock = 256 // the symbol
	literals   = 286 // symbols for literals, end and lengths
	distances  = 30  // symbols for distances
	fastBits   = 9   // bits of codes that one look at a table decodes
)

// codes are the two codes of a block (RFC 1951 section 3.2.6 and 3.2.7).
type codes struct {
	literals, distances huffman
	fixed               bool
}

// A huffman decodes the symbols of one code.
type huffman struct {
	fast   [1 << fastBits]uint16 // by the next bits: symbol<<4 + length of its code, or 0
	count  [maxCode + 1]uint16   // of codes of a length
	symbol [288]uint16           // in the order of their codes
}

// pool keeps codes between blocks: they are four kilobytes that no connection
// needs while it waits.
var pool = sync.Pool{New: func() any { return new(codes) }}

func (c *codes) free() {
	if c != nil && !c.fixed {
		pool.Put(c)
	}
}

// fixedCodes are the codes of blocks that don't bring their own (section 3.2.6).
var fixedCodes = sync.OnceValue(func() *codes {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144 || i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	c := &codes{fixed: true}
	c.literals.set(lengths[:])
	for i := range distances + 2 {
		lengths[i] = 5
	}
	c.distances.set(lengths[:distances+2])
	return c
})

// set makes the code from the lengths of its symbols (section 3.2.2). It is false
// for lengths that no code has. Not all codes need to be used if there is only
// one, of one bit, or none at all.
func (h *huffman) set(lengths []uint8) bool {
	clear(h.fast[:])
	clear(h.count[:])
	for _, l := range lengths {
		h.count[l]++
	}
	h.count[0] = 0
	left, used := 1, 0
	var place, next [maxCode + 2]uint16
	code := uint16(0)
	for l := 1; l <= maxCode; l++ {
		left = left<<1 - int(h.count[l])
		if left < 0 {
			return false
		}
		used += int(h.count[l])
		place[l+1] = place[l] + h.count[l]
		next[l] = code
		code = (code + h.count[l]) << 1
	}
	if left > 0 && used > 0 && !(used == 1 && h.count[1] == 1) {
		return false
	}
	for sym, l := range lengths {
		if l == 0 {
			continue
		}
		h.symbol[place[l]] = uint16(sym)
		place[l]++
		if l <= fastBits {
			reversed := bits.Reverse16(next[l]) >> (16 - l)
			for i := int(reversed); i < 1<<fastBits; i += 1 << l {
				h.fast[i] = uint16(sym)<<4 | uint16(l)
			}
		}
		next[l]++
	}
	return true
}

// decode returns the next symbol and how many of the n bits its code takes. ok is
// false if there is none, or not all of it.
func (h *huffman) decode(b uint64, n uint) (sym int, used uint, ok bool) {
	if e := h.fast[b&(1<<fastBits-1)]; e != 0 {
		return int(e >> 4), uint(e & 15), uint(e&15) <= n
	}
	code, first, index := 0, 0, 0
	for l := uint(1); l <= maxCode && l <= n; l++ {
		code |= int(b & 1)
		b >>= 1
		count := int(h.count[l])
		if code-count < first {
			return int(h.symbol[index+code-first]), l, true
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 0, false
}

// lengths and distances of references: what a symbol begins with, and how many
// bits follow (section 3.2.5).
var (
	lengthBase   = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra  = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
		4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// reference reads the rest of a length, whose symbol took used of the n bits, and
// its distance. total is how many bits all of it takes. The error is errWait if
// there are not enough.
func (c *codes) reference(sym int, b uint64, n, used uint) (length, distance int, total uint, err error) {
	extra := func(base uint16, bits uint8) int {
		v := int(base) + int(b>>used&(1<<bits-1))
		used += uint(bits)
		return v
	}
	i := sym - endOfBlock - 1
	if i >= len(lengthBase) {
		return 0, 0, 0, ErrData
	}
	length = extra(lengthBase[i], lengthExtra[i])
	if used > n {
		return 0, 0, 0, errWait
	}
	d, bits, ok := c.distances.decode(b>>used, n-used)
	switch {
	case !ok && n-used >= maxCode:
		return 0, 0, 0, ErrData
	case !ok:
		return 0, 0, 0, errWait
	case d >= distances:
		return 0, 0, 0, ErrData
	}
	used += bits
	if used+uint(distanceExtra[d]) > n {
		return 0, 0, 0, errWait
	}
	distance = extra(distanceBase[d], distanceExtra[d])
	return length, distance, used, nil
}

// codeOrder is in what order the lengths of the code for lengths come (section
// 3.2.7).
var codeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamicHeader reads the codes that a block brings (section 3.2.7). The peer has
// begun a block, so its codes are on their way; nothing is to be handed out then.
func (r *Reader) dynamicHeader() error {
	if err := r.need(14); err != nil {
		return err
	}
	nLiterals, nDistances, nLengths := int(r.take(5))+257, int(r.take(5))+1, int(r.take(4))+4
	if nLiterals > literals || nDistances > distances {
		return ErrData
	}
	c := pool.Get().(*codes)
	r.codes = c
	var lengths [literals + distances]uint8
	for i := range nLengths {
		if err := r.need(3); err != nil {
			return err
		}
		lengths[codeOrder[i]] = uint8(r.take(3))
	}
	if !c.literals.set(lengths[:len(codeOrder)]) {
		return ErrData
	}
	if err := r.codeLengths(lengths[:nLiterals+nDistances]); err != nil {
		return err
	}
	if lengths[endOfBlock] == 0 || !c.literals.set(lengths[:nLiterals]) || !c.distances.set(lengths[nLiterals:nLiterals+nDistances]) {
		return ErrData
	}
	r.state = inCodes
	return nil
}

// codeLengths reads the lengths of both codes, which are coded themselves.
func (r *Reader) codeLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		sym, err := r.lengthSymbol()
		if err != nil {
			return err
		}
		value, repeat := uint8(sym), 1
		switch sym {
		case 16:
			if i == 0 {
				return ErrData
			}
			value, repeat = lengths[i-1], 3+int(r.take(2))
		case 17:
			value, repeat = 0, 3+int(r.take(3))
		case 18:
			value, repeat = 0, 11+int(r.take(7))
		}
		if i+repeat > len(lengths) {
			return ErrData
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	return nil
}

// lengthSymbol decodes a symbol of the code for lengths, and sees to it that the
// bits behind it are there.
func (r *Reader) lengthSymbol() (int, error) {
	after := [...]uint{16: 2, 17: 3, 18: 7}
	for want := uint(1); ; want = r.n + 1 {
		if err := r.need(want); err != nil {
			return 0, err
		}
		sym, used, ok := r.codes.literals.decode(r.bits, r.n)
		if ok {
			r.take(used)
			return sym, r.need(after[sym])
		}
		if r.n >= maxCode {
			return 0, ErrData
		}
	}
}
