package imap

// unselect is RFC 3691, part of IMAP4rev2 (RFC 9051 section 6.4.2).
func unselect() extension {
	return extension{
		name:         "UNSELECT",
		rfc:          "RFC 3691",
		capabilities: always("UNSELECT"),
		commands: []command{{
			name:   "UNSELECT",
			states: selected,
			quiet:  true,
			read: readNothing(func(s *session) (answer, error) {
				s.deselect()
				return answer{}, nil
			}),
		}},
	}
}
