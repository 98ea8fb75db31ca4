package imap

import "strings"

// hierarchySeparator stands between the levels of a mailbox name.
const hierarchySeparator = '/'

// matchPattern reports whether a mailbox name matches a pattern of LIST: "*"
// stands for any octets, "%" for any but the separator (RFC 9051 section
// 6.3.9). The time is bounded by the product of the two lengths, whatever the
// wildcards.
func matchPattern(pattern, name string) bool {
	const none = -1
	p, n := 0, 0
	// Where to go on after a mismatch: behind the last wildcard, which then
	// takes one octet more. A "%" that may not take the next octet falls back
	// to the last "*" before it.
	star, starName := none, 0
	percent, percentName := none, 0
	for n < len(name) || p < len(pattern) {
		if p < len(pattern) {
			switch c := pattern[p]; {
			case c == '*' && p == len(pattern)-1:
				return true
			case c == '*':
				star, starName = p, n
				percent = none
				p++
				continue
			case c == '%':
				percent, percentName = p, n
				p++
				continue
			case n < len(name) && c == name[n]:
				p++
				n++
				continue
			}
		}
		switch {
		case percent != none && percentName < len(name) && name[percentName] != hierarchySeparator:
			percentName++
			p, n = percent+1, percentName
		case star != none && starName < len(name):
			starName++
			percent = none
			p, n = star+1, starName
		default:
			return false
		}
	}
	return true
}

// canonicalPattern joins reference and pattern as RFC 9051 section 6.3.9 leaves
// to the server: one behind the other. INBOX is written in any case by clients
// and matched in capitals.
func canonicalPattern(reference, pattern string) string {
	full := reference + pattern
	if len(full) >= 5 && strings.EqualFold(full[:5], inbox) && (len(full) == 5 || full[5] == hierarchySeparator) {
		full = inbox + full[5:]
	}
	return full
}

// inbox is the one name that is compared without regard to case.
const inbox = "INBOX"
