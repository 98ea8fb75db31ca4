package wire

import "math"

// Number reads an unsigned number of 32 bits.
func (d *Decoder) Number() uint32 {
	return uint32(d.number(0, math.MaxUint32, "a number below 2^32"))
}

// NZNumber reads a number of 32 bits from 1 on without leading zeros.
func (d *Decoder) NZNumber() uint32 {
	return uint32(d.number(1, math.MaxUint32, "a number from 1 to 2^32-1"))
}

// Number64 reads an unsigned number of 63 bits.
func (d *Decoder) Number64() int64 {
	return d.number(0, math.MaxInt64, "a number below 2^63")
}

// NZNumber64 reads a number of 63 bits from 1 on without leading zeros.
func (d *Decoder) NZNumber64() int64 {
	return d.number(1, math.MaxInt64, "a number from 1 to 2^63-1")
}

// ModSeq reads a mod-sequence of a message, which is at least 1 (RFC 7162
// section 7, mod-sequence-value).
func (d *Decoder) ModSeq() uint64 {
	return uint64(d.number(1, math.MaxInt64, "a mod-sequence from 1 to 2^63-1"))
}

// ModSeqOrZero reads a mod-sequence or 0 (RFC 7162 section 7,
// mod-sequence-valzer), as it stands in UNCHANGEDSINCE.
func (d *Decoder) ModSeqOrZero() uint64 {
	return uint64(d.number(0, math.MaxInt64, "a mod-sequence below 2^63"))
}

// number reads digits between least and most. Where 0 is none of them, a
// leading zero is not either (nz-number starts with digit-nz).
func (d *Decoder) number(least, most int64, what string) int64 {
	if !d.ready() || d.state != inLine {
		return 0
	}
	n, i := int64(0), d.pos
	for ; i < len(d.line) && isDigit(d.line[i]); i++ {
		digit := int64(d.line[i] - '0')
		if n > (most-digit)/10 || i == d.pos && digit < least {
			d.Expected(what)
			return 0
		}
		n = n*10 + digit
	}
	if i == d.pos {
		d.Expected(what)
		return 0
	}
	d.pos = i
	return n
}
