package uidset

import (
	"encoding/binary"
	"errors"
)

// ErrBinary is what ParseBinary answers to bytes that AppendBinary never wrote.
var ErrBinary = errors.New("uidset: malformed binary set")

// AppendBinary appends a compact form for storage to dst: the number of runs,
// then for each run how far it starts behind the one before and, if it is
// longer than one, its length. All are unsigned varints; a run of a mailbox
// with few gaps takes two to four bytes. Equal sets have equal bytes.
func (s Set) AppendBinary(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.runs)))
	end := uint32(0)
	for _, r := range s.runs {
		gap := uint64(r.First-end-1) << 1
		if r.First == r.Last {
			dst = binary.AppendUvarint(dst, gap)
		} else {
			dst = binary.AppendUvarint(dst, gap|1)
			dst = binary.AppendUvarint(dst, uint64(r.Last-r.First-1))
		}
		end = r.Last
	}
	return dst
}

// ParseBinary reads a set that AppendBinary wrote at the beginning of b and
// returns what follows it. The error is ErrBinary; nothing else is accepted
// than what AppendBinary writes, so damaged records are noticed here.
func ParseBinary(b []byte) (s Set, rest []byte, err error) {
	count, b, ok := uvarint(b)
	// Each run takes a byte at least: a damaged count can't make us allocate.
	if !ok || count > uint64(len(b)) {
		return Set{}, nil, ErrBinary
	}
	if count == 0 {
		return Set{}, b, nil
	}
	runs := make([]Run, count)
	end := uint64(0)
	for i := range runs {
		var gap, length uint64
		if gap, b, ok = uvarint(b); !ok {
			return Set{}, nil, ErrBinary
		}
		if gap&1 == 1 {
			if length, b, ok = uvarint(b); !ok || length >= maxUID {
				return Set{}, nil, ErrBinary
			}
			length++
		}
		gap >>= 1
		first := end + gap + 1
		last := first + length
		if gap > maxUID || last > maxUID || gap == 0 && i > 0 {
			return Set{}, nil, ErrBinary
		}
		runs[i] = Run{uint32(first), uint32(last)}
		end = last
	}
	return Set{runs}, b, nil
}

// uvarint is binary.Uvarint that refuses the overlong forms, since a set has
// one binary form only.
func uvarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n > 1 && b[n-1] == 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
