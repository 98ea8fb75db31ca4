package message

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// DecodeHeader returns the text of a header value in UTF-8: unfolded, with
// encoded-words decoded (RFC 2047, with languages of RFC 2231 section 5). It
// is meant for unstructured values and display names. Raw octets are taken as
// UTF-8 (RFC 6532), else as windows-1252. Encoded-words are also found where
// they must not be, such as within quotes or next to other text, since mailers
// put them there; those with an unknown charset are kept as far as they are
// UTF-8, and those that cannot be decoded stay as they are.
func DecodeHeader(raw []byte) string {
	if isPlainASCII(raw) {
		return string(raw)
	}
	return string(appendDecodedHeader(nil, Unfold(raw)))
}

// DecodeParam returns the text of a parameter value: RFC 2231 for a name that
// ends in "*", else RFC 2047 encoded-words, which parameters must not have but
// often do.
func DecodeParam(p Param) string {
	if !strings.HasSuffix(p.Name, "*") {
		return DecodeHeader([]byte(p.Value))
	}
	charset, rest, ok := strings.Cut(p.Value, "'")
	if !ok {
		return DecodeHeader([]byte(p.Value))
	}
	_, text, ok := strings.Cut(rest, "'")
	if !ok {
		text = rest
	}
	return string(decodeCharset(nil, charset, percentDecoded(text)))
}

// paramText is the decoded value of the parameter name or name*.
func paramText(params []Param, name string) string {
	for _, p := range params {
		if n := strings.TrimSuffix(p.Name, "*"); strings.EqualFold(n, name) {
			return DecodeParam(p)
		}
	}
	return ""
}

func percentDecoded(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if h, l := hexValues[s[i+1]], hexValues[s[i+2]]; h|l < 16 {
				b = append(b, h<<4|l)
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}

// isPlainASCII reports whether there is nothing to unfold or decode.
func isPlainASCII(b []byte) bool {
	for i, c := range b {
		if c >= utf8.RuneSelf || c == '\r' || c == '\n' || c == '=' && i+1 < len(b) && b[i+1] == '?' {
			return false
		}
	}
	return true
}

var (
	wordStart = []byte("=?")
	wordEnd   = []byte("?=")
)

// appendDecodedHeader decodes an unfolded value.
func appendDecodedHeader(dst, s []byte) []byte {
	// Octets of adjacent encoded-words in one charset are decoded together:
	// many mailers split characters between them.
	var charset string
	var octets []byte
	words := false // s continues directly behind an encoded-word
	flush := func() {
		if words {
			dst = decodeCharset(dst, charset, octets)
			octets = octets[:0]
		}
	}
	for len(s) > 0 {
		i := bytes.Index(s, wordStart)
		if i < 0 {
			break
		}
		w, n := parseEncodedWord(s[i:])
		if n < 0 {
			break
		}
		if n == 0 {
			flush()
			words = false
			dst = appendLenientUTF8(dst, s[:i+len(wordStart)])
			s = s[i+len(wordStart):]
			continue
		}
		between := s[:i]
		if !words || !isBlank(between) {
			flush()
			dst = appendLenientUTF8(dst, between)
			charset = w.charset
		} else if !strings.EqualFold(charset, w.charset) {
			flush()
			charset = w.charset
		}
		octets = w.appendOctets(octets)
		words = true
		s = s[i+n:]
	}
	flush()
	return appendLenientUTF8(dst, s)
}

func isBlank(b []byte) bool {
	for _, c := range b {
		if !isClass(c, classFWS) {
			return false
		}
	}
	return true
}

// An encodedWord is "=?charset*language?encoding?text?=".
type encodedWord struct {
	charset  string
	encoding byte // 'b' or 'q'
	text     []byte
}

// maxCharsetName is longer than any charset name with a language.
const maxCharsetName = 60

// parseEncodedWord reads the encoded-word that s starts with and returns its
// length: 0 if it is none, -1 if there can be no further one in s.
func parseEncodedWord(s []byte) (w encodedWord, n int) {
	i := len(wordStart)
	size := bytes.IndexByte(s[i:min(len(s), i+maxCharsetName)], '?')
	if size < 1 || bytes.ContainsAny(s[i:i+size], " \t\"") {
		return w, 0
	}
	name, _, _ := bytes.Cut(s[i:i+size], []byte{'*'})
	i += size + 1
	if i+1 >= len(s) || s[i+1] != '?' {
		return w, 0
	}
	w.encoding = lower(s[i])
	if w.encoding != 'b' && w.encoding != 'q' {
		return w, 0
	}
	i += 2
	end := bytes.Index(s[i:], wordEnd)
	if end < 0 {
		return w, -1
	}
	w.charset = intern(name)
	w.text = s[i : i+end]
	return w, i + end + len(wordEnd)
}

// appendOctets appends the octets that the word encodes.
func (w encodedWord) appendOctets(dst []byte) []byte {
	if w.encoding == 'b' {
		n := len(dst)
		dst = append(dst, make([]byte, len(w.text)+3)...)
		size, _, err := (&base64Decoder{}).Transform(dst[n:], w.text, true)
		if err == transform.ErrShortDst { // cannot be: there is room for all
			return dst[:n]
		}
		return dst[:n+size]
	}
	for i := 0; i < len(w.text); i++ {
		switch c := w.text[i]; {
		case c == '_':
			dst = append(dst, ' ')
		case c == '=' && i+2 < len(w.text) && hexValues[w.text[i+1]]|hexValues[w.text[i+2]] < 16:
			dst = append(dst, hexValues[w.text[i+1]]<<4|hexValues[w.text[i+2]])
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
