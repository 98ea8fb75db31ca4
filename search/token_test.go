package search

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// tokensOf cuts a text, given in pieces of n octets.
func tokensOf(class *classTable, text string, n int) (list []string) {
	s := splitter{class: class}
	yield := func(token []byte) { list = append(list, string(token)) }
	for rest := []byte(text); len(rest) > 0; {
		k := min(n, len(rest))
		s.split(rest[:k], yield)
		rest = rest[k:]
	}
	s.end(yield)
	return list
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		class *classTable
		text  string
		want  []string
	}{
		{words, "", nil},
		{words, " \r\n\t", nil},
		{words, "ANNA <ANNA@EXAMPLE.ORG>, BEN", []string{"ANNA", "ANNA@EXAMPLE.ORG", "BEN"}},
		{words, "A«B»C—D。E", []string{"A", "B", "C", "D", "E"}},
		{words, "GRU\u0308SSE", []string{"GRU\u0308SSE"}},
		{words, "ENDE.", []string{"ENDE."}},
		{words, "漢字", []string{"漢字"}},
		{phrases, "ANNA <A@B>, BEN\nCLARA", []string{"ANNA <A@B>", " BEN", "CLARA"}},
		{phrases, "A«B» — C", []string{"A«B» — C"}},
	} {
		if got := tokensOf(c.class, c.text, len(c.text)+1); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// TestWindows cuts runs of every length and looks for each part of up to
// sureToken octets in one window, and for the ends of the run at those of the
// first and last.
func TestWindows(t *testing.T) {
	run := make([]byte, 0, 1000)
	for i := 0; len(run) < 900; i++ {
		run = fmt.Append(run, i, "X")
	}
	for n := 1; n <= len(run); n += 7 {
		run := run[:n]
		list := tokensOf(words, string(run), 50)
		whole := tokensOf(words, string(run), n)
		if !slices.Equal(list, whole) {
			t.Fatalf("a run of %d is cut differently in pieces: %q, %q", n, list, whole)
		}
		for _, token := range list {
			if len(token) > maxToken || !bytes.Contains(run, []byte(token)) {
				t.Fatalf("a run of %d has the token %q", n, token)
			}
		}
		size := min(n, sureToken)
		if !bytes.HasPrefix([]byte(list[0]), run[:size]) || !bytes.HasSuffix([]byte(list[len(list)-1]), run[n-size:]) {
			t.Fatalf("a run of %d has the ends %q and %q", n, list[0], list[len(list)-1])
		}
		for i := 0; i+size <= n; i++ {
			part := string(run[i : i+size])
			if !slices.ContainsFunc(list, func(token string) bool { return bytes.Contains([]byte(token), []byte(part)) }) {
				t.Fatalf("a run of %d: no window has the octets from %d on", n, i)
			}
		}
	}
}
