package directory

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// An address is a mail address in the form in which it is compared: local part
// unquoted, NFC and in lower case, domain in lower case with A-labels. RFC 5321
// section 2.4 leaves the case of local parts to the receiver; here it never
// matters. domain may be empty: in every domain.
type address struct {
	local, domain string
}

// key separates the parts by a zero octet, which neither may hold, so that all
// addresses of one local part stand together.
func (a address) key() string { return a.local + "\x00" + a.domain }

func (a address) String() string {
	if a.domain == "" {
		return a.local
	}
	return a.local + "@" + a.domain
}

// parseAddress reads the Mailbox or Local-part of RFC 5321 section 4.1.2, with
// UTF-8 as RFC 6531 section 3.3 adds it, without angle brackets. The local
// part is returned with its case as written.
func parseAddress(s string) (local, domain string, err error) {
	if len(s) > maxLocal*6+maxName { // a quoted local part may double, NFC shrinks by less than 3
		return "", "", fmt.Errorf("%w: the address is too long", ErrInvalid)
	}
	if !utf8.ValidString(s) {
		return "", "", fmt.Errorf("%w: the address %q is not valid UTF-8", ErrInvalid, s)
	}
	rest := ""
	if strings.HasPrefix(s, `"`) {
		local, rest, err = unquote(s)
		if err != nil {
			return "", "", err
		}
	} else {
		local, rest = s, ""
		if i := strings.IndexByte(s, '@'); i >= 0 {
			local, rest = s[:i], s[i:]
		}
	}
	local = norm.NFC.String(local)
	if local == "" || len(local) > maxLocal*2 {
		return "", "", fmt.Errorf("%w: the part before the '@' of address %q is empty or too long", ErrInvalid, s)
	}
	if i := strings.IndexFunc(local, unicode.IsControl); i >= 0 {
		return "", "", fmt.Errorf("%w: the address %q holds a control character", ErrInvalid, s)
	}
	if rest == "" {
		return local, "", nil
	}
	if rest[0] != '@' {
		return "", "", fmt.Errorf("%w: '@' is missing after the quotes in address %q", ErrInvalid, s)
	}
	domain, err = cleanDomain(rest[1:])
	if err != nil {
		return "", "", err
	}
	return local, domain, nil
}

// unquote reads a Quoted-string at the beginning of s.
func unquote(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", fmt.Errorf("%w: the closing quote is missing in address %q", ErrInvalid, s)
}

// foldLocal maps a local part as written to the form that is compared. What can
// be a name is mapped like one.
func foldLocal(local string) string {
	if isASCII(local) {
		return strings.ToLower(local)
	}
	if name, err := precis.UsernameCaseMapped.String(local); err == nil {
		return name
	}
	// Lower case may undo the normal form (U+0130 becomes i and a dot above).
	return norm.NFC.String(strings.ToLower(local))
}

// cleanDomain returns a domain in lower case with A-labels, or an address
// literal in lower case. One dot at the end is dropped.
func cleanDomain(s string) (string, error) {
	if len(s) > maxName*4 {
		return "", fmt.Errorf("%w: the domain is too long", ErrInvalid)
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && len(s) < 64 && printable(s) {
		return strings.ToLower(s), nil
	}
	domain, err := strings.ToLower(strings.TrimSuffix(s, ".")), error(nil)
	if !isASCII(s) {
		domain, err = idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	}
	if err != nil || !validDomain(domain) {
		return "", fmt.Errorf("%w: %q is not a domain name", ErrInvalid, s)
	}
	return domain, nil
}

// printable tells whether s is visible ASCII.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func validDomain(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}
