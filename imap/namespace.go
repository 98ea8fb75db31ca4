package imap

// namespace is RFC 2342, part of IMAP4rev2 (RFC 9051 section 6.3.10).
func namespace() extension {
	return extension{
		name:         "NAMESPACE",
		rfc:          "RFC 2342",
		capabilities: always("NAMESPACE"),
		commands: []command{{name: "NAMESPACE", states: loggedIn, read: readNothing(func(s *session) (answer, error) {
			s.enc.Raw("* NAMESPACE")
			for _, prefix := range s.user.Namespaces() {
				// Clients take an empty prefix for all there is, so the
				// other two never are empty.
				s.enc.Raw(" ((").String(prefix).Raw(` "/"))`)
			}
			s.enc.CRLF()
			return answer{}, nil
		})}},
	}
}
