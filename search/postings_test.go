package search

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPostings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bitmap
		from, span := rapid.Uint16().Draw(t, "from"), rapid.SampledFrom([]int{1, 50, 700, 65535}).Draw(t, "span")
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			b.add(uint16(min(65535, int(from)+rapid.IntRange(0, span).Draw(t, "doc"))))
		}
		docs := b.appendDocs(nil)
		if len(docs) != b.count() || !slices.IsSorted(docs) {
			t.Fatalf("%d emails of %d", len(docs), b.count())
		}
		p := appendPosting(nil, docs)
		var back bitmap
		if err := back.addPosting(p); err != nil || back != b {
			t.Fatalf("%v is read as %v: %v", docs, back.appendDocs(nil), err)
		}
		var tmp bitmap
		list, err := appendPostingDocs([]uint16{7}, p, &tmp)
		if err != nil || !slices.Equal(list[1:], docs) || tmp != (bitmap{}) {
			t.Fatalf("%v is listed as %v: %v", docs, list, err)
		}
		if limit := 3*len(docs) + 12; len(p) > limit {
			t.Fatalf("%d emails take %d octets", len(docs), len(p))
		}
	})
}

// TestPostingsDense holds a list of all emails to the size of a bitmap.
func TestPostingsDense(t *testing.T) {
	docs := make([]uint16, chunkEmails)
	for i := range docs {
		docs[i] = uint16(i)
	}
	if p := appendPosting(nil, docs); len(p) != 2+chunkEmails/8 {
		t.Errorf("all emails take %d octets", len(p))
	}
}

func TestPostingsDamaged(t *testing.T) {
	for _, p := range [][]byte{
		{}, {2}, {formList, 0x80}, {formList, 0xff, 0xff, 0x03, 0}, {formList, 0xff, 0xff, 0x04},
		{formBitmap}, {formBitmap, 0x80, 8}, {formBitmap, 0, 1, 2}, append([]byte{formBitmap, 0xff, 7}, make([]byte, 16)...),
	} {
		var b, tmp bitmap
		if err := b.addPosting(p); !errors.Is(err, ErrDamaged) {
			t.Errorf("%x: %v", p, err)
		}
		if _, err := appendPostingDocs(nil, p, &tmp); !errors.Is(err, ErrDamaged) {
			t.Errorf("%x as a list: %v", p, err)
		}
	}
}

// FuzzStored reads octets as each of the stored forms: what is accepted must be
// consistent, and nothing may panic.
func FuzzStored(f *testing.F) {
	f.Add(byte(0), appendPosting(nil, []uint16{1, 2, 3, 500}))
	f.Add(byte(1), []byte("\x02\x00\x00ABC\x00DEF\x00"))
	f.Add(byte(1), []byte("\x02\x01\x01\x00ABC\x00DEF\x00"))
	f.Add(byte(2), append([]byte{2, 4, 11}, appendPosting(nil, []uint16{1, 2, 3, 4})...))
	f.Add(byte(3), (&manifest{form: "f", next: 3, indexed: 9, building: []uint64{2}, segments: []segment{{id: 1, docs: 5}}}).encode())
	f.Fuzz(func(t *testing.T, form byte, v []byte) {
		switch form % 4 {
		case 0:
			var b, c, tmp bitmap
			errB := b.addPosting(v)
			docs, errC := appendPostingDocs(nil, v, &tmp)
			for _, d := range docs {
				c.add(d)
			}
			if (errB == nil) != (errC == nil) || errB == nil && b != c {
				t.Errorf("read as %v and as %v: %v, %v", b.appendDocs(nil), docs, errB, errC)
			}
		case 1:
			var b block
			if b.decode(v) != nil {
				return
			}
			for _, pattern := range []string{"A", "\x00A", "A\x00", "\x00ABC\x00"} {
				list := b.find(nil, []byte(pattern))
				if !slices.IsSorted(list) || len(list) > 0 && list[len(list)-1] >= b.tokens {
					t.Errorf("%q: found %v of %d", pattern, list, b.tokens)
				}
				for _, token := range list {
					if p := b.partOf(token); b.parts[p] > token {
						t.Errorf("token %d in part %d of %v", token, p, b.parts)
					}
				}
			}
		case 2:
			p, err := decodePostings(v)
			for n := 0; err == nil; n++ {
				q := p
				var single uint16
				var list []byte
				if single, list, err = p.next(); err != nil {
					break
				}
				if list != nil && single != 0 {
					t.Errorf("both %d and %x", single, list)
				}
				if q.skip(1) != nil || len(q.heads) != len(p.heads) || len(q.lists) != len(p.lists) {
					t.Errorf("token %d is skipped differently", n)
				}
			}
		case 3:
			m, err := decodeManifest(v)
			if err != nil {
				return
			}
			again, err := decodeManifest(m.encode())
			if err != nil || !slices.Equal(again.segments, m.segments) || !slices.Equal(again.building, m.building) ||
				again.indexed != m.indexed || again.form != m.form || again.next != m.next || again.generation != m.generation {
				t.Errorf("%+v is read as %+v: %v", m, again, err)
			}
		}
	})
}
