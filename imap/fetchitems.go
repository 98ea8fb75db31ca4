package imap

import "poststube/mail"

// baseFetchItems are the items of RFC 9051 section 6.4.5 that need no more than
// what is kept of each message.
func baseFetchItems() []fetchItem {
	return []fetchItem{
		{name: "UID", read: func(p *parser, r *fetchRequest) {
			r.named |= namesUID
			r.add(fetchPart{append: appendUIDItem})
		}},
		{name: "FLAGS", read: func(p *parser, r *fetchRequest) {
			r.named |= namesFlags
			r.add(fetchPart{append: func(s *session, m *fetched) { s.flags(m.Message) }})
		}},
		{name: "INTERNALDATE", read: func(p *parser, r *fetchRequest) {
			r.add(fetchPart{append: func(s *session, m *fetched) {
				s.enc.Raw("INTERNALDATE ").DateTime(m.InternalDate())
			}})
		}},
		{name: "RFC822.SIZE", read: func(p *parser, r *fetchRequest) {
			r.add(fetchPart{append: func(s *session, m *fetched) {
				s.enc.Raw("RFC822.SIZE ").Uint64(uint64(m.Size))
			}})
		}},
		{name: "ENVELOPE", read: func(p *parser, r *fetchRequest) {
			r.add(fetchPart{fields: mail.WantRendered, append: func(s *session, m *fetched) {
				s.enc.Raw("ENVELOPE ").RawBytes(m.Envelope)
			}})
		}},
		{name: "BODYSTRUCTURE", read: func(p *parser, r *fetchRequest) {
			r.add(fetchPart{fields: mail.WantRendered, append: func(s *session, m *fetched) {
				s.enc.Raw("BODYSTRUCTURE ").RawBytes(m.BodyStructure)
			}})
		}},
		{name: "BODY", read: func(p *parser, r *fetchRequest) {
			if p.Peek() == '[' {
				readBodySection(p, r, false)
				return
			}
			r.add(fetchPart{fields: mail.WantRendered, append: func(s *session, m *fetched) {
				s.enc.Raw("BODY ").RawBytes(m.Body)
			}})
		}},
		{name: "BODY.PEEK", read: func(p *parser, r *fetchRequest) { readBodySection(p, r, true) }},
	}
}

func appendUIDItem(s *session, m *fetched) { s.enc.Raw("UID ").Number(m.UID) }
