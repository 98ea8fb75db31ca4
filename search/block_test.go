package search

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestBlockFind compares find with a look at each token.
func TestBlockFind(t *testing.T) {
	token := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 1, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfNDistinct(token, 1, 60, func(s string) string { return s }).Draw(t, "tokens")
		slices.Sort(tokens)
		b := block{tokens: len(tokens), text: []byte("\x00" + strings.Join(tokens, "\x00") + "\x00")}
		inner := token.Draw(t, "needle")
		begin, end := rapid.Bool().Draw(t, "begin"), rapid.Bool().Draw(t, "end")
		var want []int
		for i, s := range tokens {
			if strings.Contains(s, inner) && (!begin || strings.HasPrefix(s, inner)) && (!end || strings.HasSuffix(s, inner)) && (!begin || !end || s == inner) {
				want = append(want, i)
			}
		}
		if got := b.find(nil, anchored([]byte(inner), begin, end)); !slices.Equal(got, want) {
			t.Fatalf("%q in %q: got %v, want %v", anchored([]byte(inner), begin, end), tokens, got, want)
		}
	})
}

// TestFilterRows checks that a block which holds a pattern has all the bits that
// are asked for.
func TestFilterRows(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("abcdefgh\x00")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern := text.Draw(t, "pattern")
		whole := text.Draw(t, "before") + pattern + text.Draw(t, "behind")
		var w filterWriter
		w.add(nil)
		w.add([]byte(whole))
		var all []byte
		w.flush(func(part uint16, rows []byte) {
			if len(rows) > filterPart {
				t.Fatalf("part %d has %d octets", part, len(rows))
			}
			all = append(all, rows...)
		})
		if len(all) != filterRows {
			t.Fatalf("%d octets for rows of one", len(all))
		}
		rows := filterRowsFor([]byte(pattern))
		if len(pattern) >= 3 && len(rows) == 0 || len(rows) > maxFilterRows || !slices.IsSorted(rows) {
			t.Fatalf("rows %v", rows)
		}
		for _, row := range rows {
			if all[row] != 2 {
				t.Fatalf("%q lacks row %d of %q: %b", whole, row, pattern, all[row])
			}
		}
	})
}
