package directory

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"poststube/acl"
)

// Limits of names in octets (RFC 5321 section 4.5.3.1): a name must fit into
// the local part of an address, with a domain into a path.
const (
	maxLocal = 64
	maxName  = 254
)

// CleanName returns the one form under which a name of a person or group is
// stored and compared: case-mapped, width-mapped and NFC-normalized
// (UsernameCaseMapped of RFC 8265 section 3.3, the successor of SASLprep).
//
// A name is the local part of an address, optionally with "@" and a domain. It
// consists of letters and digits of any script and of . _ - ' = ~ in between,
// so that it needs no quoting in an address, a mailbox path, an ACL identifier
// or a shell. A leading '-' would mean negative rights, '$' and "group:" a
// group, '+' begins a subaddress. The error wraps ErrInvalid and says what is
// wrong.
func CleanName(s string) (string, error) {
	name, err := foldName(s)
	if err != nil {
		return "", err
	}
	local, domain, hasDomain := strings.Cut(name, "@")
	if err := checkLocal(s, local); err != nil {
		return "", err
	}
	if !hasDomain {
		return name, nil
	}
	domain, err = cleanDomain(domain)
	if err != nil {
		return "", err
	}
	name = local + "@" + domain
	if len(name) > maxName {
		return "", invalidName(s, "is longer than %d octets", maxName)
	}
	return name, nil
}

// foldName maps case and form without judging the name.
func foldName(s string) (string, error) {
	if s == "" {
		return "", fmt.Errorf("%w: the name is empty", ErrInvalid)
	}
	if len(s) > maxName*4 { // bounds the work before it begins; no mapping shrinks that much
		return "", invalidName(s[:maxName], "is too long")
	}
	if isASCII(s) {
		return strings.ToLower(s), nil
	}
	if !utf8.ValidString(s) {
		return "", invalidName(s, "is not valid UTF-8")
	}
	name, err := precis.UsernameCaseMapped.String(s)
	if err != nil {
		return "", invalidName(s, "holds a character that RFC 8265 does not allow in names (a space, symbol or control character, or mixed writing directions)")
	}
	return name, nil
}

func checkLocal(s, local string) error {
	if local == "" {
		return invalidName(s, "has nothing before the '@'")
	}
	if len(local) > maxLocal {
		return invalidName(s, "is longer than %d octets", maxLocal)
	}
	for _, r := range local {
		if !nameRune(r) {
			return invalidName(s, "holds %q; use letters, digits and . _ - ' = ~", r)
		}
	}
	if c := local[0]; c == '-' || c == '.' || c == '~' {
		return invalidName(s, "begins with %q", c)
	}
	if strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return invalidName(s, "has a dot that does not stand between two other characters")
	}
	if acl.Reserved(local) {
		return invalidName(s, "means somebody else in access lists (RFC 4314 section 2)")
	}
	return nil
}

func nameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-'=~", r)
	}
	// PRECIS lets letters, marks and digits through, and a few joiners by
	// context; unicode.IsPrint keeps out what cannot be seen.
	return unicode.IsPrint(r)
}

func invalidName(name, format string, args ...any) error {
	return fmt.Errorf("%w: the name %q %s", ErrInvalid, name, fmt.Sprintf(format, args...))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
