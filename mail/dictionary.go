package mail

import (
	"slices"
	"strings"
)

// A dictionary gives texts numbers, and knows how the texts are ordered. The
// empty text has the number 0.
type dictionary struct {
	numbers map[string]uint32
	texts   []string // by number
	ordered []uint32 // numbers, by their texts; may be behind texts
	rank    []uint32 // by number; never changed once it was given out
	octets  int64    // of all texts
}

// number returns the number of a text.
func (d *dictionary) number(text []byte) uint32 {
	if len(text) == 0 {
		return 0
	}
	if n, ok := d.numbers[string(text)]; ok {
		return n
	}
	if d.numbers == nil {
		d.numbers = make(map[string]uint32)
		d.texts = append(d.texts, "")
	}
	s, n := string(text), uint32(len(d.texts))
	d.numbers[s] = n
	d.texts = append(d.texts, s)
	d.octets += int64(len(s))
	return n
}

// ranks returns the place of each number in the order of the texts. Only texts
// that are new since the last call are sorted.
func (d *dictionary) ranks() []uint32 {
	if len(d.texts) == 0 {
		return []uint32{0}
	}
	if len(d.rank) == len(d.texts) {
		return d.rank
	}
	added := make([]uint32, 0, len(d.texts)-len(d.ordered))
	for n := len(d.ordered); n < len(d.texts); n++ {
		added = append(added, uint32(n))
	}
	slices.SortFunc(added, d.compare)
	d.ordered = d.merged(added)
	d.rank = make([]uint32, len(d.ordered))
	for i, n := range d.ordered {
		d.rank[n] = uint32(i)
	}
	return d.rank
}

func (d *dictionary) compare(a, b uint32) int { return strings.Compare(d.texts[a], d.texts[b]) }

// merged returns ordered with the numbers of added, which are in order too.
func (d *dictionary) merged(added []uint32) []uint32 {
	if len(d.ordered) == 0 {
		return added
	}
	out := make([]uint32, 0, len(d.ordered)+len(added))
	old := d.ordered
	for _, n := range added {
		at, _ := slices.BinarySearchFunc(old, n, d.compare)
		out = append(append(out, old[:at]...), n)
		old = old[at:]
	}
	return append(out, old...)
}
