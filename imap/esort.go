package imap

import (
	"poststube/mail"
	"poststube/uidset"
)

// esort is the part of RFC 5267 by which SORT has the return options of SEARCH.
func esort() extension {
	return extension{name: "ESORT", rfc: "RFC 5267", capabilities: always("ESORT")}
}

// toldOf is told for a result that is not in the order of the mailbox: MIN and
// MAX are its first and its last message (RFC 5267 section 3.1).
func (r *sortRequest) toldOf(order []uint32) uidset.Set {
	const few = returnMin | returnMax
	n := len(order)
	if r.results&(returnAll|returnCount) != 0 || r.page == nil && r.results&few == 0 || n == 0 {
		return uidset.Of(order...)
	}
	var told uidset.Set
	if r.page != nil {
		told = uidset.Of(r.page.ofList(order)...)
	}
	if r.results&returnMin != 0 {
		told = told.Union(uidset.Of(order[0]))
	}
	if r.results&returnMax != 0 {
		told = told.Union(uidset.Of(order[n-1]))
	}
	return told
}

func (s *session) esortLine(r *sortRequest, numbers []uint32, modseq mail.ModSeq) {
	e := s.enc.Raw("* ESEARCH (TAG ").String(s.tag).Byte(')')
	if r.uid {
		e.Raw(" UID")
	}
	if n := len(numbers); n > 0 {
		if r.results&returnMin != 0 {
			e.Raw(" MIN ").Number(numbers[0])
		}
		if r.results&returnMax != 0 {
			e.Raw(" MAX ").Number(numbers[n-1])
		}
		if r.results&returnAll != 0 {
			s.orderedSet(numbers, " ALL ")
		}
	}
	if r.page != nil {
		e.Raw(" PARTIAL (").Append(r.page.append)
		if page := r.page.ofList(numbers); len(page) == 0 {
			e.Raw(" NIL")
		} else {
			s.orderedSet(page, " ")
		}
		e.Byte(')')
	}
	if r.results&returnCount != 0 {
		e.Raw(" COUNT ").Int(len(numbers))
	}
	if modseq > 0 {
		e.Raw(" MODSEQ ").Uint64(uint64(modseq))
	}
	e.CRLF()
}

// orderedSet writes numbers as a sequence-set that keeps their order: ranges
// ascend, so 3,2,1 is no range (RFC 5267 section 3.2). before is written first.
func (s *session) orderedSet(numbers []uint32, before string) {
	e := s.enc.Raw(before)
	for i := 0; i < len(numbers); {
		end := i + 1
		for end < len(numbers) && numbers[end] == numbers[end-1]+1 {
			end++
		}
		if i > 0 {
			e.Byte(',')
		}
		e.Number(numbers[i])
		if end > i+1 {
			e.Byte(':').Number(numbers[end-1])
		}
		if e.Buffered() >= portion {
			e.Flush()
		}
		i = end
	}
}
