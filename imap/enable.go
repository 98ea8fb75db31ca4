package imap

import "slices"

// enable is RFC 5161, part of IMAP4rev2 (RFC 9051 section 6.3.1).
func enable() extension {
	return extension{
		name:         "ENABLE",
		rfc:          "RFC 5161",
		capabilities: always("ENABLE"),
		commands:     []command{{name: "ENABLE", states: loggedIn, read: readEnable}},
	}
}

// An enableItem is something that ENABLE can switch on.
type enableItem struct {
	name     string // in capitals
	announce string // as ENABLED names it
	set      func(d *dialect)
}

func readEnable(p *parser) run {
	var items []enableItem
	p.SP()
	for {
		// What is not known, or not to be enabled, is ignored (section 3.1).
		if item, ok := p.enables[p.Keyword()]; ok {
			items = append(items, item)
		}
		if !p.TrySP() {
			break
		}
	}
	return func(s *session) (answer, error) {
		items := slices.DeleteFunc(items, func(i enableItem) bool { return s.hides(i.announce) })
		s.enc.Raw("* ENABLED")
		for i, item := range items {
			if before := s.dialect; !repeated(items[:i], item) {
				item.set(&s.dialect)
				if s.dialect != before {
					s.enc.Raw(" ").Raw(item.announce)
				}
			}
		}
		s.enc.CRLF()
		s.applyDialect()
		return answer{}, nil
	}
}

func repeated(items []enableItem, item enableItem) bool {
	for _, i := range items {
		if i.name == item.name {
			return true
		}
	}
	return false
}

// applyDialect lets the decoder and the encoder know what has been enabled.
func (s *session) applyDialect() {
	s.dec.UTF8 = s.dialect.unicode()
	s.enc.UTF8 = s.dialect.unicode()
	if s.dialect.uidOnly && s.box != nil {
		s.box.withoutNumbers()
	}
}
