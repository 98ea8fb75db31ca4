package wire

import (
	"bytes"
	"encoding/base64"
	"io"
	"strconv"
	"unicode/utf8"
)

// A form is how a string can be written.
type form uint8

const (
	asQuoted  form = iota // ASCII without CR, LF and NUL
	asUTF8                // the same with UTF-8
	asLiteral             // all else
)

// formOf returns the simplest form for s.
func formOf[T string | []byte](s T) form {
	for i := range len(s) {
		switch c := s[i]; {
		case c == 0 || c == '\r' || c == '\n':
			return asLiteral
		case c >= 0x80:
			return formOf8(s)
		}
	}
	return asQuoted
}

func formOf8[T string | []byte](s T) form {
	for i := range len(s) {
		if c := s[i]; c == 0 || c == '\r' || c == '\n' {
			return asLiteral
		}
	}
	if !utf8.ValidString(string(s)) {
		return asLiteral
	}
	return asUTF8
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
	if f := formOf(s); f == asLiteral || f == asUTF8 && !isUTF8 {
		return appendLiteral(dst, s)
	}
	dst = append(dst, '"')
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

// Literal appends a literal of size octets from r, which must yield as many.
// Each NUL in it is written as "?". A reader that fails or ends too early is
// fatal, since the client was told the size: the error is kept, nothing more is
// written, and the connection must be closed.
func (e *Encoder) Literal(size int64, r io.Reader) *Encoder {
	return e.Byte('{').literal(size, r, false)
}

// Literal8 is Literal as a literal8, in which NUL stays (RFC 3516).
func (e *Encoder) Literal8(size int64, r io.Reader) *Encoder {
	return e.Raw("~{").literal(size, r, true)
}

func (e *Encoder) literal(size int64, r io.Reader, binary bool) *Encoder {
	e.Uint64(uint64(size)).Raw("}\r\n")
	for size > 0 && e.err == nil {
		if len(e.buf) >= flushAt {
			e.Flush()
			continue
		}
		e.grow(int(min(size, flushAt)))
		room := e.buf[len(e.buf):cap(e.buf)]
		n, err := r.Read(room[:min(int64(len(room)), size)])
		if !binary {
			replaceNUL(room[:n])
		}
		e.buf = e.buf[:len(e.buf)+n]
		size -= int64(n)
		if err != nil && size > 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			e.Flush()
			e.keep(err)
		}
	}
	return e
}

// grow makes room for at least 512 octets, and for want if the buffer does not
// get larger than it needs to be by that.
func (e *Encoder) grow(want int) {
	if cap(e.buf)-len(e.buf) >= min(want, 512) {
		return
	}
	bigger := make([]byte, len(e.buf), min(len(e.buf)+want, flushAt+512))
	copy(bigger, e.buf)
	e.buf = bigger
}

func (e *Encoder) keep(err error) {
	if e.err == nil {
		e.err = err
	}
}

func replaceNUL(b []byte) {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return
		}
		b[i] = '?'
		b = b[i+1:]
	}
}
