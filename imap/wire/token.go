package wire

import "strings"

// The classes of octets in RFC 9051 section 9.
const (
	atomChar    = 1 << iota // ATOM-CHAR
	astringChar             // ASTRING-CHAR: ATOM-CHAR and "]"
	listChar                // list-char: ASTRING-CHAR and the wildcards
	tagChar                 // ASTRING-CHAR without "+"
	labelChar               // of names of items and options, tagged-ext-label
	base64Char              // of base64, with "=" at its end
)

// classes tells the classes of each octet.
var classes = func() (table [256]uint8) {
	for c := 0x21; c < 0x7f; c++ {
		if !strings.ContainsRune(`(){%*"\]`, rune(c)) {
			table[c] |= atomChar | astringChar | listChar | tagChar
		}
		if isAlpha(byte(c)) || isDigit(byte(c)) {
			table[c] |= base64Char
		}
		if isAlpha(byte(c)) || isDigit(byte(c)) || strings.ContainsRune("-_.:", rune(c)) {
			table[c] |= labelChar
		}
	}
	table[']'] |= astringChar | listChar | tagChar
	table['%'] |= listChar
	table['*'] |= listChar
	table['+'] &^= tagChar
	table['+'] |= base64Char
	table['/'] |= base64Char
	table['='] |= base64Char
	return table
}()

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// span reads the octets of class that are next. They are valid until the
// decoder reads another line.
func (d *Decoder) span(class uint8) []byte {
	if !d.ready() || d.state != inLine {
		return nil
	}
	start := d.pos
	for d.pos < len(d.line) && classes[d.line[d.pos]]&class != 0 {
		d.pos++
	}
	return d.line[start:d.pos]
}

// chars reads one or more octets of class.
func (d *Decoder) chars(class uint8, what string) string {
	b := d.span(class)
	if len(b) == 0 {
		d.Expected(what)
		return ""
	}
	return string(b)
}

// Tag reads the tag of a command. It works also when the line is too long, so
// that the refusal can be tagged; Err returns that error afterwards.
func (d *Decoder) Tag() string {
	cut := d.tooLong
	d.tooLong = nil
	tag := d.chars(tagChar, "a tag")
	if cut != nil {
		d.err = cut
	}
	return tag
}

// Atom reads an atom as it was written.
func (d *Decoder) Atom() string { return d.chars(atomChar, "an atom") }

// Keyword reads an atom in upper case, such as the name of a command or of a
// search key.
func (d *Decoder) Keyword() string { return upper(d.span(atomChar), d, "a keyword") }

// Label reads the name of an item or an option in upper case: letters, digits
// and "-_.:". It ends before "[", which atoms may hold, so that the item of
// BODY[TEXT] is BODY.
func (d *Decoder) Label() string { return upper(d.span(labelChar), d, "a name") }

func upper(b []byte, d *Decoder, what string) string {
	if len(b) == 0 {
		d.Expected(what)
		return ""
	}
	var buf [32]byte
	out := append(buf[:0], b...)
	for i, c := range out {
		if c >= 'a' && c <= 'z' {
			out[i] = c - 'a' + 'A'
		}
	}
	return string(out)
}

// TryWord reads word if it is next, in any case of its letters, and no longer
// atom begins with it. The word itself is ASCII and may hold other octets than
// those of an atom.
func (d *Decoder) TryWord(word string) bool {
	if !d.ready() || d.state != inLine {
		return false
	}
	end := d.pos + len(word)
	if end > len(d.line) || !equalFold(d.line[d.pos:end], word) {
		return false
	}
	if end < len(d.line) && classes[d.line[end]]&atomChar != 0 && classes[word[len(word)-1]]&atomChar != 0 {
		return false
	}
	d.pos = end
	return true
}

// Word reads word, in any case of its letters.
func (d *Decoder) Word(word string) {
	if !d.TryWord(word) {
		d.Expected(word)
	}
}

// equalFold compares ASCII without regard to case and without allocation.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		x, y := b[i], word[i]
		if x != y && (!isAlpha(x) || x|0x20 != y|0x20) {
			return false
		}
	}
	return true
}

// Rest reads the rest of the line as it is, for the text of a response.
func (d *Decoder) Rest() string {
	if !d.ready() || d.state != inLine {
		return ""
	}
	rest := string(d.line[d.pos:])
	d.pos = len(d.line)
	return rest
}
