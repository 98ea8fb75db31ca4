package imap

import (
	"strings"

	"poststube/mail"
)

// baseSearchKeys are the keys of RFC 9051 section 6.4.4 that are about flags and
// numbers.
func baseSearchKeys() []searchKey {
	keys := []searchKey{
		{name: "ALL", read: func(*parser, *searchRequest) *mail.Query { return &mail.Query{Op: mail.QAll} }},
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
		{name: "KEYWORD", read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			return &mail.Query{Op: mail.QKeyword, Text: p.Flag()}
		}},
		{name: "UNKEYWORD", read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			return not(&mail.Query{Op: mail.QKeyword, Text: p.Flag()})
		}},
	}
	for _, f := range systemFlags {
		name := strings.ToUpper(strings.TrimPrefix(f.name, `\`))
		keys = append(keys,
			searchKey{name: name, read: func(*parser, *searchRequest) *mail.Query {
				return &mail.Query{Op: mail.QFlag, Flag: f.flag}
			}},
			searchKey{name: "UN" + name, read: func(*parser, *searchRequest) *mail.Query {
				return not(&mail.Query{Op: mail.QFlag, Flag: f.flag})
			}})
	}
	return keys
}

func not(q *mail.Query) *mail.Query { return &mail.Query{Op: mail.QNot, Sub: []*mail.Query{q}} }

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
