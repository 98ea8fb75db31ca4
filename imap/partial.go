package imap

import (
	"strconv"

	"poststube/uidset"
)

// partial is RFC 9394: pages of what SEARCH finds and of what UID FETCH is asked
// for.
func partial() extension {
	return extension{
		name:         "PARTIAL",
		rfc:          "RFC 9394",
		capabilities: always("PARTIAL"),
		results: []searchOption{{name: "PARTIAL", read: func(p *parser, r *searchRequest) {
			if r.page != nil {
				p.Expected("PARTIAL only once (RFC 9394 section 3.1)")
			}
			r.page = readPage(p)
		}}},
		fetchMod: []fetchModifier{{name: "PARTIAL", read: func(p *parser, r *fetchRequest) {
			r.page = readPage(p)
		}}},
	}
}

// A page is a partial-range: places in a result, from 1, counted from its
// beginning or from its end.
type page struct {
	first, last uint32 // as written, in either order
	fromEnd     bool
}

func readPage(p *parser) *page {
	p.SP()
	pg := &page{fromEnd: p.Try('-')}
	pg.first = p.NZNumber()
	p.Special(':')
	if pg.fromEnd {
		p.Special('-')
	}
	pg.last = p.NZNumber()
	return pg
}

// bounds returns the places of the page in a result of n, from 1. There are none
// if first is greater than last.
func (pg *page) bounds(n uint64) (first, last uint64) {
	lo, hi := uint64(min(pg.first, pg.last)), uint64(max(pg.first, pg.last))
	if lo > n {
		return 1, 0
	}
	hi = min(hi, n)
	if pg.fromEnd {
		lo, hi = n+1-hi, n+1-lo
	}
	return lo, hi
}

// span is how many places the page has.
func (pg *page) span() int { return int(max(pg.first, pg.last)-min(pg.first, pg.last)) + 1 }

// of returns the members of the set that are on the page.
func (pg *page) of(set uidset.Set) uidset.Set {
	lo, hi := pg.bounds(uint64(set.Len()))
	var out uidset.Set
	before := uint64(0)
	for _, run := range set.Runs() {
		if before >= hi {
			break
		}
		size := uint64(run.Len())
		if before+size >= lo {
			first, last := max(lo, before+1)-before-1, min(hi, before+size)-before-1
			out.AddRange(run.First+uint32(first), run.First+uint32(last))
		}
		before += size
	}
	return out
}

// ofList returns the elements of the list that are on the page.
func (pg *page) ofList(list []uint32) []uint32 {
	first, last := pg.bounds(uint64(len(list)))
	return list[first-1 : last]
}

// append writes the page as the client has.
func (pg *page) append(dst []byte) []byte {
	sign := ""
	if pg.fromEnd {
		sign = "-"
	}
	dst = strconv.AppendUint(append(dst, sign...), uint64(pg.first), 10)
	dst = append(append(dst, ':'), sign...)
	return strconv.AppendUint(dst, uint64(pg.last), 10)
}
