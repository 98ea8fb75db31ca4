package wire

import (
	"bytes"
	"unicode/utf8"
)

// Quoted reads a quoted string. Octets above 127 must be UTF-8 (RFC 9051
// section 9, QUOTED-CHAR), else the command is refused, as RFC 6855 section 3
// wants. They are taken from clients that did not enable UTF-8 too: only such
// are sent nothing of the kind.
func (d *Decoder) Quoted() string { return string(d.quoted("a quoted string")) }

// quoted returns the content of a quoted string. It may be a part of the line.
func (d *Decoder) quoted(what string) []byte {
	if !d.Try('"') {
		d.Expected(what)
		return nil
	}
	rest := d.line[d.pos:]
	i := bytes.IndexAny(rest, "\"\\\r")
	if i >= 0 && rest[i] == '"' {
		d.pos += i + 1
		return d.utf8(rest[:i])
	}
	var out []byte
	for ; i < len(rest) && i >= 0; i++ {
		if out == nil {
			out = append(make([]byte, 0, len(rest)), rest[:i]...)
		}
		switch c := rest[i]; {
		case c == '"':
			d.pos += i + 1
			return d.utf8(out)
		case c == '\r':
			d.pos += i
			d.Expected("no CR in a quoted string")
			return nil
		case c != '\\':
			out = append(out, c)
		case i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\'):
			i++
			out = append(out, rest[i])
		default:
			d.pos += i + 1
			d.Expected(`'"' or '\' behind '\'`)
			return nil
		}
	}
	d.pos = len(d.line)
	d.Expected(`'"' at the end of the string`)
	return nil
}

func (d *Decoder) utf8(b []byte) []byte {
	if !utf8.Valid(b) {
		d.Expected("UTF-8 in a quoted string")
		return nil
	}
	return b
}

// Str reads a string: quoted or a literal.
func (d *Decoder) Str() string { return string(d.str("a string")) }

func (d *Decoder) str(what string) []byte {
	if d.Peek() == '{' {
		return d.inMemory(false)
	}
	return d.quoted(what)
}

// AString reads an atom-like word or a string.
func (d *Decoder) AString() string { return string(d.astring(astringChar, "an atom or a string")) }

func (d *Decoder) astring(class uint8, what string) []byte {
	if word := d.span(class); len(word) > 0 {
		return word
	}
	return d.str(what)
}

// NString reads a string or NIL, for which ok is false.
func (d *Decoder) NString() (s string, ok bool) {
	if d.TryWord("NIL") {
		return "", false
	}
	s = string(d.str("a string or NIL"))
	return s, d.err == nil
}

// String8 reads a string or a literal8, which may hold any octet.
func (d *Decoder) String8() []byte {
	switch d.Peek() {
	case '~', '{':
		return d.inMemory(true)
	}
	return bytes.Clone(d.quoted("a string"))
}

// NString8 reads a string, a literal8 or NIL, for which it returns nil and ok
// is false.
func (d *Decoder) NString8() (b []byte, ok bool) {
	if d.TryWord("NIL") {
		return nil, false
	}
	b = d.String8()
	return b, d.err == nil
}
