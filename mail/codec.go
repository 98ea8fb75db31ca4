package mail

import (
	"encoding/binary"
	"errors"

	"poststube/uidset"
)

var errRecord = errors.New("mail: stored record is damaged")

// A dec reads a stored record and keeps its first error, so that a record is
// decoded straight down and checked once.
type dec struct {
	b   []byte
	bad bool
}

func (d *dec) u() uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *dec) i() int64 {
	n, k := binary.Varint(d.b)
	if k <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *dec) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

// bytes returns a slice of the record itself.
func (d *dec) bytes() []byte {
	n := d.u()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	s := d.b[:n:n]
	d.b = d.b[n:]
	return s
}

// u32 reads a number of fixed size.
func (d *dec) u32() uint32 {
	if len(d.b) < 4 {
		d.bad, d.b = true, nil
		return 0
	}
	n := binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	return n
}

func (d *dec) str() string { return string(d.bytes()) }

func (d *dec) set() uidset.Set {
	if d.bad {
		return uidset.Set{}
	}
	s, rest, err := uidset.ParseBinary(d.b)
	if err != nil {
		d.bad, d.b = true, nil
		return uidset.Set{}
	}
	d.b = rest
	return s
}

// count reads the number of items that follow, each at least one octet long.
func (d *dec) count() int {
	n := d.u()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

// version reads the leading version octet; records of a newer poststube are
// refused rather than misread.
func (d *dec) version(newest byte) {
	if v := d.byte(); v == 0 || v > newest {
		d.bad, d.b = true, nil
	}
}

func (d *dec) err() error {
	if d.bad {
		return errRecord
	}
	return nil
}

func appendU(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func appendI(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

func appendBytes[T string | []byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}
