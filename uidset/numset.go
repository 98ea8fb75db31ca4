package uidset

import (
	"errors"
	"strconv"
	"strings"
)

// Star is "*" as a bound of a NumRange: the largest number in use in the
// mailbox, whatever that is when the set is resolved. Zero is free for it since
// no UID and no sequence number is 0.
const Star uint32 = 0

// ErrTooManyRanges is what ParseNumSet answers to a set with more ranges than
// its caller allows.
var ErrTooManyRanges = errors.New("uidset: too many ranges in a set")

// A NumRange is one seq-range or seq-number of RFC 9051 section 9 as it was
// written: bounds in either order, each a number or Star.
type NumRange struct {
	First, Last uint32
}

// A NumSet is a sequence-set as a client wrote it, before anyone knows what "*"
// stands for and which numbers exist.
type NumSet struct {
	// Ranges as written. Empty if Saved.
	Ranges []NumRange
	// Saved is "$": the result of the last SEARCH RETURN (SAVE), RFC 5182.
	Saved bool
}

// ParseNumSet reads a sequence-set with "*", or "$". It fails with
// ErrTooManyRanges if there are more than limit ranges.
func ParseNumSet(text string, limit int) (NumSet, error) {
	if text == "$" {
		return NumSet{Saved: true}, nil
	}
	n := strings.Count(text, ",") + 1
	if n > limit {
		return NumSet{}, ErrTooManyRanges
	}
	ranges := make([]NumRange, 0, n)
	for part := range strings.SplitSeq(text, ",") {
		first, last, err := parseRange(part)
		if err != nil {
			return NumSet{}, err
		}
		ranges = append(ranges, NumRange{first, last})
	}
	return NumSet{Ranges: ranges}, nil
}

// Resolve returns the numbers of n with largest for "*". Bounds are put in
// order after that, so that "7:*" in a mailbox whose largest UID is 5 means 5:7
// and holds that message (RFC 9051 section 6.4.9). Where largest is 0, there is
// no message: "*" alone stands for nothing, and so does each range with it.
//
// The result may hold numbers that don't exist. Resolve knows nothing of a
// saved result: its caller must look at Saved first.
func (n NumSet) Resolve(largest uint32) Set {
	runs := make([]Run, 0, len(n.Ranges))
	for _, r := range n.Ranges {
		first, last := r.First, r.Last
		if first == Star || last == Star {
			if largest == 0 {
				continue
			}
			if first == Star {
				first = largest
			}
			if last == Star {
				last = largest
			}
		}
		runs = append(runs, Run{min(first, last), max(first, last)})
	}
	return Set{normalise(runs)}
}

// HasStar reports whether "*" occurs in n, that is whether n means another set
// after new messages arrived.
func (n NumSet) HasStar() bool {
	for _, r := range n.Ranges {
		if r.First == Star || r.Last == Star {
			return true
		}
	}
	return false
}

// String returns n as it is written on the wire.
func (n NumSet) String() string { return string(n.Append(nil)) }

// Append appends what String returns to dst.
func (n NumSet) Append(dst []byte) []byte {
	if n.Saved {
		return append(dst, '$')
	}
	for i, r := range n.Ranges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendBound(dst, r.First)
		if r.Last != r.First {
			dst = append(dst, ':')
			dst = appendBound(dst, r.Last)
		}
	}
	return dst
}

func appendBound(dst []byte, bound uint32) []byte {
	if bound == Star {
		return append(dst, '*')
	}
	return strconv.AppendUint(dst, uint64(bound), 10)
}
