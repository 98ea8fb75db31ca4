package directory

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// A loginCache remembers passwords that were verified slowly, as a MAC under a
// key that exists only in the memory of this process. Mail programs log in
// again and again; the second time costs a microsecond.
//
// The MAC covers the id, the generation of the password and the password, so
// an entry can never let in another account, nor an old password after a
// change, even one made by another node. A name that is not in the cache, or a
// wrong password, takes the slow path.
type loginCache struct {
	key     []byte
	entries *cache[ID, [sha256.Size]byte]
}

func newLoginCache() (*loginCache, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return &loginCache{key, newCache[ID, [sha256.Size]byte](cacheSize)}, nil
}

func (c *loginCache) mac(a *attempt, password string) (sum [sha256.Size]byte) {
	var head [8]byte
	binary.BigEndian.PutUint32(head[:4], uint32(a.person.ID))
	binary.BigEndian.PutUint32(head[4:], a.creds.generation)
	m := hmac.New(sha256.New, c.key)
	m.Write(head[:])
	m.Write([]byte(password))
	m.Sum(sum[:0])
	return sum
}

func (c *loginCache) match(a *attempt, password string) bool {
	if a.person.ID == 0 {
		return false
	}
	known, ok := c.entries.get(a.person.ID)
	if !ok {
		return false
	}
	sum := c.mac(a, password)
	return hmac.Equal(sum[:], known[:])
}

func (c *loginCache) remember(a *attempt, password string) {
	mark := c.entries.mark()
	c.entries.put(a.person.ID, c.mac(a, password), mark)
}
