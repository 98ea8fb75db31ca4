package message

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// A utf7Decoder reads UTF-7 (RFC 2152), which old mail still carries. Octets
// that make no sense become U+FFFD.
type utf7Decoder struct {
	shifted bool   // within base64
	empty   bool   // nothing came since "+"
	bits    uint32 // the last ones of base64, not yet text
	n       int    // how many
	high    rune   // a high surrogate that waits for its low one, or 0
}

func (d *utf7Decoder) Reset() { *d = utf7Decoder{} }

func (d *utf7Decoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+2*utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += d.step(dst[nDst:], src[nSrc])
		nSrc++
	}
	if atEOF && d.high != 0 {
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], utf8.RuneError)
		d.high = 0
	}
	return nDst, nSrc, nil
}

// step takes in one octet and writes at most two characters.
func (d *utf7Decoder) step(dst []byte, c byte) int {
	if !d.shifted {
		switch {
		case c == '+':
			*d = utf7Decoder{shifted: true, empty: true}
			return 0
		case c >= utf8.RuneSelf:
			return utf8.EncodeRune(dst, utf8.RuneError)
		}
		dst[0] = c
		return 1
	}
	if v := base64Values[c]; v < 64 {
		d.empty = false
		d.bits = d.bits<<6 | uint32(v)
		d.n += 6
		if d.n < 16 {
			return 0
		}
		d.n -= 16
		return d.unit(dst, rune(d.bits>>d.n&0xffff))
	}
	n := 0
	if d.high != 0 {
		n = utf8.EncodeRune(dst, utf8.RuneError)
	}
	empty := d.empty
	*d = utf7Decoder{}
	switch {
	case c == '-' && empty: // "+-" stands for "+"
		dst[n] = '+'
		return n + 1
	case c == '-':
		return n
	}
	return n + d.step(dst[n:], c)
}

// unit takes in one UTF-16 code unit.
func (d *utf7Decoder) unit(dst []byte, u rune) int {
	n := 0
	if d.high != 0 {
		r := utf16.DecodeRune(d.high, u)
		d.high = 0
		if r != utf8.RuneError {
			return utf8.EncodeRune(dst, r)
		}
		n = utf8.EncodeRune(dst, utf8.RuneError)
	}
	if 0xd800 <= u && u < 0xdc00 {
		d.high = u
		return n
	}
	return n + utf8.EncodeRune(dst[n:], u)
}
