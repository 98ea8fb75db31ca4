package imap

import "poststube/mail"

// lsub is the command of RFC 3501 section 6.3.9, for clients that don't know
// LIST (SUBSCRIBED).
func lsub() command {
	return command{name: "LSUB", states: loggedIn, read: func(p *parser) run {
		p.SP()
		reference := p.ListMailbox()
		p.SP()
		pattern := p.ListMailbox()
		return func(s *session) (answer, error) {
			return answer{}, s.lsub(canonicalPattern(reference, pattern))
		}
	}}
}

// lsub writes the subscribed names that match. A pattern that ends with "%" also
// returns the names above such as it does not match, as \Noselect.
func (s *session) lsub(pattern string) error {
	names, err := s.names(true, false)
	if err != nil {
		return err
	}
	r := &listRequest{subscribed: true, recursive: len(pattern) > 0 && pattern[len(pattern)-1] == '%', patterns: []string{pattern}}
	return s.choose(r, withParents(names), func(m *match) error {
		s.enc.Raw("* LSUB (")
		if !m.selected || m.NoSelect && !m.NonExistent {
			s.enc.Raw(`\Noselect`)
		}
		s.enc.Raw(`) "/" `).Mailbox(m.Name).CRLF()
		return nil
	})
}

// withParents adds the names above subscribed names, where there are none.
func withParents(names []mail.Info) []mail.Info {
	known := make(map[string]bool, len(names))
	out := make([]mail.Info, 0, len(names))
	for i := range names {
		name := names[i].Name
		if names[i].NonExistent && names[i].Subscribed {
			for j := range len(name) {
				if name[j] == hierarchySeparator && !known[name[:j]] {
					known[name[:j]] = true
					out = append(out, mail.Info{Name: name[:j], NonExistent: true})
				}
			}
		}
		known[name] = true
		out = append(out, names[i])
	}
	return out
}
