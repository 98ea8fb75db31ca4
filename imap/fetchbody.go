package imap

import (
	"poststube/imap/wire"
	"poststube/mail"
)

// readBodySection reads the section of BODY[…] or BODY.PEEK[…].
func readBodySection(p *parser, r *fetchRequest, peek bool) {
	section := p.Section()
	if len(section.Part) > 0 || section.Text != wire.Contents {
		p.Expected("BODY[]: other sections are not served yet")
		return
	}
	r.add(fetchPart{fields: mail.WantRaw, seen: !peek, append: func(s *session, m *fetched) {
		s.enc.Raw("BODY[] ")
		m.literal(s, 0, m.Size)
	}})
}
