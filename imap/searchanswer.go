package imap

import (
	"poststube/mail"
	"poststube/uidset"
)

// searchAnswer writes what was found, as the client wants to have it: SEARCH
// (RFC 3501 section 7.2.5), or ESEARCH (RFC 9051 section 7.3.4), which a rev2
// client gets in any case.
func (s *session) searchAnswer(r *searchRequest, found mail.Found) {
	v := &s.box.view
	if r.results&returnSave != 0 {
		v.Save(r.saved(found.UIDs))
		if r.results == returnSave {
			return // RFC 5182 section 2.1: no ESEARCH
		}
	}
	numbers := found.UIDs
	if !r.uid {
		numbers = v.Seqs(found.UIDs)
	}
	if r.extended || s.dialect.rev2 {
		s.esearchLine(r, numbers, found.MaxModSeq)
		return
	}
	s.enc.Raw("* SEARCH")
	for n := range numbers.All() {
		s.enc.SP().Number(n)
	}
	if r.condstore && found.MaxModSeq > 0 {
		s.enc.Raw(" (MODSEQ ").Uint64(uint64(found.MaxModSeq)).Byte(')')
	}
	s.enc.CRLF()
}

// saved is what SAVE keeps: all, or only the ends if only they were asked for
// (RFC 5182 section 2.4).
func (r *searchRequest) saved(found uidset.Set) uidset.Set {
	if r.results&(returnAll|returnCount) != 0 || r.results&(returnMin|returnMax) == 0 || found.Empty() {
		return found
	}
	var ends uidset.Set
	if r.results&returnMin != 0 {
		ends.Add(found.Min())
	}
	if r.results&returnMax != 0 {
		ends.Add(found.Max())
	}
	return ends
}

func (s *session) esearchLine(r *searchRequest, numbers uidset.Set, modseq mail.ModSeq) {
	e := s.enc.Raw("* ESEARCH (TAG ").String(s.tag).Byte(')')
	if r.uid {
		e.Raw(" UID")
	}
	results := r.results
	if results&^returnSave == 0 {
		results |= returnAll
	}
	if !numbers.Empty() {
		if results&returnMin != 0 {
			e.Raw(" MIN ").Number(numbers.Min())
		}
		if results&returnMax != 0 {
			e.Raw(" MAX ").Number(numbers.Max())
		}
		if results&returnAll != 0 {
			e.Raw(" ALL ").Set(numbers)
		}
	}
	if results&returnCount != 0 {
		e.Raw(" COUNT ").Int(numbers.Len())
	}
	if r.condstore && modseq > 0 && !numbers.Empty() {
		e.Raw(" MODSEQ ").Uint64(uint64(modseq))
	}
	e.CRLF()
}
