package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// verbs are those of fmt that sentences hold.
var verbs = regexp.MustCompile(`%(\.\d+)?[sqdvwt]`)

// translate returns an error's sentence in the user's language. What the packages
// below say is English: they serve clients of any language, and know none. Here
// their formats stand beside their German (sentences.go); what fills a format
// can be a sentence in turn. What is not known stays as it is.
func (a *app) translate(s string) string {
	if !a.german {
		return s
	}
	t := newTranslator()
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = t.sentence(line)
	}
	return strings.Join(lines, "\n")
}

// A translator holds the sentences.
type translator []pattern

type pattern struct {
	is      *regexp.Regexp
	german  string // with %s for everything
	literal int    // octets that are not verbs
}

func newTranslator() translator {
	var t translator
	for _, s := range slices.Concat(sentences(), foreignSentences()) {
		p := pattern{german: verbs.ReplaceAllString(s.de, "%s")}
		expr, rest := "", s.en
		for {
			at := verbs.FindStringIndex(rest)
			if at == nil {
				break
			}
			p.literal += at[0]
			expr += regexp.QuoteMeta(rest[:at[0]]) + hole(rest[at[1]-1])
			rest = rest[at[1]:]
		}
		p.literal += len(rest)
		p.is = regexp.MustCompile("^" + expr + regexp.QuoteMeta(rest) + "$")
		t = append(t, p)
	}
	return t
}

// hole matches what a verb may have written.
func hole(verb byte) string {
	switch verb {
	case 'd':
		return `(-?\d+)`
	case 'q':
		return `("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`
	}
	return `(.+?)`
}

// sentence translates a sentence. Names may stand before it, "users.txt:3: ".
func (t translator) sentence(s string) string {
	said, _ := t.best(s)
	return said
}

// best returns the translation that knows most octets of s, and how many.
func (t translator) best(s string) (said string, known int) {
	said = s
	for from := 0; ; {
		for _, p := range t {
			m := p.is.FindStringSubmatch(s[from:])
			if m == nil {
				continue
			}
			args, n := make([]any, len(m)-1), p.literal
			for i, arg := range m[1:] {
				text, more := t.best(arg)
				args[i], n = text, n+more
			}
			if n > known {
				said, known = s[:from]+fmt.Sprintf(p.german, args...), n
			}
		}
		next := strings.Index(s[from:], ": ")
		if next < 0 {
			return said, known
		}
		from += next + 2
	}
}
