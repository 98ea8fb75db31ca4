package message

// Character classes of RFC 5322 section 3.2.3 and RFC 2045 section 5.1. Octets
// from 0x80 up count as text in every class: RFC 6532 allows UTF-8, and mail
// from before it carries other charsets raw.
const (
	classAtext = 1 << iota // atext
	classToken             // MIME token
	classWSP               // space, tab
	classFWS               // what folding white space is made of
	classDtext             // inside a domain literal
)

var classes = buildClasses()

func buildClasses() (t [256]uint8) {
	for c := '!'; c <= '~'; c++ {
		t[c] = classAtext | classToken | classDtext
	}
	for c := 0x80; c < 0x100; c++ {
		t[c] = classAtext | classToken | classDtext
	}
	for _, c := range []byte(`()<>[]:;@\,."`) {
		t[c] &^= classAtext
	}
	for _, c := range []byte(`()<>@,;:\"/[]?=`) {
		t[c] &^= classToken
	}
	for _, c := range []byte(`[]\`) {
		t[c] &^= classDtext
	}
	t[' '] |= classWSP | classFWS
	t['\t'] |= classWSP | classFWS
	t['\r'] |= classFWS
	t['\n'] |= classFWS
	return t
}

func isClass(c byte, class uint8) bool { return classes[c]&class != 0 }

// A lexer reads structured header field bodies (RFC 5322 section 3.2). It
// works on the raw, still folded value. Every method moves forwards only, so
// that a field is read in linear time; nested comments are counted, not
// recursed into.
type lexer struct {
	b []byte
	i int
	// comment is the raw inside of the last comment passed over, nil for none.
	comment []byte
	// Once a quote or parenthesis turned out to have no match, the further
	// ones are not looked for: that keeps hostile fields linear.
	openQuote, openParen bool
}

// peek returns the next octet, 0 at the end.
func (l *lexer) peek() byte {
	if l.i < len(l.b) {
		return l.b[l.i]
	}
	return 0
}

func (l *lexer) atEnd() bool { return l.i >= len(l.b) }

// accept moves over c if it is next.
func (l *lexer) accept(c byte) bool {
	if l.i < len(l.b) && l.b[l.i] == c {
		l.i++
		return true
	}
	return false
}

// skipCFWS moves over white space and comments.
func (l *lexer) skipCFWS() {
	for l.i < len(l.b) {
		switch {
		case isClass(l.b[l.i], classFWS):
			l.i++
		case l.b[l.i] == '(':
			l.skipComment()
		default:
			return
		}
	}
}

// skipComment moves over the comment that starts here. A parenthesis that is
// never closed is passed over alone, like white space.
func (l *lexer) skipComment() {
	start, depth := l.i+1, 0
	if !l.openParen {
		for i := l.i; i < len(l.b); i++ {
			switch l.b[i] {
			case '(':
				depth++
			case ')':
				depth--
				if depth == 0 {
					l.comment = l.b[start:i]
					l.i = i + 1
					return
				}
			case '\\':
				i++
			}
		}
		l.openParen = true
	}
	l.i = start
}

// run moves over the longest run of octets of a class and returns it.
func (l *lexer) run(class uint8) []byte {
	start := l.i
	for l.i < len(l.b) && isClass(l.b[l.i], class) {
		l.i++
	}
	return l.b[start:l.i]
}

// appendQuoted appends the content of the quoted string that starts here,
// without quotes, escapes and line ends. If its closing quote is missing it
// appends nothing, passes the opening quote alone and is false.
func (l *lexer) appendQuoted(dst []byte) ([]byte, bool) {
	n := len(dst)
	l.i++
	for i := l.i; i < len(l.b) && !l.openQuote; i++ {
		switch c := l.b[i]; c {
		case '"':
			l.i = i + 1
			return dst, true
		case '\r', '\n':
			// folding: the white space after it stays
		case '\\':
			if i++; i < len(l.b) {
				dst = append(dst, l.b[i])
			}
		default:
			dst = append(dst, c)
		}
	}
	l.openQuote = true
	return dst[:n], false
}

// appendDotAtom appends atoms and dots, dropping the comments and white space
// that obsolete syntax allows around the dots (RFC 5322 section 4.4).
func (l *lexer) appendDotAtom(dst []byte) []byte {
	for {
		dst = append(dst, l.run(classAtext)...)
		l.skipCFWS()
		if !l.accept('.') {
			return dst
		}
		dst = append(dst, '.')
		l.skipCFWS()
	}
}

// appendDomainLiteral appends the domain literal that starts here, brackets
// included. It is false if the closing bracket is missing.
func (l *lexer) appendDomainLiteral(dst []byte) ([]byte, bool) {
	for l.i < len(l.b) {
		c := l.b[l.i]
		l.i++
		switch c {
		case '\r', '\n':
			continue
		case '\\':
			if l.i < len(l.b) {
				dst = append(dst, c, l.b[l.i])
				l.i++
			}
			continue
		}
		dst = append(dst, c)
		if c == ']' {
			return dst, true
		}
	}
	return dst, false
}
