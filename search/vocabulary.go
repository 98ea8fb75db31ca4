package search

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// A vocabulary collects, for one field, tokens and the emails that have them.
// Emails come in ascending order.
type vocabulary struct {
	seed    maphash.Seed
	text    []byte   // the tokens one after another
	entries []entry  // in the order in which they came
	table   []uint32 // open hash table of 1 + index into entries
	pairs   []pair   // in the order in which they came
}

type entry struct {
	hash  uint32
	start uint32 // in text
	size  uint8
	count uint32 // emails
	last  int32  // the last of them
}

type pair struct {
	entry uint32
	doc   uint16
}

// memory estimates the octets in use, with those that sealing takes.
func (v *vocabulary) memory() int {
	return len(v.text) + len(v.entries)*(20+8+16) + len(v.pairs)*(8+2)
}

// add notes that an email has a token, and tells whether that is new.
func (v *vocabulary) add(token []byte, doc uint16) bool {
	if len(v.entries)*2 >= len(v.table) {
		v.grow()
	}
	hash := uint32(maphash.Bytes(v.seed, token))
	mask := uint32(len(v.table) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		i := v.table[at]
		if i == 0 {
			v.table[at] = uint32(len(v.entries)) + 1
			v.entries = append(v.entries, entry{
				hash: hash, start: uint32(len(v.text)), size: uint8(len(token)), count: 1, last: int32(doc),
			})
			v.text = append(v.text, token...)
			v.pairs = append(v.pairs, pair{uint32(len(v.entries) - 1), doc})
			return true
		}
		e := &v.entries[i-1]
		if e.hash != hash || !bytes.Equal(v.token(e), token) {
			continue
		}
		if e.last == int32(doc) {
			return false
		}
		e.last = int32(doc)
		e.count++
		v.pairs = append(v.pairs, pair{i - 1, doc})
		return true
	}
}

func (v *vocabulary) token(e *entry) []byte {
	return v.text[e.start : e.start+uint32(e.size) : e.start+uint32(e.size)]
}

func (v *vocabulary) grow() {
	v.table = make([]uint32, max(1024, 2*len(v.table)))
	mask := uint32(len(v.table) - 1)
	for i := range v.entries {
		at := v.entries[i].hash & mask
		for v.table[at] != 0 {
			at = (at + 1) & mask
		}
		v.table[at] = uint32(i) + 1
	}
}

// reset empties the vocabulary and keeps its memory.
func (v *vocabulary) reset() {
	v.text, v.entries, v.pairs = v.text[:0], v.entries[:0], v.pairs[:0]
	clear(v.table)
}

// sealed returns the tokens in ascending order, each with its emails.
func (v *vocabulary) sealed() *sealed {
	s := &sealed{v: v, order: make([]ranked, len(v.entries)), ends: make([]uint32, len(v.entries)), docs: make([]uint16, len(v.pairs))}
	start := uint32(0)
	for i := range v.entries {
		s.order[i] = ranked{key: sortKey(v.token(&v.entries[i])), entry: uint32(i)}
		s.ends[i] = start
		start += v.entries[i].count
	}
	for _, p := range v.pairs {
		s.docs[s.ends[p.entry]] = p.doc
		s.ends[p.entry]++
	}
	slices.SortFunc(s.order, func(a, b ranked) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return bytes.Compare(v.token(&v.entries[a.entry]), v.token(&v.entries[b.entry]))
	})
	return s
}

// A ranked entry sorts by its first eight octets, mostly without a look at the
// rest.
type ranked struct {
	key   uint64
	entry uint32
}

func sortKey(token []byte) uint64 {
	if len(token) >= 8 {
		return binary.BigEndian.Uint64(token)
	}
	var b [8]byte
	copy(b[:], token)
	return binary.BigEndian.Uint64(b[:])
}

// A sealed vocabulary is gone through once. It implements source.
type sealed struct {
	v     *vocabulary
	order []ranked
	ends  []uint32 // of the emails of each entry in docs
	docs  []uint16
	at    int
}

func (s *sealed) token() []byte {
	if s.at == len(s.order) {
		return nil
	}
	return s.v.token(&s.v.entries[s.order[s.at].entry])
}

func (s *sealed) appendDocs(dst []uint16) ([]uint16, error) {
	i := s.order[s.at].entry
	return append(dst, s.docs[s.ends[i]-s.v.entries[i].count:s.ends[i]]...), nil
}

func (s *sealed) next() error {
	s.at++
	return nil
}
