package imap

import (
	"slices"

	"poststube/mail"
)

// uidOnly is RFC 9586: once it is enabled, neither side names a message by its
// sequence number.
func uidOnly() extension {
	return extension{
		name:         "UIDONLY",
		rfc:          "RFC 9586",
		capabilities: always("UIDONLY"),
		enables:      []enableItem{{name: "UIDONLY", announce: "UIDONLY", set: func(d *dialect) { d.uidOnly = true }}},
	}
}

// errUIDRequired refuses a sequence number (RFC 9586 section 3).
func errUIDRequired() error {
	return &failure{bad: true, code: "UIDREQUIRED", text: "After ENABLE UIDONLY messages are named by UIDs only"}
}

// byNumber tells whether a command names messages by their numbers: it is the one
// of two forms that does. EXPUNGE names none.
func (t *tables) byNumber(name string) bool {
	_, twin := t.commands["UID "+name]
	return twin && name != "EXPUNGE"
}

// fetchHead begins a FETCH response up to its items, or the UIDFETCH that stands
// for it (RFC 9586 section 3.3). It reports false, and writes nothing, for a
// message that the client does not know.
func (s *session) fetchHead(m *mail.Message) bool {
	seq, ok := s.box.view.Seq(m.UID)
	switch {
	case !ok:
		return false
	case s.dialect.uidOnly:
		s.enc.Raw("* ").Number(m.UID).Raw(" UIDFETCH (")
	default:
		s.enc.Raw("* ").Number(seq).Raw(" FETCH (")
	}
	return true
}

// withoutNumbers ends what would go on to tell sequence numbers.
func (b *selection) withoutNumbers() {
	b.contexts = slices.DeleteFunc(b.contexts, func(c *searchContext) bool { return !c.uid })
}
