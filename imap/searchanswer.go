package imap

import (
	"poststube/mail"
	"poststube/uidset"
)

// searchAnswer writes what was found, as the client wants to have it: SEARCH
// (RFC 3501 section 7.2.5), or ESEARCH (RFC 9051 section 7.3.4), which a rev2
// client gets in any case.
func (s *session) searchAnswer(r *searchRequest, found uidset.Set) error {
	v := &s.box.view
	told := r.told(found)
	if r.results&returnSave != 0 {
		// RFC 9051 section 6.4.4.1 and RFC 9394 section 3.2: what is saved is
		// what is told.
		v.Save(told)
		if r.results == returnSave && r.page == nil {
			return nil
		}
	}
	modseq, err := s.maxModSeq(r, told)
	if err != nil {
		return err
	}
	numbers := found
	if !r.uid {
		numbers = v.Seqs(found)
	}
	if r.extended || s.dialect.rev2 {
		s.esearchLine(r, numbers, modseq)
		return nil
	}
	s.searchLine(numbers, modseq)
	return nil
}

// maxModSeq returns the largest modseq of what the client is told of, if it
// wants to know that (RFC 7162 sections 3.1.5 and 3.1.6), else 0.
func (s *session) maxModSeq(r *searchRequest, told uidset.Set) (mail.ModSeq, error) {
	if !r.condstore || told.Empty() {
		return 0, nil
	}
	of, err := s.box.mailbox.Search(s.ctx, told, &mail.Query{Op: mail.QAll}, true)
	return of.MaxModSeq, err
}

// searchLine writes the response of IMAP4rev1, with the modseq of RFC 7162
// section 3.1.5.
func (s *session) searchLine(numbers uidset.Set, modseq mail.ModSeq) {
	e := s.enc.Raw("* SEARCH")
	for n := range numbers.All() {
		if e.SP().Number(n).Buffered() >= portion {
			e.Flush()
		}
	}
	if modseq > 0 {
		e.Raw(" (MODSEQ ").Uint64(uint64(modseq)).Byte(')')
	}
	e.CRLF()
}

func (s *session) esearchLine(r *searchRequest, numbers uidset.Set, modseq mail.ModSeq) {
	e := s.enc.Raw("* ESEARCH (TAG ").String(s.tag).Byte(')')
	if r.uid {
		e.Raw(" UID")
	}
	results := r.results
	if !r.extended {
		results = returnAll
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
	if r.page != nil {
		e.Raw(" PARTIAL (").Append(r.page.append).SP()
		if page := r.page.of(numbers); page.Empty() {
			e.NIL()
		} else {
			e.Set(page)
		}
		e.Byte(')')
	}
	if results&returnCount != 0 {
		e.Raw(" COUNT ").Int(numbers.Len())
	}
	if modseq > 0 {
		e.Raw(" MODSEQ ").Uint64(uint64(modseq))
	}
	e.CRLF()
}
