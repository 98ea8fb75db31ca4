package imap

import (
	"strings"

	"poststube/mail"
)

// systemFlags are the flags of RFC 9051 section 2.3.2 in the order in which they
// are written.
var systemFlags = [...]struct {
	flag mail.SystemFlags
	name string
}{
	{mail.Answered, `\Answered`}, {mail.Flagged, `\Flagged`}, {mail.Deleted, `\Deleted`},
	{mail.Seen, `\Seen`}, {mail.Draft, `\Draft`},
}

// flagsLine tells which flags there are in the selected mailbox, and which of
// them the client can change for good.
func (s *session) flagsLine() {
	b := s.box
	s.enc.Raw("* FLAGS (").Raw(`\Answered \Flagged \Deleted \Seen \Draft`)
	for _, k := range b.keywords {
		s.enc.SP().Raw(k)
	}
	s.enc.Byte(')').CRLF()

	var permanent []string
	if !b.examine {
		for _, f := range systemFlags {
			if b.settable&f.flag != 0 {
				permanent = append(permanent, f.name)
			}
		}
		if b.newKeywords {
			permanent = append(permanent, b.keywords...)
			permanent = append(permanent, `\*`)
		}
	}
	s.enc.Raw("* OK [PERMANENTFLAGS ").Flags(permanent).Raw("] ").Raw(permanentText(permanent)).CRLF()
}

func permanentText(permanent []string) string {
	if len(permanent) == 0 {
		return "No permanent flags permitted"
	}
	return "Flags that last"
}

// flags appends FLAGS of a message.
func (s *session) flags(m *mail.Message) {
	e := s.enc.Raw("FLAGS (")
	separated := false
	put := func(name string) {
		if separated {
			e.SP()
		}
		separated = true
		e.Raw(name)
	}
	for i := range systemFlags {
		if m.Flags.System&systemFlags[i].flag != 0 {
			put(systemFlags[i].name)
		}
	}
	for _, k := range m.Flags.Keywords {
		put(k)
	}
	if !s.dialect.rev2 && s.box.recent.Contains(m.UID) {
		put(`\Recent`)
	}
	e.Byte(')')
}

// parseFlags turns flags as a client names them into those of the engine.
// \Recent can't be set and is ignored by rev1 servers; flags with a backslash
// that nobody knows are refused, since they could never be permanent.
func parseFlags(p *parser, names []string) mail.Flags {
	var f mail.Flags
	for _, name := range names {
		switch i := indexSystem(name); {
		case i >= 0:
			f.System |= systemFlags[i].flag
		case name == `\Recent`:
		case strings.HasPrefix(name, `\`):
			p.Expected("a flag of RFC 9051 section 2.3.2 or a keyword")
		default:
			f.Keywords = append(f.Keywords, name)
		}
	}
	return f
}

func indexSystem(name string) int {
	for i := range systemFlags {
		if systemFlags[i].name == name {
			return i
		}
	}
	return -1
}
