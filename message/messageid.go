package message

import "bytes"

// ParseMessageIDs returns the message ids in the value of a Message-ID,
// In-Reply-To or References field, without angle brackets, white space and
// quoting, so that ids which differ only in quoting are equal (RFC 5256
// section 3, THREAD=REFERENCES). Text around the ids is passed over (RFC 5322
// section 4.5.4); a value that is a single word with an "@" counts as an id
// without its brackets. Ids beyond MaxParams are left out, except for the
// last one: it names the parent.
func ParseMessageIDs(value []byte) []string {
	var ids []string
	l := lexer{b: value}
	for {
		l.skipToAngle()
		if l.atEnd() {
			break
		}
		id, ok := l.messageID()
		switch {
		case !ok:
		case len(ids) < MaxParams:
			ids = append(ids, id)
		default:
			ids[len(ids)-1] = id
		}
	}
	if ids == nil {
		if word := bytes.TrimSpace(value); bytes.IndexByte(word, '@') > 0 && !bytes.ContainsAny(word, " \t\r\n<>\"") {
			ids = append(ids, string(word))
		}
	}
	return ids
}

// skipToAngle moves to the next "<" outside of comments and quotes.
func (l *lexer) skipToAngle() {
	for !l.atEnd() && l.peek() != '<' {
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

// messageID reads the id that starts here. It is false if it is empty or has
// no end before the next one.
func (l *lexer) messageID() (string, bool) {
	l.i++
	var room [80]byte
	id := room[:0]
	for !l.atEnd() {
		switch c := l.peek(); c {
		case '>':
			l.i++
			return string(id), len(id) > 0
		case '<':
			return "", false
		case '"':
			id, _ = l.appendQuoted(id)
		case ' ', '\t', '\r', '\n', 0:
			l.i++
		default:
			id = append(id, c)
			l.i++
		}
	}
	return "", false
}
