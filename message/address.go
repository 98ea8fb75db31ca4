package message

// An Address is one mailbox of an address list, or the marker of a group's
// start or end.
type Address struct {
	// Name is the display name, or the comment after an address without
	// one; encoded-words are not decoded. Empty if there is none.
	Name string
	// Route is the obsolete source route, such as "@a,@b". Empty if there is
	// none.
	Route string
	// Mailbox is the local part without quoting, the name of a group at its
	// start, and empty at its end.
	Mailbox string
	// Host is the domain, or the domain literal with its brackets; empty for
	// group markers.
	Host string
	Role Role
}

// A Role tells mailboxes from the markers of groups (RFC 5322 section 3.4).
type Role uint8

const (
	Mailbox    Role = iota // an address
	GroupStart             // Mailbox has the name of the group
	GroupEnd               // all fields are empty
)

// What an address that lacks a part shows instead: IMAP must not leave the
// host out (RFC 9051 section 7.5.2, NIL marks a group). These are the words
// that Dovecot uses, and that mail programs know.
const (
	MissingMailbox = "MISSING_MAILBOX"
	MissingHost    = "MISSING_DOMAIN"
)

// ParseAddressList reads the value of an address field, folded or not (RFC
// 5322 section 3.4, with the obsolete forms of section 4.4). Broken addresses
// are recovered as far as they go, and those behind them are still found. The
// list ends at MaxAddresses.
func ParseAddressList(value []byte) []Address {
	return appendAddresses(nil, value, MaxAddresses)
}

// appendAddresses appends addresses until dst has limit of them.
func appendAddresses(dst []Address, value []byte, limit int) []Address {
	p := addressParser{lexer: lexer{b: value}, limit: limit - len(dst)}
	var room [4]addressSpans
	p.found = room[:0]
	p.text = make([]byte, 0, len(value)+len(MissingMailbox))
	p.list()
	if len(p.found) == 0 {
		return dst
	}
	text := string(p.text)
	for _, a := range p.found {
		dst = append(dst, Address{
			Name:    a.name.of(text),
			Route:   a.route.of(text),
			Mailbox: a.mailbox.of(text),
			Host:    a.host.of(text),
			Role:    a.role,
		})
	}
	return dst
}

// An addressParser collects the text of all addresses in one buffer, so that a
// list costs two allocations.
type addressParser struct {
	lexer
	text    []byte
	found   []addressSpans
	limit   int
	inGroup bool
}

type addressSpans struct {
	name, route, mailbox, host span
	role                       Role
}

// A span is a range of addressParser.text.
type span struct{ from, to int }

func (s span) of(text string) string { return text[s.from:s.to] }
func (s span) empty() bool           { return s.from == s.to }

// since is the span from from to the end of the text.
func (p *addressParser) since(from int) span { return span{from, len(p.text)} }

func (p *addressParser) literal(s string) span {
	from := len(p.text)
	p.text = append(p.text, s...)
	return p.since(from)
}

// list reads addresses up to the end of the field or the limit.
func (p *addressParser) list() {
	for len(p.found) < p.limit {
		p.skipCFWS()
		p.comment = nil
		switch {
		case p.atEnd():
			if p.inGroup {
				p.endGroup()
			}
			return
		case p.accept(';'):
			if p.inGroup {
				p.endGroup()
			}
		case p.accept(','):
		default:
			p.address()
		}
	}
}

func (p *addressParser) endGroup() {
	p.inGroup = false
	p.found = append(p.found, addressSpans{role: GroupEnd})
}

// address reads one address or group start.
func (p *addressParser) address() {
	var a addressSpans
	words := p.phrase()
	switch {
	case p.peek() == '<':
		a.name = words.all
		p.angle(&a)
	case p.peek() == '@':
		// Words before the last one can only be a name.
		at := p.i
		if words.n > 0 {
			a.name = words.head
			p.i = words.last
			a.mailbox = p.localPart()
			p.i = at
		}
		a.host = p.domain()
	case p.peek() == ':' && !p.inGroup:
		p.i++
		p.inGroup = true
		p.found = append(p.found, addressSpans{mailbox: words.all, role: GroupStart})
		return
	case words.n == 0:
		p.i++ // junk that starts nothing
		return
	case words.n == 1:
		a.mailbox = words.all
	default:
		a.name = words.all
	}
	p.finish(a)
}

