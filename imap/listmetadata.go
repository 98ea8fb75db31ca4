package imap

import "poststube/mail"

// listMetadata is RFC 9590: LIST tells annotations too.
func listMetadata() extension {
	return extension{
		name:         "LIST-METADATA",
		rfc:          "RFC 9590",
		capabilities: always("LIST-METADATA"),
		returns:      []listReturn{{name: "METADATA", read: readListMetadata}},
	}
}

// readListMetadata reads the entries that are asked for. They are answered as by
// GETMETADATA without options.
func readListMetadata(p *parser, r *listRequest) {
	want := &metadataRequest{maxSize: -1}
	p.SP()
	p.List1(func() { want.readEntry(p) })
	r.lines = append(r.lines, func(s *session, m *match) error {
		all, err := s.annotations(m.Name, want)
		if k := mail.KindOf(err); err != nil && (k == mail.NotFound || k == mail.Denied) {
			return nil // no right to it, or gone meanwhile: there is no line
		}
		if err != nil {
			return err
		}
		list, _ := want.choose(all)
		s.metadataLine(m.Name, list)
		return nil
	})
}
