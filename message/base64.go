package message

import "golang.org/x/text/transform"

const (
	base64Pad  = 64
	base64Junk = 65
)

var base64Values = buildBase64Values()

func buildBase64Values() (t [256]uint8) {
	for i := range t {
		t[i] = base64Junk
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(alphabet) {
		t[alphabet[i]] = uint8(i)
	}
	t['='] = base64Pad
	return t
}

// A base64Decoder decodes base64 as RFC 2045 section 6.8 tells receivers to:
// whatever is not of the alphabet is ignored. After padding it starts afresh,
// so that pieces encoded one by one are read too.
type base64Decoder struct {
	bits uint32
	n    int // characters of the current group of four
}

func (d *base64Decoder) Reset() { *d = base64Decoder{} }

func (d *base64Decoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if len(dst)-nDst < 3 {
			return nDst, nSrc, transform.ErrShortDst
		}
		if d.n == 0 && nSrc+4 <= len(src) {
			a, b := base64Values[src[nSrc]], base64Values[src[nSrc+1]]
			c, e := base64Values[src[nSrc+2]], base64Values[src[nSrc+3]]
			if a|b|c|e < 64 {
				v := uint32(a)<<18 | uint32(b)<<12 | uint32(c)<<6 | uint32(e)
				dst[nDst], dst[nDst+1], dst[nDst+2] = byte(v>>16), byte(v>>8), byte(v)
				nDst += 3
				nSrc += 4
				continue
			}
		}
		v := base64Values[src[nSrc]]
		nSrc++
		switch {
		case v < 64:
			d.bits = d.bits<<6 | uint32(v)
			if d.n++; d.n == 4 {
				nDst += d.flush(dst[nDst:])
			}
		case v == base64Pad:
			nDst += d.flush(dst[nDst:])
		}
	}
	if atEOF && d.n > 0 {
		if len(dst)-nDst < 3 {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += d.flush(dst[nDst:])
	}
	return nDst, nSrc, nil
}

// flush writes the whole octets of the current group and ends it.
func (d *base64Decoder) flush(dst []byte) int {
	n := d.n * 6 / 8
	v := d.bits << (6 * (4 - d.n))
	for i := range n {
		dst[i] = byte(v >> (16 - 8*i))
	}
	d.bits, d.n = 0, 0
	return n
}
