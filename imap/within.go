package imap

import "poststube/mail"

// within is RFC 5032: searches by age in seconds.
func within() extension {
	key := func(name string, op mail.QueryOp) searchKey {
		return searchKey{name: name, read: func(p *parser, r *searchRequest) *mail.Query {
			p.SP()
			return &mail.Query{Op: op, Num: uint64(p.NZNumber())}
		}}
	}
	return extension{
		name:         "WITHIN",
		rfc:          "RFC 5032",
		capabilities: always("WITHIN"),
		search:       []searchKey{key("YOUNGER", mail.QYounger), key("OLDER", mail.QOlder)},
	}
}
