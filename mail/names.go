package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	separator = "/"
	// inbox is the name of every person's first mailbox, in any case (RFC
	// 9051 section 5.1). A group's is called Inbox and found in any case too.
	inbox      = "INBOX"
	groupInbox = "Inbox"
)

// Limits of mailbox names, in octets of UTF-8 and in levels.
const (
	maxNameOctets  = 1000
	maxLevelOctets = 255
	maxLevels      = 20
	maxKeyword     = 100 // octets
)

// cleanPath checks a path inside an owner's tree and returns it in NFC.
func cleanPath(path string) (string, error) {
	if !utf8.ValidString(path) {
		return "", fail(Invalid, "a mailbox name must be valid UTF-8")
	}
	path = norm.NFC.String(path)
	if len(path) > maxNameOctets {
		return "", fail(Invalid, "a mailbox name has at most %d octets", maxNameOctets)
	}
	levels := strings.Split(path, separator)
	if len(levels) > maxLevels {
		return "", fail(Invalid, "mailbox names have at most %d levels", maxLevels)
	}
	for _, level := range levels {
		if err := checkLevel(level); err != nil {
			return "", err
		}
	}
	return path, nil
}

func checkLevel(level string) error {
	switch {
	case level == "":
		return fail(Invalid, "a mailbox name has no empty level: leave out double and leading slashes")
	case len(level) > maxLevelOctets:
		return fail(Invalid, "a level of a mailbox name has at most %d octets", maxLevelOctets)
	case level != strings.TrimSpace(level):
		return fail(Invalid, "a mailbox name has no spaces at its ends")
	case level == "." || level == "..":
		return fail(Invalid, "a mailbox cannot be called %q", level)
	}
	for _, c := range level {
		// RFC 9051 section 5.1: no control characters, no line separators;
		// wildcards are possible but nobody could list the name.
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == utf8.RuneError {
			return fail(Invalid, "a mailbox name has no control characters")
		}
		if c == '*' || c == '%' {
			return fail(Invalid, "a mailbox name has no %q: it is a wildcard", c)
		}
	}
	return nil
}

// checkKeyword tells whether s can be a keyword (an atom, RFC 9051 section 9).
func checkKeyword(s string) error {
	if s == "" || len(s) > maxKeyword {
		return fail(Invalid, "a keyword has 1 to %d octets", maxKeyword)
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`(){%*"\]`, c) >= 0 {
			return fail(Invalid, "a keyword cannot contain %q", c)
		}
	}
	return nil
}
