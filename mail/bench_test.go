package mail

import (
	"fmt"
	"strings"
	"testing"

	"poststube/blob/dirblob"
	"poststube/directory"
	"poststube/kv/pebblekv"
	"poststube/notify/localbus"
	"poststube/uidset"
)

// newDiskWorld is newWorld on a real disk.
func newDiskWorld(b *testing.B) *world {
	w := &world{t: b, ctx: b.Context()}
	db, err := pebblekv.Open(b.TempDir(), pebblekv.Options{CacheSize: 128 << 20})
	w.must(err)
	blobs, err := dirblob.Open(b.TempDir(), dirblob.Options{})
	w.must(err)
	b.Cleanup(func() { w.must(db.Close()); w.must(blobs.Close()) })
	w.db, w.blobs = db, blobs
	bus := localbus.New()
	w.dir, err = directory.Open(w.ctx, w.db, directory.Options{Argon: directory.ArgonParams{Memory: 8, Time: 1, Threads: 1}, SCRAMIterations: -1, Bus: bus})
	w.must(err)
	for _, name := range []string{"anna", "ben"} {
		_, err := w.dir.AddPerson(w.ctx, name, "secret")
		w.must(err)
	}
	w.Engine, err = Open(w.ctx, Config{DB: w.db, Blobs: w.blobs, Bus: bus, Directory: w.dir})
	w.must(err)
	return w
}

// sample is a message of 6 KiB, the median of real mail.
func sample(n int) string {
	return letter(fmt.Sprintf("subject number %d", n)) + strings.Repeat("The quick brown fox jumps over the lazy dog.\r\n", 125)
}

// fill puts n messages into anna's INBOX.
func (w *world) fill(n int) *Mailbox {
	w.t.Helper()
	for i := 0; i < n; {
		var batch []NewMessage
		for ; i < n && len(batch) < 250; i++ {
			batch = append(batch, NewMessage{Upload: w.upload(sample(i))})
		}
		_, err := w.as("anna").Append(w.ctx, "INBOX", batch)
		w.must(err)
	}
	return w.open("anna", "INBOX")
}

func BenchmarkDeliver(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			w := newDiskWorld(b)
			text := sample(1)
			b.SetParallelism(workers / 2)
			if workers == 1 {
				for b.Loop() {
					w.Engine.Deliver(w.ctx, Envelope{To: []string{"anna"}}, w.upload(text))
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.Engine.Deliver(w.ctx, Envelope{To: []string{"anna"}}, w.upload(text))
				}
			})
		})
	}
}

const many = 20000

func BenchmarkMailbox(b *testing.B) {
	w := newDiskWorld(b)
	box := w.fill(many)
	all := uidset.Range(1, many)
	per := func(b *testing.B) {
		b.ReportMetric(float64(b.N)*many/b.Elapsed().Seconds(), "msg/s")
	}
	b.Run("State", func(b *testing.B) {
		for b.Loop() {
			_, err := box.State(w.ctx, false)
			w.must(err)
		}
	})
	b.Run("Changes", func(b *testing.B) {
		s, err := box.State(w.ctx, false)
		w.must(err)
		for b.Loop() {
			_, err := box.Changes(w.ctx, s.HighestModSeq-1)
			w.must(err)
		}
	})
	fetch := func(want Fields) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				for from := uint32(1); from != 0; {
					n := 0
					var err error
					from, err = box.Messages(w.ctx, all, from, want, func(m *Message) bool { n++; return n < 1000 })
					w.must(err)
				}
			}
			per(b)
		}
	}
	b.Run("FetchFlags", fetch(0))
	b.Run("FetchRendered", fetch(WantRendered))
	b.Run("FetchRaw", fetch(WantRaw))
	b.Run("StoreAll", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			op := AddFlags
			if i%2 == 1 {
				op = RemoveFlags
			}
			_, err := box.SetFlags(w.ctx, all, FlagChange{Op: op, Flags: Flags{System: Flagged}})
			w.must(err)
		}
		per(b)
	})
	b.Run("StoreOne", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			op := AddFlags
			if i%2 == 1 {
				op = RemoveFlags
			}
			_, err := box.SetFlags(w.ctx, uidset.Of(7), FlagChange{Op: op, Flags: Flags{System: Flagged}})
			w.must(err)
		}
	})
	b.Run("SearchUnseen", func(b *testing.B) {
		for b.Loop() {
			_, err := box.Search(w.ctx, all, &Query{Op: QNot, Sub: []*Query{{Op: QFlag, Flag: Seen}}}, false)
			w.must(err)
		}
	})
	b.Run("SearchSubject", func(b *testing.B) {
		for b.Loop() {
			_, err := box.Search(w.ctx, all, &Query{Op: QSubject, Text: "number 77"}, false)
			w.must(err)
		}
		per(b)
	})
	b.Run("CopyMoveExpunge", func(b *testing.B) {
		for b.Loop() {
			c, err := box.Copy(w.ctx, all, "Archive")
			w.must(err)
			a := w.open("anna", "Archive")
			c, err = a.Move(w.ctx, c.To, "Trash")
			w.must(err)
			t := w.open("anna", "Trash")
			_, err = t.SetFlags(w.ctx, c.To, FlagChange{Op: AddFlags, Flags: Flags{System: Deleted}})
			w.must(err)
			_, _, err = t.Expunge(w.ctx, c.To)
			w.must(err)
		}
		per(b)
	})
}

func BenchmarkCreate(b *testing.B) {
	w := newDiskWorld(b)
	u := w.as("anna")
	for i := 0; b.Loop(); i++ {
		if i%5000 == 0 {
			_, err := u.Create(w.ctx, fmt.Sprint("r", i/5000), nil)
			w.must(err)
		}
		_, err := u.Create(w.ctx, fmt.Sprintf("r%d/m%d", i/5000, i), nil)
		if KindOf(err) == Limit {
			break
		}
		w.must(err)
	}
}
