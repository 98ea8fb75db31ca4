package imap

import (
	"context"

	"poststube/mail"
	"poststube/uidset"
)

// sorting is SORT of RFC 5256.
func sorting() extension {
	return extension{
		name:         "SORT",
		rfc:          "RFC 5256",
		capabilities: always("SORT"),
		commands:     []command{sortMessages(false), sortMessages(true)},
		sort: []sortCriterion{
			{"ARRIVAL", mail.ByArrival}, {"CC", mail.ByCc}, {"DATE", mail.ByDate}, {"FROM", mail.ByFrom},
			{"SIZE", mail.BySize}, {"SUBJECT", mail.BySubject}, {"TO", mail.ByTo},
		},
	}
}

// sortDisplay is RFC 5957: order by what mail programs show of an address.
func sortDisplay() extension {
	return extension{
		name:         "SORT=DISPLAY",
		rfc:          "RFC 5957",
		capabilities: always("SORT=DISPLAY"),
		sort:         []sortCriterion{{"DISPLAYFROM", mail.ByDisplayFrom}, {"DISPLAYTO", mail.ByDisplayTo}},
	}
}

// i18nLevel is I18NLEVEL=1 of RFC 5255 section 4: SEARCH, SORT and THREAD
// compare as i;unicode-casemap does, which is how package message prepares what
// they look at.
func i18nLevel() extension {
	return extension{name: "I18NLEVEL=1", rfc: "RFC 5255", capabilities: always("I18NLEVEL=1")}
}

// A sortCriterion is a sort-key of RFC 5256 section 5.
type sortCriterion struct {
	name string // in capitals
	by   mail.SortBy
}

// sortMessages is SORT or UID SORT (RFC 5256 section 3), with the return options
// of RFC 5267 section 3.
func sortMessages(uid bool) command {
	return command{
		name:     uidName("SORT", uid),
		states:   selected,
		sequence: !uid,
		heavy:    true,
		read: func(p *parser) run {
			r := &sortRequest{searchRequest: searchRequest{uid: uid}}
			r.read(p)
			return r.run
		},
	}
}

// A sortRequest is a SORT: a SEARCH, and how its result is ordered.
type sortRequest struct {
	searchRequest
	keys []mail.SortKey
}

// maxSortKeys bounds the criteria of one SORT. There are nine, so that more can't
// make a difference.
const maxSortKeys = 32

func (r *sortRequest) read(p *parser) {
	p.SP()
	if p.TryWord("RETURN") {
		r.extended = true
		p.SP()
		readSearchOptions(p, &r.searchRequest)
		p.SP()
	}
	p.List1(func() {
		var key mail.SortKey
		if p.TryWord("REVERSE") {
			key.Reverse = true
			p.SP()
		}
		c, ok := p.sort[p.Keyword()]
		if !ok || len(r.keys) == maxSortKeys {
			p.Expected("a sort criterion that the server knows, and at most 32 of them")
			return
		}
		key.By = c.by
		r.keys = append(r.keys, key)
	})
	p.SP()
	readCriteria(p, &r.searchRequest)
}

// readCriteria reads search-criteria of RFC 5256 section 5, in which the charset
// is not optional.
func readCriteria(p *parser, r *searchRequest) {
	r.charset = findSearchCharset(p.AString())
	if r.charset.isUTF8() {
		// As if it was not named, which is allowed after UTF8=ACCEPT too.
		r.charset = searchCharset{}
	}
	p.SP()
	r.query = readKeys(p, r)
}

func (r *sortRequest) run(s *session) (answer, error) {
	if err := r.prepare(s); err != nil {
		return answer{}, err
	}
	box := s.box.mailbox
	within, limit := s.limitCandidates(r.query)
	if limit != "" {
		return answer{}, s.errLimit() // a part of the order would be of no use
	}
	order, err := patiently(s, func(ctx context.Context) ([]uint32, error) {
		return box.Sort(ctx, within, r.query, r.keys)
	})
	if err == nil {
		err = s.sortAnswer(r, order)
	}
	if err != nil {
		r.forget(s)
		return answer{}, err
	}
	if r.update {
		s.keepContext(&r.searchRequest, &searchContext{found: uidset.Of(order...), sorted: true, keys: r.keys, order: order})
	}
	return r.answer(), nil
}

// sortAnswer writes what was found, UIDs in order: SORT (RFC 5256 section 4), or
// ESEARCH if the client has given return options (RFC 5267 section 3).
func (s *session) sortAnswer(r *sortRequest, order []uint32) error {
	told := r.toldOf(order)
	if r.results&returnSave != 0 {
		s.box.view.Save(told)
		if r.results == returnSave && r.page == nil {
			return nil
		}
	}
	modseq, err := s.maxModSeq(&r.searchRequest, told)
	if err != nil {
		return err
	}
	numbers := order
	if !r.uid {
		numbers = s.sequence(order)
	}
	if r.extended {
		s.esortLine(r, numbers, modseq)
		return nil
	}
	e := s.enc.Raw("* SORT")
	for _, n := range numbers {
		if e.SP().Number(n).Buffered() >= portion {
			e.Flush()
		}
	}
	if modseq > 0 {
		e.Raw(" (MODSEQ ").Uint64(uint64(modseq)).Byte(')')
	}
	e.CRLF()
	return nil
}

// sequence returns the sequence numbers of messages that the client knows, in
// the same order.
func (s *session) sequence(uids []uint32) []uint32 {
	seqs := make([]uint32, 0, len(uids))
	for _, uid := range uids {
		if seq, ok := s.box.view.Seq(uid); ok {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}
