package search

import "strings"

// A Field is a part of an email that can be searched by itself.
type Field uint8

const (
	// From to Subject hold the decoded values of the header fields of these
	// names, one value after another with a line end between.
	From Field = iota
	To
	Cc
	Bcc
	Subject
	// Header holds the text of all headers, as message.HeaderText gives it.
	Header
	// Body holds the text of the body, as message.BodyText gives it.
	Body

	fields // how many are stored

	// Text is Header and Body together. It can be searched but not written.
	Text
)

// A classTable tells which ASCII octets belong to tokens; all others separate
// them. It applies to text after casemapping.
type classTable [128]bool

var (
	// words are what stands between spaces, brackets and some other marks. The
	// marks that occur within addresses, URLs, numbers and dates belong to the
	// word, so that these too are found without reading a message. For that a
	// word with a full stop is another word: of real mail the vocabulary is
	// twice as large as that of letters and digits, the index half as large
	// again.
	words = newClassTable(func(c byte) bool {
		return c > ' ' && c != 0x7f && strings.IndexByte(`,;()<>[]{}"!?*|`, c) < 0
	})
	// phrases reach from comma to comma: whole addresses and subjects. Few of
	// them differ, so that whatever is looked for in one is found without
	// reading a message.
	phrases = newClassTable(func(c byte) bool { return c >= ' ' && c != 0x7f && c != ',' })
)

func newClassTable(token func(byte) bool) *classTable {
	t := new(classTable)
	for c := range t {
		t[c] = token(byte(c))
	}
	return t
}

// class returns how the text of the field is cut into tokens.
func (f Field) class() *classTable {
	if f <= Subject {
		return phrases
	}
	return words
}

// separator returns the length of the character at the start of b if it is one
// beyond ASCII that separates words, else 0: Latin-1 symbols, general and CJK
// punctuation. Any choice is right as long as it stays the same, since text and
// needle are cut alike.
func (t *classTable) separator(b []byte) int {
	switch {
	case t == phrases:
		return 0
	case b[0] == 0xc2 && len(b) > 1: // U+0080 to U+00BF
		return 2
	case b[0] == 0xe2 && len(b) > 2 && (b[1] == 0x80 || b[1] == 0x81): // U+2000 to U+207F
		return 3
	case b[0] == 0xe3 && len(b) > 2 && b[1] == 0x80: // U+3000 to U+303F
		return 3
	}
	return 0
}

// scan returns where the first token at or behind from begins and ends in
// mapped, a casemapped text of whole characters; begin is len(mapped) if there is
// none.
func (t *classTable) scan(mapped []byte, from int) (begin, end int) {
	i := from
	for i < len(mapped) {
		if c := mapped[i]; c < 0x80 {
			if t[c] {
				break
			}
			i++
		} else if n := t.separator(mapped[i:]); n > 0 {
			i += n
		} else {
			break
		}
	}
	begin = i
	for i < len(mapped) {
		if c := mapped[i]; c < 0x80 {
			if !t[c] {
				break
			}
		} else if c >= 0xc0 && t.separator(mapped[i:]) > 0 {
			break
		}
		i++
	}
	return begin, i
}
