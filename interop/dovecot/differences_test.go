package dovecot

import (
	"slices"
	"strings"
	"testing"
)

// A reason says why an answer differs; its text is the heading of the section
// of docs/dovecot-differences.md that explains it.
type reason string

const (
	missingSection   reason = "Sections that do not exist"
	brokenAddresses  reason = "Broken addresses"
	brokenType       reason = "Broken Content-Type"
	brokenParameters reason = "Broken parameters"
	lineEnd          reason = "The line end before a boundary"
	longBoundary     reason = "Long boundaries"
	nestedPrefix     reason = "A boundary that begins with another"
)

// differences are the messages of the corpus whose structure differs. Broken
// addresses and sections that do not exist are recognized by themselves.
var differences = map[string]reason{
	"mimekit/mbox/content-length-summary.txt":                        brokenType,
	"mimekit/mbox/content-length.mbox.txt":                           brokenParameters,
	"mimekit/mbox/issue1189-summary.txt":                             brokenType,
	"mimekit/mbox/jwz-summary.txt":                                   brokenType,
	"mimekit/messages/missing-subtype.txt":                           brokenType,
	"rspamd/external_relay.eml":                                      brokenType,
	"spamassassin/spam-2/00204.4cf15f97b8ea08bfafab7d5091b8fbe7.txt": brokenParameters,
	"stalwart-mail-parser/eml/malformed/007.eml":                     nestedPrefix,
	"stalwart-mail-parser/eml/malformed/016.eml":                     longBoundary,
	"stalwart-mail-parser/eml/malformed/017.eml":                     brokenParameters,
	"stalwart-mail-parser/eml/malformed/020.eml":                     lineEnd,
	"stalwart-mail-parser/eml/malformed/021.eml":                     lineEnd,
	"stalwart-mail-parser/eml/malformed/022.eml":                     lineEnd,
	"stalwart-mail-parser/eml/rfc/001.eml":                           brokenParameters,
	"stalwart-mail-parser/eml/rfc/008.eml":                           lineEnd,
	"stalwart-mail-parser/eml/thirdparty/010.eml":                    brokenParameters,
	"stalwart-mail-parser/eml/thirdparty/015.eml":                    lineEnd,
}

// A score counts what was compared.
type score struct {
	messages, values int
	binary           int // of them decoded content
	refused          int // messages whose decoded content Dovecot refused
	explained        map[reason]int
	used             map[string]bool // names in differences that did differ
}

// compare fails the test for each answer that differs without a reason.
func (s *score) compare(t *testing.T, name string, got, want map[string]token) {
	if s.used == nil {
		s.used, s.explained = map[string]bool{}, map[reason]int{}
	}
	for item, w := range want {
		s.values++
		g, ok := got[item]
		if !ok {
			t.Errorf("%s: no answer to %s", name, item)
			continue
		}
		why, equal := explain(g, w)
		if !equal {
			why, equal = differences[name]
			s.used[name] = true
		}
		switch {
		case !equal:
			t.Errorf("%s %s:\n dovecot   %.1500s\n poststube %.1500s", name, item, g, w)
		case why != "":
			s.explained[why]++
		}
	}
}

// report says what was compared.
func (s *score) report(t *testing.T) {
	t.Logf("%d messages, %d answers compared, %d of them BINARY; BINARY of %d messages refused",
		s.messages, s.values, s.binary, s.refused)
	for why, n := range s.explained {
		t.Logf("%d differ: %s", n, why)
	}
}

// checkStale fails for names that are listed but do not differ.
func (s *score) checkStale(t *testing.T) {
	for name := range differences {
		if !s.used[name] {
			t.Errorf("%s: listed as different, but it is not", name)
		}
	}
}

// explain reports whether Dovecot's answer g equals ours, w, but for what a
// rule explains, and which rule that was.
func explain(g, w token) (why reason, ok bool) {
	switch {
	case g.equal(w):
		return "", true
	case g.leaf && w.leaf:
		if w.isNil && !g.isNil && g.text == "" {
			return missingSection, true
		}
		return "", false
	case g.leaf || w.leaf:
		return "", false
	case brokenList(g.list, w.list):
		return brokenAddresses, true
	case len(g.list) != len(w.list):
		return "", false
	}
	for i := range g.list {
		r, ok := explain(g.list[i], w.list[i])
		if !ok {
			return "", false
		}
		if r != "" {
			why = r
		}
	}
	return why, true
}

// brokenList reports whether two address lists are equal up to an address that
// Dovecot calls broken, or up to where its list ends early because of one.
func brokenList(g, w []token) bool {
	if len(w) == 0 || !slices.ContainsFunc(w, isAddress) {
		return false
	}
	for i, a := range g {
		if i < len(w) && a.equal(w[i]) {
			continue
		}
		return isAddress(a) && (strings.HasPrefix(a.list[2].text, "MISSING_") ||
			strings.HasPrefix(a.list[3].text, "MISSING_") || a.list[3].text == "SYNTAX_ERROR")
	}
	return len(g) < len(w)
}

func isAddress(t token) bool {
	return len(t.list) == 4 && !slices.ContainsFunc(t.list, func(e token) bool { return !e.leaf })
}
