package directory

import (
	"encoding/binary"
	"errors"

	"poststube/kv"
)

// credentials are what is stored for the password of one person. The zero
// value lets nobody in.
type credentials struct {
	generation uint32 // grows with every change of the password
	argon      argonHash
	sha256     scramKey
	sha1       scramKey
}

// usable tells whether any password can match.
func (c *credentials) usable() bool {
	return len(c.argon.hash) > 0 || c.sha256.iterations > 0
}

// The fields of a credentials record. Each is one tag octet, the length in two
// octets, and the value; tags that are not known are skipped.
const (
	tagArgon  = 1
	tagSHA256 = 2
	tagSHA1   = 3
)

func (c *credentials) encode() []byte {
	b := binary.BigEndian.AppendUint32([]byte{recordVersion}, c.generation)
	if a := c.argon; len(a.hash) > 0 {
		v := binary.BigEndian.AppendUint32(nil, a.Time)
		v = binary.BigEndian.AppendUint32(v, a.Memory)
		v = append(v, a.Threads)
		b = appendField(b, tagArgon, appendShort(appendShort(v, a.salt), a.hash))
	}
	b = appendScram(b, tagSHA256, c.sha256)
	return appendScram(b, tagSHA1, c.sha1)
}

func appendScram(b []byte, tag byte, k scramKey) []byte {
	if k.iterations == 0 {
		return b
	}
	v := binary.BigEndian.AppendUint32(nil, uint32(k.iterations))
	return appendField(b, tag, appendShort(appendShort(appendShort(v, k.salt), k.stored), k.server))
}

func decodeCredentials(b []byte) (credentials, error) {
	var c credentials
	f := fields{b: b}
	if f.take(1)[0] != recordVersion {
		return c, corrupt("credentials", b)
	}
	c.generation = f.uint32()
	for len(f.b) > 0 && !f.bad {
		tag := f.take(1)[0]
		v := fields{b: f.take(int(binary.BigEndian.Uint16(f.take(2))))}
		switch tag {
		case tagArgon:
			c.argon.Time, c.argon.Memory, c.argon.Threads = v.uint32(), v.uint32(), v.take(1)[0]
			c.argon.salt, c.argon.hash = v.short(), v.short()
		case tagSHA256:
			c.sha256 = v.scram()
		case tagSHA1:
			c.sha1 = v.scram()
		}
		f.bad = f.bad || v.bad
	}
	if f.bad {
		return credentials{}, corrupt("credentials", b)
	}
	return c, nil
}

// loadCredentials returns the zero value for an id without a record.
func loadCredentials(r kv.Reader, id ID) (credentials, error) {
	b, err := r.Get(idKey(tableCredentials, id))
	if errors.Is(err, kv.ErrNotFound) {
		return credentials{}, nil
	}
	if err != nil {
		return credentials{}, err
	}
	return decodeCredentials(b)
}
