package mail

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"poststube/uidset"
)

// TestSearchByDay compares searches by internal date with the dates themselves,
// for messages that come in any order, from any zone, over several blocks.
func TestSearchByDay(t *testing.T) {
	w := newWorld(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	up := w.upload(letter("x"))
	box, dates := 0, []time.Time(nil)
	rapid.Check(t, func(rt *rapid.T) {
		w.t = rt
		box++
		name := "Days" + time.Duration(box).String()
		_, err := w.as("anna").Create(w.ctx, name, nil)
		w.must(err)
		dates = dates[:0]
		var msgs []NewMessage
		sorted := rapid.Bool().Draw(rt, "sorted")
		for i := range rapid.IntRange(1, 3*blockSize).Draw(rt, "messages") {
			d := start.Add(time.Duration(i) * time.Hour)
			if !sorted {
				d = start.Add(time.Duration(rapid.IntRange(-5000, 5000).Draw(rt, "hours")) * time.Hour)
			}
			d = d.In(time.FixedZone("", rapid.SampledFrom([]int{0, -12 * 3600, 14 * 3600}).Draw(rt, "zone")))
			dates = append(dates, d)
			msgs = append(msgs, NewMessage{Upload: up, InternalDate: d})
		}
		_, err = w.as("anna").Append(w.ctx, name, msgs)
		w.must(err)
		b := w.open("anna", name)
		day := start.AddDate(0, 0, rapid.IntRange(-30, 60).Draw(rt, "day"))
		n := dayOf(day)
		for op, match := range map[QueryOp]func(int64) bool{
			QBefore: func(d int64) bool { return d < n }, QOn: func(d int64) bool { return d == n }, QSince: func(d int64) bool { return d >= n },
		} {
			f, err := b.Search(w.ctx, uidset.Range(1, uint32(len(msgs))), &Query{Op: op, Date: day}, false)
			w.must(err)
			for i, d := range dates {
				if got := f.UIDs.Contains(uint32(i + 1)); got != match(dayOf(d)) {
					rt.Fatalf("op %d, day %v: message of %v: %v", op, day, d, got)
				}
			}
		}
	})
	for p, err := range w.Check(w.ctx, CheckOptions{}) {
		t.Errorf("check: %v %v", p, err)
	}
}
