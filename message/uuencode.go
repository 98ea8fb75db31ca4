package message

import (
	"bytes"

	"golang.org/x/text/transform"
)

// A uuDecoder decodes uuencode: the lines between "begin" and "end" or the end
// of the data. Lines before "begin" are dropped.
type uuDecoder struct {
	begun, ended bool
	tooLong      bool // the rest of the line is to be dropped
}

func (d *uuDecoder) Reset() { *d = uuDecoder{} }

// uuMaxLine is the longest line that can hold data: 63 octets, a length and
// some check characters. Longer ones are no uuencode.
const uuMaxLine = 128

func (d *uuDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		rest := src[nSrc:]
		line, size, whole := rest, len(rest), atEOF
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, size, whole = rest[:i], i+1, true
		}
		if !whole && len(rest) < uuMaxLine {
			return nDst, nSrc, transform.ErrShortSrc
		}
		junk := d.tooLong || len(line) >= uuMaxLine
		line = bytes.TrimRight(line, "\r\n")
		d.tooLong = !whole
		switch {
		case junk || d.ended || len(line) == 0:
		case !d.begun:
			d.begun = bytes.HasPrefix(line, uuBegin)
		case bytes.Equal(line, uuEnd):
			d.ended = true
		default:
			if len(dst)-nDst < uuMaxLine {
				return nDst, nSrc, transform.ErrShortDst
			}
			nDst += uuLine(dst[nDst:], line)
		}
		nSrc += size
	}
	return nDst, nSrc, nil
}

var (
	uuBegin = []byte("begin ")
	uuEnd   = []byte("end")
)

// uuLine decodes one line. Characters that are missing at its end are zeros.
func uuLine(dst, line []byte) int {
	size := int(line[0]-' ') & 63
	line = line[1:]
	value := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for n := 0; n < size; n += 3 {
		i := n / 3 * 4
		a, b, c, d := value(i), value(i+1), value(i+2), value(i+3)
		group := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		copy(dst[n:size], group[:])
	}
	return size
}
