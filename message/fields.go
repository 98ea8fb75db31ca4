package message

import (
	"bytes"
	"iter"
)

// A Field is one header field.
type Field struct {
	// Name is as written, without the white space that obsolete syntax
	// allows before the colon. It is empty for a line that is no field, such
	// as the "From " line of an mbox.
	Name []byte
	// Raw is the whole field with folding and line end.
	Raw []byte
	// Value is what follows the colon, with folding, without white space
	// directly behind the colon and the final line end.
	Value []byte
}

// Is reports whether the field has this name, without regard to ASCII case.
func (f Field) Is(name string) bool { return len(f.Name) > 0 && equalFoldASCII(f.Name, name) }

// Fields goes through the fields of a header block up to the empty line that
// ends it, or to the end of the octets given. Field slices point into header.
// Joined, the Raw of all fields are the block without its empty line.
func Fields(header []byte) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for {
			f, n := nextField(header)
			if n == 0 || !yield(f) {
				return
			}
			header = header[n:]
		}
	}
}

// nextField returns the first field of a header block and its length, 0 at the
// end of the block.
func nextField(header []byte) (Field, int) {
	if len(header) == 0 || emptyLine(header) > 0 {
		return Field{}, 0
	}
	n := fieldEnd(header)
	raw := header[:n]
	f := Field{Raw: raw}
	colon := nameEnd(raw)
	if colon < 0 {
		return f, n
	}
	f.Name = raw[:trimmedEnd(raw, colon)]
	f.Value = trimValue(raw[colon+1:])
	return f, n
}

// fieldName returns the name of a field as Field has it. AppendFields goes over
// the fields that are kept of every message that a client lists, and needs no
// more of them.
func fieldName(raw []byte) []byte {
	colon := nameEnd(raw)
	if colon < 0 {
		return nil
	}
	return raw[:trimmedEnd(raw, colon)]
}

// nameEnd returns where the colon of a field is, -1 if its first line has none.
// Names are short: a loop finds it before a call would begin to look.
func nameEnd(raw []byte) int {
	for i, c := range raw {
		if c == ':' {
			return i
		}
		if c == '\n' {
			break
		}
	}
	return -1
}

// trimmedEnd returns end without the white space before it.
func trimmedEnd(raw []byte, end int) int {
	for end > 0 && isClass(raw[end-1], classWSP) {
		end--
	}
	return end
}

// fieldEnd returns the length of the first field: up to the first line end
// that no white space follows.
func fieldEnd(b []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			return len(b)
		}
		n += i + 1
		if n == len(b) || !isClass(b[n], classWSP) {
			return n
		}
	}
}

// emptyLine returns the length of the line end that b starts with, 0 if it
// starts with something else.
func emptyLine(b []byte) int {
	switch {
	case len(b) > 0 && b[0] == '\n':
		return 1
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	}
	return 0
}

// trimValue drops the final line end and leading white space.
func trimValue(v []byte) []byte {
	if n := len(v); n > 0 && v[n-1] == '\n' {
		v = v[:n-1]
		if n := len(v); n > 0 && v[n-1] == '\r' {
			v = v[:n-1]
		}
	}
	for len(v) > 0 && isClass(v[0], classWSP) {
		v = v[1:]
	}
	return v
}

// FieldValue returns the unfolded value of the first field with this name; it
// is false if there is none. The value shares memory with header unless it was
// folded.
func FieldValue(header []byte, name string) ([]byte, bool) {
	for f := range Fields(header) {
		if f.Is(name) {
			return Unfold(f.Value), true
		}
	}
	return nil, false
}

// Unfold removes the line ends of a folded value and leaves all other white
// space (RFC 5322 section 2.2.3). It returns v itself if there is none.
func Unfold(v []byte) []byte {
	if bytes.IndexByte(v, '\n') < 0 && bytes.IndexByte(v, '\r') < 0 {
		return v
	}
	return appendUnfolded(make([]byte, 0, len(v)), v)
}

func appendUnfolded(dst, v []byte) []byte {
	for _, c := range v {
		if c != '\r' && c != '\n' {
			dst = append(dst, c)
		}
	}
	return dst
}

// AppendFields appends the raw fields of a header block whose name is among
// names, or with not set those whose name is not, in the order of the header,
// and the empty line that ends a header: the answer to HEADER.FIELDS and
// HEADER.FIELDS.NOT (RFC 9051 section 6.4.5.1). Lines that are no fields go
// with HEADER.FIELDS.NOT, which has an empty line only if header has one;
// HEADER.FIELDS always has, so that it can be made from Summary.Headers.
func AppendFields(dst, header []byte, names []string, not bool) []byte {
	rest := header
	for len(rest) > 0 && emptyLine(rest) == 0 {
		n := fieldEnd(rest)
		raw := rest[:n]
		rest = rest[n:]
		if nameAmong(fieldName(raw), names) == not {
			continue
		}
		dst = append(dst, raw...)
		if raw[n-1] != '\n' && !not {
			dst = append(dst, '\r', '\n')
		}
	}
	if end := emptyLine(rest); end > 0 || not {
		return append(dst, rest[:end]...)
	}
	return append(dst, '\r', '\n')
}

func nameAmong(name []byte, names []string) bool {
	if len(name) == 0 {
		return false
	}
	for _, n := range names {
		if equalFoldASCII(name, n) {
			return true
		}
	}
	return false
}

// equalFoldASCII compares without regard to ASCII case.
func equalFoldASCII(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}
