package search

import "bytes"

// A Needle is a text to be found, casemapped.
type Needle struct{ mapped []byte }

// NewNeedle makes a needle of a text in UTF-8.
func NewNeedle(text string) Needle {
	var m mapper
	return Needle{m.end(m.append(nil, []byte(text)))}
}

// Empty tells whether the needle is empty: it is in every text.
func (n Needle) Empty() bool { return len(n.mapped) == 0 }

// A term is what a token must be like for a text to contain the needle: contain
// pattern, which has a zero at an end where the token must end too.
type term []byte

// terms cuts the needle as texts are cut. If exact, a text contains the needle
// if, and unless it is opaque only if, a token matches the one term there is.
// Otherwise all terms match tokens of a text that contains it; there may be
// none.
func (n Needle) terms(class *classTable) (list []term, exact bool) {
	for at := 0; ; {
		begin, end := class.scan(n.mapped, at)
		if begin == end {
			break
		}
		run := n.mapped[begin:end]
		head, tail := run, run
		if len(run) > sureToken {
			// Windows may separate the two, so both are looked for.
			head, tail = run[:sureToken], run[len(run)-sureToken:]
		}
		first, last := begin == 0, end == len(n.mapped)
		exact = first && last && len(run) <= sureToken
		switch {
		case len(run) <= sureToken:
			list = append(list, anchored(run, !first, !last))
		default:
			list = append(list, anchored(head, !first, false), anchored(tail, false, !last))
		}
		at = end
	}
	return list, exact
}

func anchored(text []byte, begin, end bool) term {
	t := make(term, 0, len(text)+2)
	if begin {
		t = append(t, 0)
	}
	t = append(t, text...)
	if end {
		t = append(t, 0)
	}
	return t
}

// A Matcher finds a needle in a text that comes in pieces. It serves one text
// after another.
type Matcher struct {
	needle []byte
	mapper mapper
	mapped []byte // the end of what came before, then the new piece
	found  bool
}

// Matcher returns a matcher that has seen no text.
func (n Needle) Matcher() *Matcher { return &Matcher{needle: n.mapped, found: n.Empty()} }

// Write adds the next piece, cut anywhere. It tells whether the text so far
// contains the needle for certain: then the rest need not be written.
func (m *Matcher) Write(text []byte) bool {
	if !m.found {
		m.keep()
		m.mapped = m.mapper.append(m.mapped, text)
		m.found = bytes.Contains(m.mapped, m.needle)
	}
	return m.found
}

// End tells whether the text contains the needle. The next piece begins another
// text.
func (m *Matcher) End() bool {
	if !m.found {
		m.keep()
		m.mapped = m.mapper.end(m.mapped)
		m.found = bytes.Contains(m.mapped, m.needle)
	}
	found := m.found
	m.mapped = m.mapped[:0]
	m.mapper.held = m.mapper.held[:0]
	m.found = len(m.needle) == 0
	return found
}

// keep leaves of the text what a match could begin in.
func (m *Matcher) keep() {
	if n := len(m.needle) - 1; len(m.mapped) > n {
		m.mapped = m.mapped[:copy(m.mapped, m.mapped[len(m.mapped)-n:])]
	}
}
