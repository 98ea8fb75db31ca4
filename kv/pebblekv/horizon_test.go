package pebblekv

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// TestHorizon settles tickets in random order and checks who may go on.
func TestHorizon(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ops := rapid.SliceOf(rapid.IntRange(0, 9)).Draw(rt, "ops")
		synctest.Test(t, func(t *testing.T) { runHorizon(t, ops) })
	})
}

func runHorizon(t *testing.T, ops []int) {
	var h horizon
	var mu sync.Mutex
	waiting := map[uint64]int{} // goroutines by mark
	var open []uint64
	check := func() {
		synctest.Wait()
		oldest := h.issued.Load()
		if len(open) > 0 {
			oldest = slices.Min(open)
		}
		mu.Lock()
		defer mu.Unlock()
		for mark, n := range waiting {
			if mark <= oldest && n != 0 {
				t.Errorf("%d wait for mark %d though everything below %d is settled", n, mark, oldest)
			}
		}
		for mark := range h.issued.Load() + 1 {
			if mark > oldest && h.low.Load() >= mark {
				t.Errorf("mark %d is reached though ticket %d is open", mark, oldest)
			}
		}
	}
	for _, op := range ops {
		switch {
		case op < 4:
			open = append(open, h.begin())
		case op < 8 && len(open) > 0:
			i := op % len(open)
			h.settle(open[i])
			open = slices.Delete(open, i, i+1)
		default:
			mark := h.mark()
			mu.Lock()
			waiting[mark]++
			mu.Unlock()
			go func() {
				h.wait(mark)
				mu.Lock()
				waiting[mark]--
				mu.Unlock()
			}()
		}
		check()
	}
	for _, ticket := range open {
		h.settle(ticket)
	}
	open = nil
	check()
	if len(h.open) != 0 || h.low.Load() != h.issued.Load() {
		t.Errorf("at rest %d tickets are open, low is %d of %d", len(h.open), h.low.Load(), h.issued.Load())
	}
}
