package uidset

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the set as IMAP writes it (sequence-set of RFC 9051 section
// 9), for example "1:3,5". The empty set, which IMAP has no form for, is "".
func (s Set) String() string { return string(s.Append(nil)) }

// Append appends what String returns to dst.
func (s Set) Append(dst []byte) []byte {
	for i, r := range s.runs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(r.First), 10)
		if r.Last != r.First {
			dst = append(dst, ':')
			dst = strconv.AppendUint(dst, uint64(r.Last), 10)
		}
	}
	return dst
}

// Parse reads the form that String writes. Numbers may come in any order and
// overlap, and "5:3" is "3:5" (RFC 9051 section 9, seq-range). "*" and "$" are
// errors here; ParseNumSet reads them.
func Parse(text string) (Set, error) {
	if text == "" {
		return Set{}, nil
	}
	runs := make([]Run, 0, strings.Count(text, ",")+1)
	for part := range strings.SplitSeq(text, ",") {
		first, last, err := parseRange(part)
		if err != nil {
			return Set{}, err
		}
		if first == Star || last == Star {
			return Set{}, fmt.Errorf(`uidset: "*" in %q, where only numbers may stand`, clip(text))
		}
		runs = append(runs, Run{min(first, last), max(first, last)})
	}
	return Set{normalise(runs)}, nil
}

// parseRange reads "7", "7:9" or either with "*" as a number.
func parseRange(text string) (first, last uint32, err error) {
	left, right, isRange := strings.Cut(text, ":")
	if first, err = parseNumber(left); err != nil {
		return 0, 0, err
	}
	if !isRange {
		return first, first, nil
	}
	if last, err = parseNumber(right); err != nil {
		return 0, 0, err
	}
	return first, last, nil
}

// parseNumber reads an nz-number or "*". A leading zero is refused, since
// nz-number starts with digit-nz.
func parseNumber(text string) (uint32, error) {
	if text == "*" {
		return Star, nil
	}
	if text == "" {
		return 0, fmt.Errorf("uidset: a number is missing")
	}
	if text[0] == '0' {
		return 0, fmt.Errorf("uidset: %q is not a number from 1 to %d without leading zeros", clip(text), uint32(maxUID))
	}
	var n uint64
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("uidset: %q is not a number", clip(text))
		}
		if n = n*10 + uint64(c-'0'); n > maxUID {
			return 0, fmt.Errorf("uidset: %q is greater than %d", clip(text), uint32(maxUID))
		}
	}
	return uint32(n), nil
}

// clip keeps what a client sent short enough for an error text.
func clip(text string) string {
	if len(text) > 40 {
		return text[:40] + "…"
	}
	return text
}
