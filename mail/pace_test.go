package mail

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestPace: work in the background takes half of the time while others write, and
// all of it when nobody does.
func TestPace(t *testing.T) {
	elapsed := func(rests, others bool) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			e := &Engine{}
			p := e.newPace(rests)
			began := time.Now()
			for range 100 {
				time.Sleep(5 * time.Millisecond) // what the work takes
				if others {
					e.writes.Add(1)
				}
				if err := p.step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			took = time.Since(began)
		})
		return took
	}
	if took := elapsed(true, false); took != 500*time.Millisecond {
		t.Errorf("alone, 500 ms of work took %v", took)
	}
	if took := elapsed(true, true); took != time.Second {
		t.Errorf("beside others, 500 ms of work took %v, want 1s", took)
	}
	if took := elapsed(false, true); took != 500*time.Millisecond {
		t.Errorf("without rests, 500 ms of work took %v", took)
	}
}
