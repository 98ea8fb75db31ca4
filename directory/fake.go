package directory

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Answers for names that do not exist. They are computed from the name and a
// secret of the store, so that they are the same each time and on each node,
// as the answers of real accounts are.

// fakeName is the spelling of a name that does not exist under which all its
// spellings are one, as the spellings of a real name are.
func (d *Directory) fakeName(name string) string {
	if clean, err := CleanName(name); err == nil {
		return d.shortName(clean)
	}
	if len(name) > maxName {
		name = name[:maxName]
	}
	return name
}

func (d *Directory) fake(what, name string) []byte {
	m := hmac.New(sha256.New, d.secret)
	m.Write([]byte(what))
	m.Write([]byte{0})
	m.Write([]byte(d.fakeName(name)))
	return m.Sum(nil)
}

// fakeCredentials look like the credentials of an account, cost the same to
// check, and match no password.
func (d *Directory) fakeCredentials(name string) credentials {
	if d.policy.iterations == 0 {
		return credentials{argon: argonHash{d.policy.argon, d.fake("argon", name)[:16], d.fake("hash", name)}}
	}
	return credentials{
		sha256: d.fakeScramKey("SCRAM-SHA-256", name, 32),
		sha1:   d.fakeScramKey("SCRAM-SHA-1", name, 20),
	}
}

// fakeKey is a key that leads to nobody in a source.
func (d *Directory) fakeKey(name string) string {
	return uuid(d.fake("key", name)[:16])
}

// uuid writes 16 octets as entryUUID does (RFC 4530 section 2.1).
func uuid(b []byte) string {
	x := hex.EncodeToString(b)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

func (d *Directory) fakeScramKey(mech, name string, size int) scramKey {
	// A client learns the iterations and the salt. Whoever changes the count
	// leaves accounts with the old one behind, so both must occur here too.
	pick := binary.BigEndian.Uint32(d.fake("iterations", name))
	return scramKey{
		iterations: d.policy.ever[pick%uint32(len(d.policy.ever))],
		salt:       d.fake("salt "+mech, name)[:16],
		stored:     d.fake("stored "+mech, name)[:size],
		server:     d.fake("server "+mech, name)[:size],
	}
}
