package wire

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// A form is how a string can be written. Each is right for the strings of those
// before it, too.
type form uint8

const (
	asQuoted  form = iota // ASCII without CR, LF, NUL, quotes and backslashes
	asEscaped             // ASCII without CR, LF and NUL
	asUTF8                // UTF-8 without them
	asLiteral             // all else
)

// formOf returns the simplest form for s.
func formOf[T string | []byte](s T) form {
	f := asQuoted
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			f = asUTF8
		case c == 0 || c == '\r' || c == '\n':
			return asLiteral
		case f == asQuoted && (c == '"' || c == '\\'):
			f = asEscaped
		}
	}
	if f == asUTF8 && !validUTF8(s) {
		return asLiteral
	}
	return f
}

// validUTF8 is utf8.Valid for both types.
func validUTF8[T string | []byte](s T) bool {
	switch s := any(s).(type) {
	case string:
		return utf8.ValidString(s)
	case []byte:
		return utf8.Valid(s)
	}
	return false
}

// String appends a string: quoted if it can be, else as a literal. Octets above
// 127 are quoted only if UTF8 is set and they are UTF-8. IMAP has no form for
// NUL outside of literal8: it is written as "?".
func (e *Encoder) String(s string) *Encoder {
	e.buf = appendString(e.buf, s, e.UTF8)
	return e
}

// StringBytes is String for bytes.
func (e *Encoder) StringBytes(s []byte) *Encoder {
	e.buf = appendString(e.buf, s, e.UTF8)
	return e
}

// NString appends a string, or NIL if ok is false.
func (e *Encoder) NString(s string, ok bool) *Encoder {
	if !ok {
		return e.NIL()
	}
	return e.String(s)
}

// NIL appends NIL.
func (e *Encoder) NIL() *Encoder { return e.Raw("NIL") }

// AString appends s as an atom if it can be one, else as a string. NIL is
// quoted, since it would be read as no string at all where one may be missing.
func (e *Encoder) AString(s string) *Encoder {
	e.buf = appendAString(e.buf, s, e.UTF8)
	return e
}

// AppendString appends what Encoder.String writes to dst, for parts of messages
// that are rendered long before anyone asks for them.
func AppendString[T string | []byte](dst []byte, s T, isUTF8 bool) []byte {
	return appendString(dst, s, isUTF8)
}

func appendString[T string | []byte](dst []byte, s T, isUTF8 bool) []byte {
	f := formOf(s)
	if f == asLiteral || f == asUTF8 && !isUTF8 {
		return appendLiteral(dst, s)
	}
	dst = append(dst, '"')
	if f == asQuoted {
		dst = append(dst, s...)
		return append(dst, '"')
	}
	for i := range len(s) {
		c := s[i]
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func appendLiteral[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '{')
	dst = strconv.AppendUint(dst, uint64(len(s)), 10)
	dst = append(dst, "}\r\n"...)
	start := len(dst)
	dst = append(dst, s...)
	replaceNUL(dst[start:])
	return dst
}

func appendAString(dst []byte, s string, isUTF8 bool) []byte {
	if s == "" || len(s) == 3 && equalFold([]byte(s), "NIL") {
		return appendString(dst, s, isUTF8)
	}
	for i := range len(s) {
		if classes[s[i]]&astringChar == 0 {
			return appendString(dst, s, isUTF8)
		}
	}
	return append(dst, s...)
}

// Mailbox appends the name of a mailbox, given as UTF-8: in modified UTF-7
// before the client has enabled UTF-8.
func (e *Encoder) Mailbox(name string) *Encoder {
	if e.UTF8 || !needsUTF7(name) {
		return e.AString(name)
	}
	var buf [128]byte
	encoded := AppendUTF7(buf[:0], name)
	for _, c := range encoded {
		if classes[c]&astringChar == 0 {
			return e.StringBytes(encoded)
		}
	}
	return e.RawBytes(encoded)
}

// needsUTF7 reports whether name differs from its modified UTF-7 form.
func needsUTF7(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < 0x20 || c >= 0x7f || c == '&' {
			return true
		}
	}
	return false
}

// Base64 appends data in base64.
func (e *Encoder) Base64(data []byte) *Encoder {
	e.buf = base64.StdEncoding.AppendEncode(e.buf, data)
	return e
}
