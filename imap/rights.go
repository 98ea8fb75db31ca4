package imap

// listMyRights is RFC 8440: LIST tells the rights too, so that a client need not
// ask for those of each mailbox.
func listMyRights() extension {
	return extension{
		name:         "LIST-MYRIGHTS",
		rfc:          "RFC 8440",
		capabilities: always("LIST-MYRIGHTS"),
		returns: []listReturn{{name: "MYRIGHTS", read: func(p *parser, r *listRequest) {
			r.lines = append(r.lines, func(s *session, m *match) error {
				s.myRightsLine(m.Name, m.Rights)
				return nil
			})
		}}},
	}
}
