package directory

import (
	"bytes"
	"reflect"
	"testing"
)

func TestCredentialsRecord(t *testing.T) {
	d := openCheap(t)
	c, err := d.derive(t.Context(), "secret")
	ok(t, err)
	c.generation = 1 << 20
	b := c.encode()
	got, err := decodeCredentials(b)
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("decoded %+v, %v; want %+v", got, err, c)
	}
	// A field that this version does not know is left alone.
	if got, err := decodeCredentials(appendField(b, 99, []byte("later"))); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("with an unknown field: %+v, %v", got, err)
	}
	for n := range b {
		if _, err := decodeCredentials(b[:n]); err == nil && n != 5 && n != fieldEnds(b)[0] && n != fieldEnds(b)[1] {
			t.Errorf("a record cut at %d of %d was read", n, len(b))
		}
	}
	if _, err := decodeCredentials(append([]byte{9}, b[1:]...)); err == nil {
		t.Error("a record of another version was read")
	}
}

// fieldEnds returns where the fields of a credentials record end.
func fieldEnds(b []byte) (ends []int) {
	for at := 5; at < len(b); ends = append(ends, at) {
		at += 3 + int(b[at+1])<<8 + int(b[at+2])
	}
	return ends
}

func FuzzDecodeCredentials(f *testing.F) {
	c := credentials{7, argonHash{DefaultArgon, make([]byte, 16), make([]byte, 32)}, scramKey{4096, make([]byte, 16), make([]byte, 32), make([]byte, 32)}, scramKey{}}
	f.Add(c.encode())
	f.Add([]byte{recordVersion, 0, 0, 0, 1, tagSHA1, 0, 4, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCredentials(b)
		if err != nil {
			return
		}
		// What is encoded once stays the same.
		first := c.encode()
		again, err := decodeCredentials(first)
		if err != nil || !bytes.Equal(again.encode(), first) {
			t.Errorf("%x was read as %+v, and what is written of that as %+v, %v", b, c, again, err)
		}
	})
}
