package imap

import (
	"context"

	"poststube/mail"
	"poststube/uidset"
)

// searchMessages is SEARCH (RFC 9051 section 6.4.4) or UID SEARCH.
func searchMessages(uid bool) command {
	return command{
		name:     uidName("SEARCH", uid),
		states:   selected,
		sequence: !uid,
		heavy:    true,
		read:     func(p *parser) run { return readSearch(p, uid) },
	}
}

// A searchRequest is a SEARCH.
type searchRequest struct {
	uid       bool
	charset   searchCharset // of the strings
	query     *mail.Query
	condstore bool // MODSEQ is among the keys
	sequence  bool // sequence numbers are among the keys
	// resolve are what completes the query in the selected mailbox.
	resolve []func(*session) error

	// results are the return options; extended tells that there were any, even
	// none in the parentheses.
	extended bool
	results  searchResults
	page     *page // of PARTIAL
	update   bool  // UPDATE: tell of changes to what is found, from now on
	// updateFetch is what to tell of new messages that are found then; nil:
	// nothing.
	updateFetch *fetchRequest
	hint        bool // CONTEXT
}

// A searchKey is a key of SEARCH (RFC 9051 section 9, search-key).
type searchKey struct {
	name string // in capitals
	// read reads what follows the name, and its space, and returns the
	// condition.
	read func(p *parser, r *searchRequest) *mail.Query
}

func readSearch(p *parser, uid bool) run {
	r := &searchRequest{uid: uid}
	p.SP()
	if p.TryWord("RETURN") {
		r.extended = true
		p.SP()
		readSearchOptions(p, r)
		p.SP()
	}
	if p.TryWord("CHARSET") {
		p.SP()
		r.charset = findSearchCharset(p.AString())
		p.SP()
	}
	r.query = readKeys(p, r)
	return r.run
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

// later has fn complete the query once it is run: what depends on the selected
// mailbox is not known while the command is read.
func (r *searchRequest) later(fn func(*session) error) { r.resolve = append(r.resolve, fn) }

// set is the condition that a message is among those named. In an empty mailbox
// it holds for none, also where RFC 9051 section 9 would call "*" a mistake:
// Apple's Mail and K-9 look there for 1:* and *:*.
func (r *searchRequest) set(n numbers) *mail.Query {
	r.sequence = r.sequence || !n.uid && !n.set.Saved
	q := &mail.Query{Op: mail.QUIDs}
	r.later(func(s *session) (err error) {
		if s.box.view.Len() == 0 && !s.dialect.uidOnly {
			return nil
		}
		q.UIDs, err = s.resolve(n)
		return err
	})
	return q
}

func (r *searchRequest) run(s *session) (answer, error) {
	if err := r.prepare(s); err != nil {
		return answer{}, err
	}
	box := s.box.mailbox
	within, limit := s.limitCandidates(r.query)
	found, err := patiently(s, func(ctx context.Context) (mail.Found, error) {
		return box.Search(ctx, within, r.query, false)
	})
	if err == nil {
		err = s.searchAnswer(r, found.UIDs)
	}
	if err != nil {
		r.forget(s)
		return answer{}, err
	}
	s.keepContext(r, &searchContext{found: found.UIDs})
	ans := r.answer()
	ans.code = limit
	return ans, nil
}

// answer is that of a search that went well. In spite of its UID form nothing is
// reported as expunged if there are sequence numbers among the keys (RFC 7162
// section 3.2.10.2).
func (r *searchRequest) answer() answer {
	return answer{how: syncing{withUID: r.uid, keepNumbers: r.sequence}}
}

// prepare completes the query in the selected mailbox.
func (r *searchRequest) prepare(s *session) error {
	if err := r.charset.check(s); err != nil {
		if !isBad(err) {
			r.forget(s)
		}
		return err
	}
	if r.update && s.box.context(s.tag) != nil {
		return bad("The tag is that of a search whose changes are still told (RFC 5267 section 4.3)")
	}
	for _, complete := range r.resolve {
		if err := complete(s); err != nil {
			return err
		}
	}
	if r.condstore {
		s.dialect.condstore = true
	}
	return s.limitPage(r.page)
}

// forget empties "$", as a SEARCH with SAVE that is answered with NO does (RFC
// 9051 section 6.4.4.1).
func (r *searchRequest) forget(s *session) {
	if r.results&returnSave != 0 {
		s.box.view.Save(uidset.Set{})
	}
}
