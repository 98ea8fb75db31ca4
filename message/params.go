package message

import (
	"slices"
	"strings"
)

// params reads the parameters that follow here (RFC 2045 section 5.1) and
// joins RFC 2231 continuations. Semicolons may be missing or doubled; junk is
// passed over up to the next one.
func (l *lexer) params() []Param {
	var plain []Param
	var sections []paramSection
	for len(plain)+len(sections) < MaxParams {
		l.skipCFWS()
		for l.accept(';') {
			l.skipCFWS()
		}
		if l.atEnd() {
			break
		}
		name := l.run(classToken)
		l.skipCFWS()
		if len(name) == 0 || !l.accept('=') {
			l.toSemicolon()
			continue
		}
		l.skipCFWS()
		value := l.paramValue()
		if s, ok := splitSection(name, value); ok {
			sections = append(sections, s)
		} else {
			plain = append(plain, Param{intern(name), value})
		}
	}
	return appendJoined(plain, sections)
}

// toSemicolon moves to the next semicolon outside of comments and quotes.
func (l *lexer) toSemicolon() {
	for !l.atEnd() && l.peek() != ';' {
		switch l.peek() {
		case '(':
			l.skipComment()
		case '"':
			_, _ = l.appendQuoted(nil)
		default:
			l.i++
		}
	}
}

// paramValue reads a token or quoted string. Many mailers write values that
// are no tokens without quotes, encoded-words for instance: an unquoted value
// reaches up to a semicolon, white space or comment. A quote that is never
// closed is left out.
func (l *lexer) paramValue() string {
	if l.peek() == '"' {
		if v, ok := l.appendQuoted(nil); ok {
			return intern(v)
		}
	}
	start := l.i
	for !l.atEnd() {
		c := l.b[l.i]
		if c == ';' || c == '(' || isClass(c, classFWS) {
			break
		}
		l.i++
	}
	return intern(l.b[start:l.i])
}

// A paramSection is one piece of a parameter written as RFC 2231 allows:
// name*index or name*index* or name*.
type paramSection struct {
	name, value string
	index       int
	extended    bool // percent-encoded; the first one names the charset
}

// splitSection takes a parameter name apart. It is false for a plain name.
func splitSection(name []byte, value string) (paramSection, bool) {
	s := paramSection{value: value}
	star := slices.Index(name, '*')
	if star < 1 {
		return s, false
	}
	s.name = intern(name[:star])
	rest := name[star+1:]
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		s.index = s.index*10 + int(rest[digits]-'0')
		digits++
		if s.index > MaxParams {
			return s, false
		}
	}
	switch rest = rest[digits:]; {
	case len(rest) == 0:
		s.extended = digits == 0
	case len(rest) == 1 && rest[0] == '*' && digits > 0:
		s.extended = true
	default:
		return s, false
	}
	return s, true
}

// appendJoined puts the sections of each parameter together (RFC 2231 section
// 3). Sections behind a gap are appended as parameters of their own.
func appendJoined(dst []Param, sections []paramSection) []Param {
	if len(sections) == 0 {
		return dst
	}
	slices.SortStableFunc(sections, func(a, b paramSection) int {
		if c := compareFold(a.name, b.name); c != 0 {
			return c
		}
		return a.index - b.index
	})
	for len(sections) > 0 {
		n := 1
		for n < len(sections) && compareFold(sections[n].name, sections[0].name) == 0 {
			n++
		}
		dst = appendParam(dst, sections[:n])
		sections = sections[n:]
	}
	return dst
}

func appendParam(dst []Param, sections []paramSection) []Param {
	run, extended := 0, false
	for run < len(sections) && sections[run].index == run {
		extended = extended || sections[run].extended
		run++
	}
	if run > 0 {
		p := Param{Name: sections[0].name}
		var b strings.Builder
		if extended {
			p.Name += "*"
			if !sections[0].extended {
				b.WriteString("''")
			}
		}
		for _, s := range sections[:run] {
			if extended && !s.extended {
				writePercentEscaped(&b, s.value)
			} else {
				b.WriteString(s.value)
			}
		}
		p.Value = b.String()
		dst = append(dst, p)
	}
	for _, s := range sections[run:] {
		dst = append(dst, Param{s.fullName(), s.value})
	}
	return dst
}

func writePercentEscaped(b *strings.Builder, s string) {
	for i := range len(s) {
		if s[i] == '%' {
			b.WriteString("%25")
		} else {
			b.WriteByte(s[i])
		}
	}
}

// fullName is the name as it was in the header.
func (s paramSection) fullName() string {
	b := append([]byte(s.name), '*')
	b = appendInt(b, int64(s.index))
	if s.extended {
		b = append(b, '*')
	}
	return string(b)
}

// compareFold orders names without regard to ASCII case.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
