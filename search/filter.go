package search

import "slices"

// A filter tells which blocks may hold a needle. For each of filterRows hashes
// of three octets it has a row with one bit a block: set if the text of the
// block, zeros included, has three octets in a row with that hash. Up to
// groupBlocks blocks share a group of rows, which is stored in parts of up to
// filterPart octets. A field of few blocks has none: they are all read.
//
// Random tokens, which fill the vocabulary of real mail, set a third of the
// bits of a block; each further trigram of the needle then leaves a third of the
// wrong blocks.
const (
	filterBits     = 15
	filterRows     = 1 << filterBits
	filterPart     = 32 << 10
	groupBlocks    = 512
	minFilterBlock = 8 // blocks from which on there is a filter
	maxFilterRows  = 8 // rows read for a needle
)

// filterRow hashes three octets.
func filterRow(a, b, c byte) int {
	return int((uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 0x9e3779b1 >> (32 - filterBits))
}

// filterWidth returns the octets of a row in a group of a field of so many
// blocks.
func filterWidth(blocks uint32, group uint32) int {
	n := min(blocks-group*groupBlocks, groupBlocks)
	return int(n+7) / 8
}

func filterGroups(blocks uint32) uint32 {
	if blocks < minFilterBlock {
		return 0
	}
	return (blocks + groupBlocks - 1) / groupBlocks
}

// rowsPerPart returns how many rows of a width are stored together.
func rowsPerPart(width int) int { return filterPart / width }

// filterRowsFor returns up to maxFilterRows different rows that a block must
// have bits in to hold pattern, ascending; none if it is too short to tell.
func filterRowsFor(pattern []byte) []int {
	n := len(pattern) - 2
	if n <= 0 {
		return nil
	}
	rows := make([]int, 0, maxFilterRows)
	take := min(n, maxFilterRows)
	for i := range take {
		at := i
		if take > 1 {
			at = i * (n - 1) / (take - 1)
		}
		rows = append(rows, filterRow(pattern[at], pattern[at+1], pattern[at+2]))
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// A filterWriter collects the rows of one group after another.
type filterWriter struct {
	rows   []byte // filterRows of groupBlocks/8
	blocks int    // in this group
}

const fullWidth = groupBlocks / 8

func (w *filterWriter) add(text []byte) {
	if w.rows == nil {
		w.rows = make([]byte, filterRows*fullWidth)
	}
	at, bit := w.blocks>>3, byte(1)<<(w.blocks&7)
	w.blocks++
	if len(text) < 3 {
		return
	}
	a, b := text[0], text[1]
	for _, c := range text[2:] {
		w.rows[filterRow(a, b, c)*fullWidth+at] |= bit
		a, b = b, c
	}
}

// flush calls yield with the parts of the group and begins the next one. What
// is yielded is valid during the call.
func (w *filterWriter) flush(yield func(part uint16, rows []byte)) {
	if w.blocks == 0 {
		return
	}
	width := (w.blocks + 7) / 8
	rows := w.rows
	if width < fullWidth {
		for i := range filterRows {
			copy(rows[i*width:(i+1)*width], w.rows[i*fullWidth:])
		}
		rows = rows[:filterRows*width]
	}
	size := rowsPerPart(width) * width
	for part := uint16(0); len(rows) > 0; part++ {
		n := min(size, len(rows))
		yield(part, rows[:n])
		rows = rows[n:]
	}
	clear(w.rows)
	w.blocks = 0
}
