package imap

import (
	"strings"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/uidset"
)

// searchMessages is SEARCH (RFC 9051 section 6.4.4) or UID SEARCH.
func searchMessages(uid bool) command {
	return command{
		name:     uidName("SEARCH", uid),
		states:   selected,
		sequence: !uid,
		read:     func(p *parser) run { return readSearch(p, uid) },
	}
}

// A searchRequest is a SEARCH.
type searchRequest struct {
	uid       bool
	query     *mail.Query
	sets      []searchSet // in query, to be resolved before it is run
	condstore bool        // MODSEQ is among the keys

	// results are the return options; extended tells that there were any, even
	// none in the parentheses.
	extended bool
	results  searchResults
}

// searchResults is a set of return options (RFC 9051 section 6.4.4).
type searchResults uint8

const (
	returnMin searchResults = 1 << iota
	returnMax
	returnAll
	returnCount
	returnSave
)

// A searchSet is a condition of a query that names messages.
type searchSet struct {
	query   *mail.Query
	numbers numbers
}

// A searchKey is a key of SEARCH (RFC 9051 section 9, search-key).
type searchKey struct {
	name string // in capitals
	// read reads what follows the name, and its space, and returns the
	// condition.
	read func(p *parser, r *searchRequest) *mail.Query
}

// esearch is RFC 4731 with RFC 5182, part of IMAP4rev2: return options.
func esearch() extension {
	return extension{name: "ESEARCH", rfc: "RFC 4731, RFC 5182", capabilities: always("ESEARCH", "SEARCHRES")}
}

func readSearch(p *parser, uid bool) run {
	r := &searchRequest{uid: uid}
	p.SP()
	if p.TryWord("RETURN") {
		r.extended = true
		p.SP()
		p.List(func() { r.results |= readResult(p) })
		p.SP()
	}
	if p.TryWord("CHARSET") {
		p.SP()
		charset := p.AString()
		if !strings.EqualFold(charset, "UTF-8") && !strings.EqualFold(charset, "US-ASCII") {
			p.Fail(&wire.Error{Kind: wire.Name, Code: "BADCHARSET (US-ASCII UTF-8)", Text: "searches are served in US-ASCII and UTF-8"})
		}
		p.SP()
	}
	r.query = readKeys(p, r)
	return r.run
}

func readResult(p *parser) searchResults {
	switch p.Label() {
	case "MIN":
		return returnMin
	case "MAX":
		return returnMax
	case "ALL":
		return returnAll
	case "COUNT":
		return returnCount
	case "SAVE":
		return returnSave
	}
	p.Expected("a return option of SEARCH that the server knows")
	return 0
}

// readKeys reads keys that all must hold.
func readKeys(p *parser, r *searchRequest) *mail.Query {
	all := &mail.Query{Op: mail.QAnd}
	for {
		if q := readKey(p, r); q != nil {
			all.Sub = append(all.Sub, q)
		}
		if !p.TrySP() {
			break
		}
	}
	if len(all.Sub) == 1 {
		return all.Sub[0]
	}
	return all
}

// readKey reads one key.
func readKey(p *parser, r *searchRequest) *mail.Query {
	if !p.Enter() {
		return nil
	}
	defer p.Leave()
	switch c := p.Peek(); {
	case c == '(':
		p.Special('(')
		q := readKeys(p, r)
		p.Special(')')
		return q
	case c >= '0' && c <= '9' || c == '*' || c == '$':
		return r.set(readNumbers(p, false))
	}
	key, ok := p.search[p.Keyword()]
	if !ok {
		p.Expected("a search key that the server knows")
		return nil
	}
	return key.read(p, r)
}

// set is the condition that a message is among those named.
func (r *searchRequest) set(n numbers) *mail.Query {
	q := &mail.Query{Op: mail.QUIDs}
	r.sets = append(r.sets, searchSet{q, n})
	return q
}

func (r *searchRequest) run(s *session) (answer, error) {
	for _, set := range r.sets {
		uids, err := s.resolve(set.numbers)
		if err != nil {
			return answer{}, err
		}
		set.query.UIDs = uids
	}
	if r.condstore {
		s.dialect.condstore = true
	}
	found, err := s.box.mailbox.Search(s.ctx, s.box.all(), r.query, r.condstore)
	if err != nil {
		if r.results&returnSave != 0 {
			s.box.view.Save(uidset.Set{}) // RFC 5182 section 2.1
		}
		return answer{}, err
	}
	s.searchAnswer(r, found)
	return answer{how: syncing{withUID: r.uid}}, nil
}
