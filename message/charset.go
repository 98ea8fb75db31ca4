package message

import (
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// CharsetReader returns a reader of r's text in UTF-8. The charset is a MIME
// name in any case; it is false if nobody here knows it. Octets that are not
// valid in the charset become U+FFFD; where the charset is UTF-8, US-ASCII or
// empty they are read as windows-1252 instead, as they nearly always are.
func CharsetReader(charset string, r io.Reader) (io.Reader, bool) {
	t, ok := charsetDecoder(charset)
	if !ok {
		return nil, false
	}
	return transform.NewReader(r, t), true
}

// charsetDecoder returns the transformation of a charset to UTF-8.
func charsetDecoder(charset string) (transform.Transformer, bool) {
	charset = strings.TrimSpace(charset)
	if isUTF8Name(charset) {
		return &lenientUTF8{}, true
	}
	if strings.EqualFold(charset, "utf-7") || strings.EqualFold(charset, "unicode-1-1-utf-7") {
		return &utf7Decoder{}, true
	}
	e := charsetEncoding(strings.ToLower(charset))
	if e == nil {
		return nil, false
	}
	return e.NewDecoder(), true
}

// isUTF8Name reports whether text in this charset can be taken as UTF-8.
func isUTF8Name(charset string) bool {
	switch len(charset) {
	case 0:
		return true
	case len("utf8"):
		return strings.EqualFold(charset, "utf8")
	case len("utf-8"):
		return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "ascii")
	case len("us-ascii"):
		return strings.EqualFold(charset, "us-ascii")
	case len("unknown-8bit"):
		return strings.EqualFold(charset, "unknown-8bit")
	}
	return false
}

// charsetEncoding finds an encoding by its name in lower case: names that only
// mail uses, then the names of the web, then IANA's.
func charsetEncoding(name string) encoding.Encoding {
	switch name {
	case "utf-16": // RFC 2781 section 4.3; on the web it means little-endian
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "cp1252", "iso-8859-1", "latin1", "iso8859-1", "iso_8859-1", "8859-1":
		return charmap.Windows1252
	case "cp936", "ms936", "windows-936":
		return simplifiedchinese.GBK
	case "x-unknown", "default", "unknown", "us_ascii", "ansi_x3.110-1983", "iso-8859-8-i", "iso-8859-8-e":
		return charsetSynonym(name)
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil && e != encoding.Replacement {
		return e
	}
	if rest, ok := strings.CutPrefix(name, "cp"); ok {
		if e, err := htmlindex.Get("windows-" + rest); err == nil {
			return e
		}
		if e, err := ianaindex.MIME.Encoding("ibm" + rest); err == nil && e != nil {
			return e
		}
	}
	return nil
}

func charsetSynonym(name string) encoding.Encoding {
	if strings.HasPrefix(name, "iso-8859-8") {
		return charmap.ISO8859_8
	}
	return charmap.Windows1252
}

// decodeCharset appends b as UTF-8. Text in an unknown charset is kept as far
// as it is UTF-8.
func decodeCharset(dst []byte, charset string, b []byte) []byte {
	if isUTF8Name(charset) {
		return appendLenientUTF8(dst, b)
	}
	t, ok := charsetDecoder(charset)
	if !ok {
		return appendLenientUTF8(dst, b)
	}
	out, _, err := transform.Bytes(t, b)
	if err != nil {
		return appendLenientUTF8(dst, b)
	}
	return append(dst, out...)
}

// appendLenientUTF8 appends b; octets that are not valid UTF-8 are read as
// windows-1252.
func appendLenientUTF8(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			dst = utf8.AppendRune(dst, charmap.Windows1252.DecodeByte(b[0]))
		} else {
			dst = append(dst, b[:n]...)
		}
		b = b[n:]
	}
	return dst
}

// lenientUTF8 is appendLenientUTF8 as a stream.
type lenientUTF8 struct{ transform.NopResetter }

func (*lenientUTF8) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		rest := src[nSrc:]
		if rest[0] < utf8.RuneSelf {
			n := copy(dst[nDst:], rest[:asciiLength(rest)])
			if n == 0 {
				return nDst, nSrc, transform.ErrShortDst
			}
			nDst += n
			nSrc += n
			continue
		}
		if !atEOF && !utf8.FullRune(rest) {
			return nDst, nSrc, transform.ErrShortSrc
		}
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(rest[0])
		}
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += n
	}
	return nDst, nSrc, nil
}

// asciiLength is how many octets at the start of b are ASCII.
func asciiLength(b []byte) int {
	n := 0
	for len(b)-n >= 8 && binary.NativeEndian.Uint64(b[n:])&0x8080808080808080 == 0 {
		n += 8
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}
