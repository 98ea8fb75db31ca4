package directory

import "encoding/binary"

// appendField appends a value under a tag; values are shorter than 64 KiB.
func appendField(b []byte, tag byte, v []byte) []byte {
	b = binary.BigEndian.AppendUint16(append(b, tag), uint16(len(v)))
	return append(b, v...)
}

// appendShort appends a value of at most 255 octets behind its length.
func appendShort(b, v []byte) []byte { return append(append(b, byte(len(v))), v...) }

// A fields reader takes a record apart and keeps whether it was too short.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) take(n int) []byte {
	if n > len(f.b) {
		f.bad, f.b = true, nil
		return make([]byte, n)
	}
	v := f.b[:n:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) short() []byte {
	return append([]byte(nil), f.take(int(f.take(1)[0]))...)
}

func (f *fields) uint32() uint32 { return binary.BigEndian.Uint32(f.take(4)) }

func (f *fields) scram() scramKey {
	return scramKey{int(f.uint32()), f.short(), f.short(), f.short()}
}
