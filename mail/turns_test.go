package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"poststube/directory"
)

// work is a command of so many milliseconds, which writes its user's name for each
// slice of the time. In the bubble only waiting takes time, so its clock is its own.
func work(ctx context.Context, s *turns, user directory.ID, limit time.Duration, ms int, slice func()) error {
	clock := time.Now()
	t := &Turn{turns: s, user: user, limit: limit, now: func() time.Time { return clock }}
	t.since = clock
	defer t.End()
	for i := range ms {
		if err := t.Step(ctx); err != nil {
			return err
		}
		if t.holds && i%20 == 0 {
			slice()
			time.Sleep(time.Millisecond) // lets others come
		}
		clock = clock.Add(time.Millisecond)
	}
	return nil
}

// TestTurnsAreFair: a user with ten long commands gets no more than a user with
// one, and short work waits for nobody.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &turns{free: 1}
		var order []string
		run := func(user directory.ID, ms int) {
			go func() {
				if err := work(t.Context(), s, user, 0, ms, func() { order = append(order, fmt.Sprint(user)) }); err != nil {
					t.Error(err)
				}
			}()
		}
		for range 10 {
			run(1, 200)
		}
		time.Sleep(time.Microsecond)
		run(2, 200)
		time.Sleep(time.Microsecond)
		before := time.Now()
		if err := work(t.Context(), s, 3, 0, 10, func() { t.Error("short work took a place") }); err != nil || time.Since(before) > 0 {
			t.Errorf("short work: %v, %v", err, time.Since(before))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got := strings.Join(order, "")
		// Until the second user is done, it has every other turn.
		first := got[:strings.LastIndex(got, "2")+1]
		if ones, twos := strings.Count(first, "1"), strings.Count(first, "2"); twos < 5 || ones > twos+3 {
			t.Errorf("turns: %s", got)
		}
		if s.free != 1 || len(s.queues) != 0 {
			t.Errorf("%d places are free, %d users wait", s.free, len(s.queues))
		}
	})
}

// TestTurnLimit: work beyond the limit fails with Limit, waiting does not count, and
// what is cancelled while it waits leaves the line.
func TestTurnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &turns{free: 1}
		nothing := func() {}
		for _, ms := range []int{100, 101, 102} { // the last step is before the last millisecond
			err := work(t.Context(), s, 1, 100*time.Millisecond, ms, nothing)
			if late := ms > 101; late != (KindOf(err) == Limit && err != nil) {
				t.Errorf("%d ms of 100: %v", ms, err)
			}
		}
		s.free = 0 // somebody works
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- work(ctx, s, 1, time.Second, 100, nothing) }()
		time.Sleep(time.Hour)
		select {
		case err := <-done:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		go func() { done <- work(t.Context(), s, 1, time.Second, 100, nothing) }()
		time.Sleep(time.Hour)
		s.release()
		if err := <-done; err != nil {
			t.Errorf("waiting counted as work: %v", err)
		}
		if s.free != 1 || len(s.queues) != 0 {
			t.Errorf("%d places are free, %d users wait", s.free, len(s.queues))
		}
	})
}

// TestTurnRenew: whoever has something to show for the work may go on.
func TestTurnRenew(t *testing.T) {
	clock := time.Now()
	turn := &Turn{turns: &turns{free: 1}, limit: time.Second, now: func() time.Time { return clock }}
	turn.since = clock
	for range 10 {
		clock = clock.Add(900 * time.Millisecond)
		if err := turn.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		turn.Renew()
		clock = clock.Add(time.Hour) // the client reads
	}
	var none *Turn
	none.Pause()
	none.Renew()
	if err := none.Step(t.Context()); err != nil {
		t.Error(err)
	}
}