// finish completes an address and moves to the separator after it.
func (p *addressParser) finish(a addressSpans) {
	if a.name.empty() && p.comment != nil {
		a.name = p.commentText()
	}
	if a.mailbox.empty() {
		a.mailbox = p.literal(MissingMailbox)
	}
	if a.host.empty() {
		a.host = p.literal(MissingHost)
	}
	p.found = append(p.found, a)
	for !p.atEnd() && p.peek() != ',' && p.peek() != ';' {
		switch p.peek() {
		case '(':
			p.skipComment()
		case '"':
			p.text, _ = p.appendQuoted(p.text)
		default:
			p.i++
		}
	}
}

// commentText is the last comment without escapes and line ends.
func (p *addressParser) commentText() span {
	from := len(p.text)
	for i := 0; i < len(p.comment); i++ {
		switch c := p.comment[i]; c {
		case '\r', '\n':
		case '\\':
			if i++; i < len(p.comment) {
				p.text = append(p.text, p.comment[i])
			}
		default:
			p.text = append(p.text, c)
		}
	}
	return p.since(from)
}

// A phrase is a run of words.
type phrase struct {
	all  span // the words joined by single spaces
	head span // the same without the last one
	last int  // where the last one starts; words joined by dots count as one
	n    int  // how many
}

// phrase reads words up to the next special character.
func (p *addressParser) phrase() (w phrase) {
	from := len(p.text)
	dotted := false // the next word belongs to the last
	for ; !p.atEnd(); p.skipCFWS() {
		c, at := p.peek(), p.i
		mark := len(p.text)
		if w.n > 0 {
			p.text = append(p.text, ' ')
		}
		ok := true
		switch {
		case c == '"':
			p.text, ok = p.appendQuoted(p.text)
		case c == '.' || isClass(c, classAtext):
			p.text = append(p.text, p.atoms()...)
		default:
			p.text = p.text[:mark]
			w.all = p.since(from)
			return w
		}
		if !ok {
			p.text = p.text[:mark]
			continue
		}
		if w.n == 0 || !dotted && c != '.' {
			w.last, w.head = at, span{from, mark}
		}
		dotted = p.b[p.i-1] == '.'
		w.n++
	}
	w.all = p.since(from)
	return w
}

// atoms passes atoms and dots without white space between them.
func (p *addressParser) atoms() []byte {
	start := p.i
	for p.i < len(p.b) && (p.b[p.i] == '.' || isClass(p.b[p.i], classAtext)) {
		p.i++
	}
	return p.b[start:p.i]
}

// localPart reads the local part that starts here. White space around dots
// goes; between other words, where it must not be, it stays as a space.
func (p *addressParser) localPart() span {
	from := len(p.text)
	dotted := true
	for ; !p.atEnd(); p.skipCFWS() {
		c := p.peek()
		if c != '"' && c != '.' && !isClass(c, classAtext) {
			break
		}
		if !dotted && c != '.' {
			p.text = append(p.text, ' ')
		}
		if c == '"' {
			p.text, _ = p.appendQuoted(p.text)
		} else {
			p.text = append(p.text, p.atoms()...)
		}
		dotted = p.b[p.i-1] == '.'
	}
	return p.since(from)
}

// domain reads the "@" that is next and the domain behind it.
func (p *addressParser) domain() span {
	p.i++
	p.skipCFWS()
	from := len(p.text)
	if p.peek() == '[' {
		p.text, _ = p.appendDomainLiteral(p.text)
		p.skipCFWS()
	} else {
		p.text = p.appendDotAtom(p.text)
	}
	return p.since(from)
}

// angle reads an address in angle brackets, perhaps with a source route.
func (p *addressParser) angle(a *addressSpans) {
	p.i++
	p.skipCFWS()
	if p.peek() == '@' {
		from := len(p.text)
		for p.peek() == '@' {
			if len(p.text) > from {
				p.text = append(p.text, ',')
			}
			p.text = append(p.text, '@')
			a.host = p.domain()
			for p.accept(',') {
				p.skipCFWS()
			}
		}
		if !p.accept(':') {
			return // no route, but an address without a local part
		}
		a.route, a.host = p.since(from), span{}
		p.skipCFWS()
	}
	a.mailbox = p.localPart()
	if p.peek() == '@' {
		a.host = p.domain()
	}
	for !p.atEnd() && p.peek() != '>' && p.peek() != ',' {
		p.i++ // junk, such as the ":;" of a group in brackets
	}
	p.accept('>')
	p.comment = nil // a comment can name only an address without brackets
}
