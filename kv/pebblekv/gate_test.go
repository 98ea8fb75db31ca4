package pebblekv

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		for range 2 {
			if !g.enter() {
				t.Fatal("an open gate refuses")
			}
		}
		var closed atomic.Bool
		go func() {
			if !g.close() {
				t.Error("the first close says that it is not")
			}
			closed.Store(true)
		}()
		synctest.Wait()
		if g.enter() {
			t.Error("a closed gate lets in")
		}
		g.leave()
		synctest.Wait()
		if closed.Load() {
			t.Error("close does not wait for the last call")
		}
		g.leave()
		synctest.Wait()
		if !closed.Load() {
			t.Error("close waits for nobody")
		}
		if g.close() {
			t.Error("a gate is closed twice")
		}
	})
}

// TestGateRace closes the gate under load: after close nobody is inside.
func TestGateRace(t *testing.T) {
	for range 200 {
		g := newGate()
		var done atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for g.enter() {
					if done.Load() {
						t.Error("a call is inside after close")
					}
					g.leave()
				}
			})
		}
		g.close()
		done.Store(true)
		wg.Wait()
	}
}
