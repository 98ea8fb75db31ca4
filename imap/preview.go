package imap

import "poststube/mail"

// preview is RFC 8970: the beginning of a message's text. It is made when the
// message arrives, so LAZY changes nothing and the answer is never NIL.
func preview() extension {
	return extension{
		name:         "PREVIEW",
		rfc:          "RFC 8970",
		capabilities: always("PREVIEW"),
		fetch:        []fetchItem{{name: "PREVIEW", read: readPreview}},
	}
}

// readPreview reads the modifiers, of which there is one. What else may follow
// in parentheses are the modifiers of FETCH.
func readPreview(p *parser, r *fetchRequest) {
	if p.TryWord(" (LAZY") {
		for p.TryWord(" LAZY") {
		}
		p.Special(')')
	}
	r.add(p, fetchPart{name: "PREVIEW", fields: mail.WantRendered, append: func(s *session, m *fetched) {
		s.enc.Raw("PREVIEW ").String(m.Preview())
	}})
}
