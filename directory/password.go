package directory

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"hash"
	"net/netip"
	"unicode"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
	"golang.org/x/crypto/argon2"
)

// What is stored for a password: an argon2id hash (RFC 9106) and, unless
// SCRAMIterations is negative, the verifiers of SCRAM-SHA-256 and SCRAM-SHA-1.
//
// A plain password is checked against the SCRAM-SHA-256 verifier when there is
// one: 0.6 ms instead of 19 ms and no memory. This gives nothing away: who
// steals the store attacks the cheapest verifier in it, whichever of them
// logins use. Those who want the strength of argon2id set SCRAMIterations to
// a negative value; then SCRAM is no longer possible for passwords set from
// then on.

// ArgonParams are the cost parameters of argon2id, RFC 9106 section 3.1.
type ArgonParams struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8  // lanes
}

// DefaultArgon is the first choice of the OWASP Password Storage Cheat Sheet:
// 19 MiB and 2 passes, about 20 ms. The recommended options of RFC 9106
// section 4 (64 MiB or more) would let a flood of logins take the memory of a
// small server.
var DefaultArgon = ArgonParams{Time: 2, Memory: 19 * 1024, Threads: 1}

// maxPassword is the longest password in octets.
const maxPassword = 1024

// preparePassword returns the form of a password that is hashed: SASLprep (RFC
// 4013) where it can be applied, as SCRAM demands. SASLprep knows only Unicode
// 3.2, so a newer character would be refused; like PostgreSQL and most
// clients, such a password is taken as it is.
func preparePassword(s string) (string, error) {
	switch {
	case s == "":
		return "", fmt.Errorf("%w: the password is empty", ErrInvalid)
	case len(s) > maxPassword:
		return "", fmt.Errorf("%w: the password is longer than %d octets", ErrInvalid, maxPassword)
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%w: the password is not valid UTF-8", ErrInvalid)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return "", fmt.Errorf("%w: the password holds a control character", ErrInvalid)
		}
	}
	if isASCII(s) {
		return s, nil
	}
	prepared, err := stringprep.SASLprep.Prepare(s)
	if err != nil || prepared == "" {
		return s, nil
	}
	return prepared, nil
}

// A scramKey is what a SCRAM server stores (RFC 5802 section 3).
type scramKey struct {
	iterations int
	salt       []byte
	stored     []byte // H(ClientKey)
	server     []byte
}

func newScramKey(h func() hash.Hash, password string, salt []byte, iterations int) (scramKey, error) {
	salted, err := pbkdf2.Key(h, password, salt, iterations, h().Size())
	if err != nil {
		return scramKey{}, err
	}
	client := mac(h, salted, "Client Key")
	digest := h()
	digest.Write(client)
	return scramKey{iterations, salt, digest.Sum(nil), mac(h, salted, "Server Key")}, nil
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// An argonHash is a password hashed by argon2id.
type argonHash struct {
	ArgonParams
	salt, hash []byte
}

func newArgonHash(p ArgonParams, password string, salt []byte) argonHash {
	return argonHash{p, salt, argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, 32)}
}

// derive makes the credentials of a password, which is the expensive part of
// setting one. At most policy.parallel derivations run at the same time.
func (d *Directory) derive(ctx context.Context, password string) (credentials, error) {
	if password == "" {
		return credentials{}, nil
	}
	password, err := preparePassword(password)
	if err != nil {
		return credentials{}, err
	}
	if err := d.hashing.acquire(ctx, netip.Prefix{}); err != nil {
		return credentials{}, err
	}
	defer d.hashing.release()
	var c credentials
	salts := make([]byte, 48)
	if _, err := rand.Read(salts); err != nil {
		return c, err
	}
	c.argon = newArgonHash(d.policy.argon, password, salts[:16])
	if d.policy.iterations == 0 {
		return c, nil
	}
	if c.sha256, err = newScramKey(sha256.New, password, salts[16:32], d.policy.iterations); err != nil {
		return c, err
	}
	c.sha1, err = newScramKey(sha1.New, password, salts[32:48], d.policy.iterations)
	return c, err
}

// check compares a prepared password with the credentials. It takes the same
// time for any of them that were made under one policy.
func (c *credentials) check(password string) (bool, error) {
	if c.sha256.iterations > 0 {
		k, err := newScramKey(sha256.New, password, c.sha256.salt, c.sha256.iterations)
		return err == nil && subtle.ConstantTimeCompare(k.stored, c.sha256.stored) == 1, err
	}
	if len(c.argon.hash) > 0 {
		a := newArgonHash(c.argon.ArgonParams, password, c.argon.salt)
		return subtle.ConstantTimeCompare(a.hash, c.argon.hash) == 1, nil
	}
	return false, nil
}
