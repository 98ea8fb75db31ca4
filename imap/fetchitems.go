package imap

import (
	"poststube/imap/wire"
	"poststube/mail"
)

// baseFetchItems are the items of RFC 9051 section 6.4.5 and RFC 3501 section
// 6.4.5.
func baseFetchItems() []fetchItem {
	return []fetchItem{
		simpleItem("UID", mail.WantFlagsOnly, appendUIDItem),
		simpleItem("FLAGS", mail.WantFlagsOnly, func(s *session, m *fetched) { s.flags(m.Message) }),
		simpleItem("INTERNALDATE", 0, func(s *session, m *fetched) {
			s.enc.Raw("INTERNALDATE ").DateTime(m.InternalDate())
		}),
		simpleItem("RFC822.SIZE", 0, func(s *session, m *fetched) {
			s.enc.Raw("RFC822.SIZE ").Uint64(uint64(m.Size))
		}),
		simpleItem("ENVELOPE", mail.WantRendered, func(s *session, m *fetched) {
			s.enc.Raw("ENVELOPE ").RawBytes(m.Envelope)
		}),
		simpleItem("BODYSTRUCTURE", mail.WantRendered, func(s *session, m *fetched) {
			s.enc.Raw("BODYSTRUCTURE ").RawBytes(m.BodyStructure)
		}),
		{name: "BODY", read: func(p *parser, r *fetchRequest) {
			if p.Peek() == '[' {
				readBodySection(p, r, false)
				return
			}
			r.add(p, fetchPart{name: "BODY", fields: mail.WantRendered, append: func(s *session, m *fetched) {
				s.enc.Raw("BODY ").RawBytes(m.Body)
			}})
		}},
		{name: "BODY.PEEK", read: func(p *parser, r *fetchRequest) { readBodySection(p, r, true) }},
		// IMAP4rev2 has no need of these, and old clients know nothing
		// else (RFC 9051 appendix E).
		oldSection("RFC822", wire.Contents, true),
		oldSection("RFC822.HEADER", wire.Header, false),
		oldSection("RFC822.TEXT", wire.Text, true),
		rfc822Peek(),
	}
}

// simpleItem is an item without arguments.
func simpleItem(name string, fields mail.Fields, append func(s *session, m *fetched)) fetchItem {
	return fetchItem{name: name, read: func(p *parser, r *fetchRequest) {
		r.add(p, fetchPart{name: name, fields: fields, append: append})
	}}
}

// oldSection is an item of RFC 3501 for a section of the message.
func oldSection(name string, text wire.SectionText, seen bool) fetchItem {
	return fetchItem{name: name, read: func(p *parser, r *fetchRequest) {
		addSection(p, r, wire.Section{Text: text}, window{}, name, seen)
	}}
}

// rfc822Peek is RFC822 without setting \Seen. Only RFC 1730 section 6.4.5 has it,
// and Outlook, which knows no message without it. The answer is named RFC822.
func rfc822Peek() fetchItem {
	return fetchItem{name: "RFC822.PEEK", read: func(p *parser, r *fetchRequest) {
		addSection(p, r, wire.Section{Text: wire.Contents}, window{}, "RFC822", false)
	}}
}

func appendUIDItem(s *session, m *fetched) { s.enc.Raw("UID ").Number(m.UID) }
