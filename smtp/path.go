package smtp

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

var (
	errPath    = &refusal{501, "5.1.3", "the address is not one: write <local-part@domain>"}
	errUTF8    = &refusal{553, "5.6.7", "a non-ASCII address needs SMTPUTF8 in MAIL"}
	errPathLen = &refusal{501, "5.1.3", "the address is too long"}
)

// Limits of RFC 5321 section 4.5.3.1, generous in the local part: many systems
// make longer ones than 64 octets for bounces.
const (
	maxLocalPart = 256
	maxDomain    = 255
)

// cutPath reads a reverse-path or forward-path (RFC 5321 section 4.1.2) at the
// start of s and returns the address without its brackets and source route. It
// is empty for "<>". Quoting stays as it is.
func cutPath(s []byte) (address string, rest []byte, err error) {
	s = bytes.TrimLeft(s, " ") // not allowed by the grammar, sent by many
	if len(s) == 0 || s[0] != '<' {
		return "", nil, errPath
	}
	end := closing(s)
	if end < 0 || !utf8.Valid(s[:end]) {
		return "", nil, errPath
	}
	inner, rest := s[1:end], s[end+1:]
	if len(rest) > 0 && rest[0] != ' ' {
		return "", nil, errPath
	}
	if len(inner) > 0 && inner[0] == '@' { // a source route, to be ignored (RFC 5321 section 4.1.1.3)
		_, after, ok := bytes.Cut(inner, []byte(":"))
		if !ok {
			return "", nil, errPath
		}
		inner = after
	}
	if len(inner) == 0 {
		return "", rest, nil
	}
	local, domain, ok := splitAddress(inner)
	switch {
	case !ok:
		return "", nil, errPath
	case len(local) > maxLocalPart || len(domain) > maxDomain:
		return "", nil, errPathLen
	}
	return string(inner), rest, nil
}

// closing returns the index of the '>' that ends the path, outside quotes.
func closing(s []byte) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		case c < ' ' || c == 0x7f:
			return -1
		}
	}
	return -1
}

// splitAddress checks a Mailbox of RFC 5321 section 4.1.2, or a local part
// alone: LMTP clients hand over users without a domain, and "postmaster" needs
// none anywhere.
func splitAddress(s []byte) (local, domain []byte, ok bool) {
	if s[0] == '"' {
		end := quotedEnd(s)
		if end < 0 {
			return nil, nil, false
		}
		local, domain = s[:end], s[end:]
	} else {
		i := bytes.IndexByte(s, '@')
		if i < 0 {
			i = len(s)
		}
		local, domain = s[:i], s[i:]
		if !isDotString(local) {
			return nil, nil, false
		}
	}
	if len(domain) == 0 {
		return local, nil, true
	}
	if domain[0] != '@' || !isDomain(domain[1:]) {
		return nil, nil, false
	}
	return local, domain[1:], true
}

// quotedEnd returns the index behind the quoted string at the start of s.
func quotedEnd(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// isDotString takes more than the grammar: empty atoms ("a..b@", "a.@") exist
// among real addresses.
func isDotString(s []byte) bool {
	for _, c := range s {
		if c <= ' ' || c == 0x7f || strings.IndexByte(`"(),:;<>@[\]`, c) >= 0 {
			return false
		}
	}
	return len(s) > 0
}

// isDomain takes a domain name, in U-labels too (RFC 6531 section 3.3), or an
// address literal. Which of them exist is not decided here.
func isDomain(s []byte) bool {
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return !bytes.ContainsAny(s[1:len(s)-1], "[]\\ ")
	}
	for _, c := range s {
		if c < 0x80 && !isAlnum(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return len(s) > 0 && s[0] != '.' && s[0] != '-'
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
