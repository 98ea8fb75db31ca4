package message

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// drawPart makes a random tree that could be a message.
func drawPart(t *rapid.T, start int64, depth int) *Part {
	word := rapid.OneOf(rapid.SampledFrom(storedWords[:]), rapid.StringN(1, 10, 20))
	params := func(label string) []Param {
		var list []Param
		for range rapid.IntRange(0, 3).Draw(t, label) {
			list = append(list, Param{word.Draw(t, "name"), word.Draw(t, "value")})
		}
		return list
	}
	gap := rapid.Int64Range(0, 1<<20)
	p := &Part{Type: word.Draw(t, "type"), Subtype: word.Draw(t, "subtype"), Params: params("params")}
	p.HeaderStart = start + gap.Draw(t, "gap")
	p.BodyStart = p.HeaderStart + gap.Draw(t, "header")
	p.End = p.BodyStart
	if rapid.Bool().Draw(t, "more") {
		p.Encoding, p.ID, p.Location = word.Draw(t, "encoding"), word.Draw(t, "id"), word.Draw(t, "location")
		p.Language = rapid.SliceOfN(word, 1, 3).Draw(t, "language")
		p.Disposition, p.DispositionParams = word.Draw(t, "disposition"), params("disposition params")
	}
	if depth < 4 {
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			c := drawPart(t, p.End, depth+1)
			p.Children = append(p.Children, c)
			p.End = c.End
		}
	}
	p.End += gap.Draw(t, "rest")
	p.Lines = rapid.Int64Range(0, p.Size()).Draw(t, "lines")
	return p
}

func TestStructureRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPart(t, 0, 0)
		got, err := ParseStructure(p.AppendStructure(nil))
		if err != nil {
			t.Fatal(err)
		}
		if want := storedPart(p); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// TestStructureDamaged: no damage goes unnoticed where it would break what
// callers rely on.
func TestStructureDamaged(t *testing.T) {
	good := parseString(t, rfcExample).AppendStructure(nil)
	for n := range good {
		if _, err := ParseStructure(good[:n]); !errors.Is(err, ErrStructure) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := ParseStructure(append(good, 0)); !errors.Is(err, ErrStructure) {
		t.Errorf("octet behind: %v", err)
	}
	for i := range good {
		for bit := range 8 {
			damaged := append([]byte(nil), good...)
			damaged[i] ^= 1 << bit
			if p, err := ParseStructure(damaged); err == nil {
				checkOffsets(t, p, 0, maxOffset)
			} else if !errors.Is(err, ErrStructure) {
				t.Errorf("octet %d: %v", i, err)
			}
		}
	}
	for _, b := range [][]byte{nil, {}, {0}, {structureVersion + 1, 0, 0, 0, 0, 0, 0, 2}, {structureVersion}, {structureVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}} {
		if _, err := ParseStructure(b); !errors.Is(err, ErrStructure) {
			t.Errorf("%x: %v", b, err)
		}
	}
}

// checkOffsets checks that parts lie within each other in order.
func checkOffsets(t testing.TB, p *Part, start, end int64) {
	t.Helper()
	if p.HeaderStart < start || p.BodyStart < p.HeaderStart || p.End < p.BodyStart || p.End > end || p.Lines < 0 || p.Lines > p.Size() {
		t.Errorf("part %d %d %d within [%d,%d)", p.HeaderStart, p.BodyStart, p.End, start, end)
	}
	start = p.BodyStart
	for _, c := range p.Children {
		checkOffsets(t, c, start, p.End)
		start = c.End
	}
}

// TestStructureSize holds the size of what is stored with every message.
func TestStructureSize(t *testing.T) {
	for _, tt := range []struct {
		in  string
		max int
	}{
		{"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + rfcExample, 16},
		{string(typicalMail(1)), 48},
	} {
		if got := len(parseString(t, tt.in).AppendStructure(nil)); got > tt.max {
			t.Errorf("%d octets, at most %d wanted", got, tt.max)
		}
	}
	if len(storedWords) > math.MaxInt8/2+1 {
		t.Errorf("%d stored words do not fit in one octet", len(storedWords))
	}
}
