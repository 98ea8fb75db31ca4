package search

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"poststube/kv"
	"poststube/kv/pebblekv"
	"poststube/message"
)

// newDiskIndex returns an index in a store on disk.
func newDiskIndex(b *testing.B, o Options) (*Index, *pebblekv.DB, string) {
	dir := b.TempDir()
	db, err := pebblekv.Open(dir, pebblekv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return Open(db, o), db, dir
}

func writeMessage(b testing.TB, batch *Batch, number uint64, raw []byte) {
	r := bytes.NewReader(raw)
	part, err := message.Parse(r, int64(len(raw)))
	if err != nil {
		b.Fatal(err)
	}
	if err := batch.Email(number); err != nil {
		b.Fatal(err)
	}
	if err := batch.Message(part, r); err != nil {
		b.Fatal(err)
	}
}

// textSize returns the octets of the text that is indexed.
func textSize(raw []byte) (n int) {
	r := bytes.NewReader(raw)
	part, _ := message.Parse(r, int64(len(raw)))
	part.Text(r, message.AllText, func(text []byte) bool { n += len(text); return true })
	return n
}

func diskSize(b *testing.B, dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(d.Name()) == ".sst" {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// fillIndex adds n generated messages in batches of 500.
func fillIndex(b *testing.B, x *Index, g *generator, n int) {
	batch := NewBatch()
	for i := 1; i <= n; i++ {
		writeMessage(b, batch, uint64(i), g.message(i))
		if batch.Len() == 500 || i == n || batch.Full() {
			if err := x.Add(b.Context(), 1, batch, uint64(i)); err != nil {
				b.Fatal(err)
			}
			batch.Reset()
		}
	}
}

// BenchmarkFind measures searches of 10,000 and 100,000 messages.
func BenchmarkFind(b *testing.B) {
	g := newGenerator()
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if n > 10_000 && testing.Short() {
				b.Skip("LOUD: filling the index takes too long for -short")
			}
			x, db, dir := newDiskIndex(b, Options{})
			fillIndex(b, x, g, n)
			text := 0
			for i := range 1000 {
				text += textSize(g.message(i))
			}
			b.Logf("stored %d, text %d", diskSize(b, dir), text/1000*n)
			for _, c := range []struct {
				name  string
				field Field
				text  string
			}{
				{"BodyRare", Body, rareWord},
				{"TextCommon", Text, commonWord},
				{"Subject", Subject, subjectWord},
				{"From", From, fromWord},
				{"BodyAbsent", Body, "xyzzyplugh"},
				{"TextLetter", Text, "e"},
				{"TextTwoLetters", Text, "gr"},
				{"BodyPhrase", Body, "Protokoll der Sitzung"},
			} {
				find := func(b *testing.B, x *Index) {
					var res *Result
					err := db.View(b.Context(), func(r kv.Reader) (err error) {
						res, err = x.Find(b.Context(), r, 1, c.field, NewNeedle(c.text))
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(res.Certain.Len()), "certain")
					b.ReportMetric(float64(res.Possible.Len()), "possible")
				}
				b.Run(c.name+"/warm", func(b *testing.B) {
					for b.Loop() {
						find(b, x)
					}
				})
				b.Run(c.name+"/cold", func(b *testing.B) {
					for b.Loop() {
						find(b, Open(db, Options{}))
					}
				})
			}
		})
	}
}

// BenchmarkAdd measures indexing, parsing and text extraction included.
func BenchmarkAdd(b *testing.B) {
	g := newGenerator()
	var raw [][]byte
	for i := range 4000 {
		raw = append(raw, g.message(i))
	}
	x, _, _ := newDiskIndex(b, Options{})
	batch := NewBatch()
	number := uint64(0)
	for b.Loop() {
		number++
		writeMessage(b, batch, number, raw[number%uint64(len(raw))])
		if batch.Len() == 500 {
			if err := x.Add(b.Context(), 1, batch, number); err != nil {
				b.Fatal(err)
			}
			batch.Reset()
		}
	}
}
