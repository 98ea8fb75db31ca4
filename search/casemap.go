package search

import (
	"unicode"
	"unicode/utf8"

	"poststube/message"
)

// A mapper casemaps a text that comes in pieces, cut anywhere. The result is
// that of message.AppendCasemap for the whole text. Two things make it faster:
// ASCII takes a short way wherever it stands, and characters beyond it are
// remembered.
//
// Casemapping depends on context only where combining marks are put in order,
// and never reaches over a character that is none. So the unit of work is a
// cluster: a character with the marks behind it, held back until its end is
// seen. A cluster of more than maxCluster octets, which no language has, is cut
// there, so that memory is bounded.
type mapper struct {
	held   []byte // of a cluster whose end has not been seen
	joined []byte
	memo   [memoSize]mapped
}

const (
	maxCluster = 128
	memoSize   = 256
)

// mapped remembers what one character becomes.
type mapped struct {
	r    rune
	mark bool
	n    uint8 // of out; 0 if it is longer than that
	out  [16]byte
}

// append appends the casemapped form of the next piece of a text, as far as it
// is certain.
func (m *mapper) append(dst, text []byte) []byte {
	if len(m.held) > 0 {
		m.joined = append(append(m.joined[:0], m.held...), text...)
		m.held, text = m.held[:0], m.joined
	}
	for len(text) > 0 {
		n := 0
		for n < len(text) && text[n] < utf8.RuneSelf {
			n++
		}
		dst = appendUpper(dst, text[:n])
		if text = text[n:]; len(text) == 0 {
			break
		}
		n, whole := m.cluster(text)
		if !whole {
			m.held = append(m.held, text...)
			break
		}
		dst = m.appendCluster(dst, text[:n])
		text = text[n:]
	}
	return dst
}

// end appends what has been held back. The next piece begins a new text.
func (m *mapper) end(dst []byte) []byte {
	for len(m.held) > 0 {
		n, _ := m.cluster(m.held)
		dst = m.appendCluster(dst, m.held[:n])
		m.held = m.held[:copy(m.held, m.held[n:])]
	}
	return dst
}

func appendUpper(dst, text []byte) []byte {
	start := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[start:] {
		if 'a' <= c && c <= 'z' {
			dst[start+i] = c - ('a' - 'A')
		}
	}
	return dst
}

// cluster returns the length of the cluster at the start of b, which does not
// begin with ASCII, and whether its end is sure.
func (m *mapper) cluster(b []byte) (n int, whole bool) {
	for n < len(b) {
		if b[n] < utf8.RuneSelf {
			return n, true
		}
		if !utf8.FullRune(b[n:]) {
			// If nothing follows, each octet counts as a character.
			return max(n, 1), false
		}
		r, size := utf8.DecodeRune(b[n:])
		if n > 0 && (n+size > maxCluster || !m.remember(r).mark) {
			return n, true
		}
		n += size
	}
	return n, false
}

func (m *mapper) appendCluster(dst, cluster []byte) []byte {
	r, size := utf8.DecodeRune(cluster)
	if size == len(cluster) {
		if known := m.remember(r); known.n > 0 {
			return append(dst, known.out[:known.n]...)
		}
	}
	return message.AppendCasemap(dst, string(cluster))
}

// remember returns what is known about a character beyond ASCII.
func (m *mapper) remember(r rune) *mapped {
	e := &m.memo[uint32(r)%memoSize]
	if e.r == r {
		return e
	}
	*e = mapped{r: r, mark: unicode.Is(unicode.M, r)}
	if out := message.AppendCasemap(e.out[:0], string(r)); len(out) <= len(e.out) {
		e.n = uint8(len(out))
	}
	return e
}
