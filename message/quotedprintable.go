package message

import "golang.org/x/text/transform"

// A quotedPrintableDecoder decodes quoted-printable (RFC 2045 section 6.7).
// White space at the end of a line goes (rule 3), line breaks come out as CRLF
// whatever they were (rule 4), and "=" that starts no valid escape is itself,
// as the section advises robust receivers.
type quotedPrintableDecoder struct{ transform.NopResetter }

// qpLookahead is how far white space is followed to see whether a line ends
// behind it; more of it stays. Lines have at most 76 characters.
const qpLookahead = 1000

func (quotedPrintableDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		rest := src[nSrc:]
		plain := 0
		for plain < len(rest) && !qpSpecial[rest[plain]] {
			plain++
		}
		// Spaces between words are the usual case.
		if plain == 0 && len(rest) > 1 && rest[0] == ' ' && !qpSpecial[rest[1]] {
			plain = 1
		}
		if plain > 0 {
			n := copy(dst[nDst:], rest[:plain])
			nDst += n
			nSrc += n
			if n < plain {
				return nDst, nSrc, transform.ErrShortDst
			}
			continue
		}
		out, n := qpUnit(rest, atEOF)
		if n == 0 {
			return nDst, nSrc, transform.ErrShortSrc
		}
		if len(dst)-nDst < len(out) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += copy(dst[nDst:], out)
		nSrc += n
	}
	return nDst, nSrc, nil
}

// qpUnit decodes what src starts with: an escape, white space or a line end.
// It returns the text and how many octets it took, 0 if it needs more.
func qpUnit(src []byte, atEOF bool) ([]byte, int) {
	escape := 0
	if src[0] == '=' {
		if len(src) > 2 {
			if h, l := hexValues[src[1]], hexValues[src[2]]; h|l < 16 {
				return qpOctets[h<<4|l : int(h<<4|l)+1], 3
			}
		}
		escape = 1
	}
	white := escape
	for white < min(len(src), qpLookahead) && isClass(src[white], classWSP) {
		white++
	}
	end := emptyLine(src[white:])
	switch {
	case white == qpLookahead && escape == 1:
		return src[:1], 1
	case white == qpLookahead:
		return src[:white], white
	case end > 0 && escape == 1:
		return nil, white + end // soft line break
	case end > 0:
		return qpLineEnd, white + end
	case atEOF && white == len(src):
		return nil, white
	case !atEOF && len(src)-white < 2 && white < qpLookahead:
		return nil, 0
	case escape == 1 || white == 0:
		return src[:1], 1 // an invalid escape, or CR alone
	}
	return src[:white], white
}

var (
	qpLineEnd = []byte("\r\n")
	qpSpecial = [256]bool{'=': true, '\r': true, '\n': true, ' ': true, '\t': true}
	qpOctets  = buildOctets()
	hexValues = buildHexValues()
)

func buildOctets() []byte {
	t := make([]byte, 256)
	for i := range t {
		t[i] = byte(i)
	}
	return t
}

func buildHexValues() (t [256]uint8) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range uint8(10) {
		t['0'+i] = i
	}
	for i := range uint8(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}
