package mail

import (
	"testing"
	"time"

	"poststube/directory"
)

// TestIndexerDue: a few emails wait for others, many do not, and nobody's wait is
// made longer by what comes later.
func TestIndexerDue(t *testing.T) {
	x := newIndexer(nil)
	start := time.Unix(1_000_000, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	expect := func(now time.Time, want time.Duration, owners ...directory.ID) {
		t.Helper()
		got, wait := x.due(now)
		if len(got) != len(owners) || len(got) > 0 && got[0] != owners[0] || wait != want {
			t.Errorf("at %v: due are %v, then in %v; want %v and %v", now.Sub(start), got, wait, owners, want)
		}
	}
	woken := func(want bool) {
		t.Helper()
		select {
		case <-x.wake:
			if !want {
				t.Error("woken without need")
			}
		default:
			if want {
				t.Error("not woken")
			}
		}
	}
	expect(at(0), time.Hour)
	x.arrived(1, 3, at(0))
	woken(true)
	expect(at(time.Second), indexDelay-time.Second)
	x.arrived(1, 4, at(10*time.Second))
	woken(false)
	expect(at(indexDelay-1), 1)
	expect(at(indexDelay), time.Hour, 1)
	expect(at(indexDelay), time.Hour)

	x.arrived(2, indexMany-1, at(0))
	woken(true)
	expect(at(0), indexDelay)
	x.arrived(2, 1, at(1))
	woken(true)
	expect(at(1), time.Hour, 2)
}
