package message

import (
	"strconv"
	"strings"
)

// The writers in this file produce IMAP strings that every dialect reads: a
// quoted string where the text is 7-bit, else a synchronizing literal. A
// server does not wait for a literal it sends. Neither may hold NUL (RFC 9051
// section 9, CHAR8), and line ends would only be folding; both are left out.

// Octets that a quoted string cannot take as they are.
const (
	quoteEscape = 1 << iota // needs a backslash
	quoteDrop               // NUL, CR, LF
	quote8bit               // needs a literal
)

var quoteClasses = buildQuoteClasses()

func buildQuoteClasses() (t [256]uint8) {
	t['"'], t['\\'] = quoteEscape, quoteEscape
	t[0], t['\r'], t['\n'] = quoteDrop, quoteDrop, quoteDrop
	for c := 0x80; c < 0x100; c++ {
		t[c] = quote8bit
	}
	return t
}

// appendString appends s as an IMAP string.
func appendString[T string | []byte](dst []byte, s T) []byte {
	var seen uint8
	for i := range len(s) {
		seen |= quoteClasses[s[i]]
	}
	switch {
	case seen == 0:
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	case seen&quote8bit != 0:
		return appendLiteral(dst, s)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		switch quoteClasses[s[i]] {
		case quoteDrop:
			continue
		case quoteEscape:
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func appendLiteral[T string | []byte](dst []byte, s T) []byte {
	n := len(s)
	for i := range len(s) {
		if quoteClasses[s[i]] == quoteDrop {
			n--
		}
	}
	dst = append(dst, '{')
	dst = strconv.AppendInt(dst, int64(n), 10)
	dst = append(dst, '}', '\r', '\n')
	for i := range len(s) {
		if quoteClasses[s[i]] != quoteDrop {
			dst = append(dst, s[i])
		}
	}
	return dst
}

// appendNString appends s, or NIL if it is nil.
func appendNString(dst, s []byte) []byte {
	if s == nil {
		return append(dst, "NIL"...)
	}
	return appendString(dst, s)
}

// appendNonEmpty appends s, or NIL if it is empty.
func appendNonEmpty(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "NIL"...)
	}
	return appendString(dst, s)
}

// appendForPeople appends text that people read, with runs of white space as
// one space, as Dovecot does for subjects and names: folding leaves tabs and
// runs of spaces that were never meant.
func appendForPeople[T string | []byte](dst []byte, s T) []byte {
	space := true // white space at the start goes
	clean := true
	for i := range len(s) {
		isSpace := s[i] == ' ' || s[i] == '\t'
		if s[i] == '\t' || isSpace && space {
			clean = false
			break
		}
		space = isSpace
	}
	if clean && (len(s) == 0 || !space) {
		return appendString(dst, s)
	}
	return appendString(dst, strings.Join(strings.FieldsFunc(string(s), isSpaceOrTab), " "))
}

func isSpaceOrTab(r rune) bool { return r == ' ' || r == '\t' }

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// appendAddressList appends addresses as ENVELOPE holds them, NIL for none.
func appendAddressList(dst []byte, list []Address) []byte {
	if len(list) == 0 {
		return append(dst, "NIL"...)
	}
	dst = append(dst, '(')
	for i := range list {
		a := &list[i]
		dst = append(dst, '(')
		switch a.Role {
		case GroupStart:
			dst = append(dst, "NIL NIL "...)
			dst = appendForPeople(dst, a.Mailbox)
			dst = append(dst, " NIL"...)
		case GroupEnd:
			dst = append(dst, "NIL NIL NIL NIL"...)
		default:
			if a.Name == "" {
				dst = append(dst, "NIL"...)
			} else {
				dst = appendForPeople(dst, a.Name)
			}
			dst = append(dst, ' ')
			dst = appendNonEmpty(dst, a.Route)
			dst = append(dst, ' ')
			dst = appendString(dst, a.Mailbox)
			dst = append(dst, ' ')
			dst = appendString(dst, a.Host)
		}
		dst = append(dst, ')')
	}
	return append(dst, ')')
}
