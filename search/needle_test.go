package search

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMatcher compares a Matcher with brute force, on one text after another.
func TestMatcher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := randomText.Draw(t, "needle")
		m := NewNeedle(text).Matcher()
		for range 4 {
			parts := rapid.SliceOfN(randomText, 0, 4).Draw(t, "parts")
			if rapid.Bool().Draw(t, "hit") {
				parts = append(parts, text)
			}
			whole := strings.Join(parts, "")
			found := false
			for rest := whole; len(rest) > 0 && !found; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "cut")
				found = m.Write([]byte(rest[:n]))
				rest = rest[n:]
			}
			want := strings.Contains(casemap(whole), casemap(text))
			if found && !want {
				t.Fatalf("%q is found in %q too early", text, whole)
			}
			if got := m.End(); got != want {
				t.Fatalf("%q in %q: %v", text, whole, got)
			}
		}
	})
}

func TestTerms(t *testing.T) {
	long := strings.Repeat("x", 70) + "y"
	for _, c := range []struct {
		class *classTable
		text  string
		want  string // zeros shown as |
		exact bool
	}{
		{words, "word", "WORD", true},
		{words, " word", "|WORD", false},
		{words, "word ", "WORD|", false},
		{words, "(word)", "|WORD|", false},
		{words, "one two three", "ONE|  |TWO|  |THREE", false},
		{words, " ... ", "|...|", false},
		{words, " , ", "", false},
		{words, long, strings.ToUpper(long[:64] + "  " + long[7:]), false},
		{words, " " + long + " ", strings.ToUpper("|" + long[:64] + "  " + long[7:] + "|"), false},
		{phrases, "anna <anna@example.org>", "ANNA <ANNA@EXAMPLE.ORG>", true},
		{phrases, "anna, ben", "ANNA|  | BEN", false},
	} {
		terms, exact := NewNeedle(c.text).terms(c.class)
		var list []string
		for _, term := range terms {
			list = append(list, strings.ReplaceAll(string(term), "\x00", "|"))
		}
		if got := strings.Join(list, "  "); got != c.want || exact != c.exact {
			t.Errorf("%q: got %q, %v; want %q, %v", c.text, got, exact, c.want, c.exact)
		}
	}
}

// TestFewCandidates holds needles of several words to the emails in which the
// words end where they must.
func TestFewCandidates(t *testing.T) {
	m := newMailbox(t)
	m.add("rote Beeren essen", "rote Beerenernte", "Karotte: Beeren", "Morgenrote Beeren", "beeren rote")
	for _, c := range []struct {
		text string
		want int
	}{
		{"rote beeren", 4}, {"rote beeren ", 3}, {" rote beeren", 3}, {"te beeren e", 1}, {"beeren essen", 1},
		{"rote beerene", 1}, {"rote  beeren", 4}, {"beere rote", 0}, {"rote b essen", 0},
	} {
		if got := m.check(Body, c.text).Possible.Len(); got != c.want {
			t.Errorf("%q: %d candidates, want %d", c.text, got, c.want)
		}
	}
}
