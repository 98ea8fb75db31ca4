package imap

import (
	"strings"

	"poststube/mail"
)

// baseSearchKeys are the keys of RFC 9051 section 6.4.4 and RFC 3501 section
// 6.4.4.
func baseSearchKeys() []searchKey {
	keys := []searchKey{
		plainKey("ALL", &mail.Query{Op: mail.QAll}),
		{name: "UID", read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			return r.set(readNumbers(p, true))
		}},
		{name: "NOT", read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			return not(readKey(p, r))
		}},
		{name: "OR", read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			a := readKey(p, r)
			p.SP()
			return &mail.Query{Op: mail.QOr, Sub: []*mail.Query{a, readKey(p, r)}}
		}},
		{name: "KEYWORD", read: readKeyword},
		{name: "UNKEYWORD", read: func(p *parser, r *searchRequest) *mail.Query { return not(readKeyword(p, r)) }},
		sizeKey("LARGER", mail.QLarger), sizeKey("SMALLER", mail.QSmaller),
		dateKey("BEFORE", mail.QBefore), dateKey("ON", mail.QOn), dateKey("SINCE", mail.QSince),
		dateKey("SENTBEFORE", mail.QSentBefore), dateKey("SENTON", mail.QSentOn), dateKey("SENTSINCE", mail.QSentSince),
		textKey("FROM", mail.QFrom), textKey("TO", mail.QTo), textKey("CC", mail.QCc), textKey("BCC", mail.QBcc),
		textKey("SUBJECT", mail.QSubject), textKey("BODY", mail.QBody), textKey("TEXT", mail.QText),
		{name: "HEADER", read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			q := &mail.Query{Op: mail.QHeader, Name: p.AString()}
			p.SP()
			q.Text = r.charset.decode(p.AString())
			return q
		}},
		{name: "RECENT", read: func(_ *parser, r *searchRequest) *mail.Query { return r.recent() }},
		{name: "OLD", read: func(_ *parser, r *searchRequest) *mail.Query { return not(r.recent()) }},
		{name: "NEW", read: func(_ *parser, r *searchRequest) *mail.Query {
			return &mail.Query{Op: mail.QAnd, Sub: []*mail.Query{r.recent(), unseen}}
		}},
	}
	for _, f := range systemFlags {
		name := strings.ToUpper(strings.TrimPrefix(f.name, `\`))
		set := &mail.Query{Op: mail.QFlag, Flag: f.flag}
		keys = append(keys, plainKey(name, set), plainKey("UN"+name, not(set)))
	}
	return keys
}

func not(q *mail.Query) *mail.Query { return &mail.Query{Op: mail.QNot, Sub: []*mail.Query{q}} }

// plainKey is a key without arguments. Its condition is shared by all sessions:
// the engine only reads it.
func plainKey(name string, q *mail.Query) searchKey {
	return searchKey{name: name, read: func(*parser, *searchRequest) *mail.Query { return q }}
}

// textKey is a key with a string.
func textKey(name string, op mail.QueryOp) searchKey {
	return searchKey{name: name, read: func(p *parser, r *searchRequest) *mail.Query {
		p.SP()
		return &mail.Query{Op: op, Text: r.charset.decode(p.AString())}
	}}
}

// dateKey is a key with a date.
func dateKey(name string, op mail.QueryOp) searchKey {
	return searchKey{name: name, read: func(p *parser, r *searchRequest) *mail.Query {
		p.SP()
		return &mail.Query{Op: op, Date: p.Date()}
	}}
}

// sizeKey is a key with a number of octets.
func sizeKey(name string, op mail.QueryOp) searchKey {
	return searchKey{name: name, read: func(p *parser, r *searchRequest) *mail.Query {
		p.SP()
		return &mail.Query{Op: op, Num: uint64(p.Number64())}
	}}
}

// readKeyword reads flag-keyword, which has no backslash: system flags have
// keys of their own.
func readKeyword(p *parser, _ *searchRequest) *mail.Query {
	p.SP()
	return &mail.Query{Op: mail.QKeyword, Text: p.Atom()}
}

// recent is the condition for messages that are \Recent in the session (RFC
// 3501 section 2.3.2). In IMAP4rev2 nothing is.
func (r *searchRequest) recent() *mail.Query {
	q := &mail.Query{Op: mail.QUIDs}
	r.later(func(s *session) error {
		if !s.dialect.rev2 {
			q.UIDs = s.box.recent
		}
		return nil
	})
	return q
}

// readSearchModSeq reads the arguments of MODSEQ (RFC 7162 section 3.1.5). The
// name and type of a metadata item may stand before the modseq; each message
// has one modseq for all of its items, so they change nothing.
func readSearchModSeq(p *parser, r *searchRequest) *mail.Query {
	p.SP()
	if p.Peek() == '"' {
		p.Quoted()
		p.SP()
		switch p.Keyword() {
		case "PRIV", "SHARED", "ALL":
		default:
			p.Expected("priv, shared or all")
		}
		p.SP()
	}
	r.condstore = true
	return &mail.Query{Op: mail.QModSeq, Num: p.ModSeqOrZero()}
}
