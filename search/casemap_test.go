package search

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"poststube/message"
)

// mapPieces casemaps a text cut into pieces of n octets.
func mapPieces(m *mapper, text string, n int) string {
	var out []byte
	for len(text) > n {
		out = m.append(out, []byte(text[:n]))
		text = text[n:]
	}
	out = m.append(out, []byte(text))
	return string(m.end(out))
}

// TestMapperEveryCharacter compares each character, between marks that must be
// put in order, with the collation.
func TestMapperEveryCharacter(t *testing.T) {
	var m mapper
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r > 0x18d00 && r%61 != 0 && r>>8 != 0xe01 && !unicode.Is(unicode.M, r) {
			continue // ideographs and what is not assigned: some are enough
		}
		text := "e\u0301\u0316" + string(r) + "\u0301\u0316x"
		if got, want := mapPieces(&m, text, len(text)), string(message.AppendCasemap(nil, text)); got != want {
			t.Fatalf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}

func TestMapperPieces(t *testing.T) {
	for _, text := range []string{
		"", "plain", "Straße", "\u00e9\u0323", "e\u0301\u0323", "\u0301\u0323", "\u0323\u0301x", "漢字かな交じり文", "한국어",
		"ﬁﬂ ﷺ …", "\xff\xfe", "a\xe2\x80", "\xe2\x80\u0301", "é\xc3", "😀\u200d😀", "\xf0\x9f\x98", "İıſẞ", "Ǆ",
	} {
		want := string(message.AppendCasemap(nil, text))
		for n := 1; n <= len(text)+1; n++ {
			if got := mapPieces(new(mapper), text, n); got != want {
				t.Errorf("%+q in pieces of %d: got %+q, want %+q", text, n, got, want)
			}
		}
	}
}

// TestMapperBound holds a text of marks alone to its bound in memory, wherever it
// is cut.
func TestMapperBound(t *testing.T) {
	text := "a" + strings.Repeat("\u0323\u0301", 1000) + "é"
	want := mapPieces(new(mapper), text, len(text))
	for _, n := range []int{1, 2, 3, 127, 128, 129, 1000} {
		m := new(mapper)
		if got := mapPieces(m, text, n); got != want {
			t.Errorf("in pieces of %d the text is mapped differently", n)
		}
		if cap(m.held) > 4*maxCluster+n {
			t.Errorf("in pieces of %d, %d octets were held", n, cap(m.held))
		}
	}
}

func FuzzMapper(f *testing.F) {
	f.Add("Grüße an Ζωή", 3)
	f.Add("e\u0301\u0323\xff", 1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 1 || len(text) > 1<<12 || longestMarks(text) > maxCluster {
			return
		}
		if got, want := mapPieces(new(mapper), text, n), string(message.AppendCasemap(nil, text)); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	})
}

// longestMarks returns the octets of the longest character with its marks.
func longestMarks(text string) (longest int) {
	n := 0
	for _, r := range text {
		if !unicode.Is(unicode.M, r) {
			n = 0
		}
		n += utf8.RuneLen(r)
		longest = max(longest, n)
	}
	return longest
}
