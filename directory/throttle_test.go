package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"poststube/storetest"
)

func from(addr string) Origin {
	return Origin{Remote: netip.MustParseAddr(addr), Proto: "imap", Mech: "LOGIN"}
}

// timed returns how long a login takes in virtual time.
func timed(t *testing.T, d *Directory, name, password string, o Origin, kind error) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := d.Verify(t.Context(), name, password, o); err != kind {
		t.Errorf("Verify(%q, %q): %v, want %v", name, password, err, kind)
	}
	return time.Since(start)
}

func TestPenaltyGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		addPerson(t, d, "anna", "secret")
		attacker := from("203.0.113.5")
		var times []time.Duration
		for range 7 {
			times = append(times, timed(t, d, "anna", "guess", attacker, ErrAuth))
		}
		if fmt.Sprint(times) != "[1s 2s 4s 8s 15s 15s 15s]" {
			t.Errorf("answers came after %v", times)
		}
		// Neighbours of the attacker are slowed, the owner elsewhere is not,
		// nor are other accounts.
		if d := timed(t, d, "anna", "guess", from("203.0.113.77"), ErrAuth); d != 15*time.Second {
			t.Errorf("same /24: %v", d)
		}
		if d := timed(t, d, "anna", "secret", from("203.0.112.5"), nil); d != 0 {
			t.Errorf("the owner from elsewhere waited %v", d)
		}
		if d := timed(t, d, "ben", "guess", attacker, ErrAuth); d != time.Second {
			t.Errorf("another account: %v", d)
		}
		// Nothing is forgotten by a success elsewhere, all by one here.
		if d := timed(t, d, "anna", "guess", attacker, ErrAuth); d != 15*time.Second {
			t.Errorf("after a success elsewhere: %v", d)
		}
		if d := timed(t, d, "ANNA@example.org", "secret", attacker, nil); d != 0 {
			t.Errorf("a success after all answers: %v", d)
		}
		if d := timed(t, d, "anna", "guess", attacker, ErrAuth); d != time.Second {
			t.Errorf("after a success: %v", d)
		}
		ok(t, sleep(t.Context(), forgetAfter+time.Second))
		if d := timed(t, d, "anna", "guess", attacker, ErrAuth); d != time.Second {
			t.Errorf("after an hour: %v", d)
		}
	})
}

func TestPenaltyPrefix(t *testing.T) {
	for addr, expected := range map[string]string{
		"192.0.2.7":         "192.0.2.0/24",
		"::ffff:192.0.2.7":  "192.0.2.0/24",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"fe80::1%eth0":      "fe80::/64",
	} {
		if got := prefix(netip.MustParseAddr(addr)).String(); got != expected {
			t.Errorf("prefix(%s) = %s, want %s", addr, got, expected)
		}
	}
	if p := prefix(netip.Addr{}); p.IsValid() {
		t.Errorf("a unix socket has prefix %v", p)
	}
}

// TestParallelGuesses: many connections at once gain an attacker nothing.
func TestParallelGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log recorder
		o := cheap()
		o.Log = slog.New(&log)
		d := open(t, storetest.NewKV(t), o)
		addPerson(t, d, "anna", "secret")
		attacker := from("203.0.113.5")
		for range 4 {
			timed(t, d, "anna", "guess", attacker, ErrAuth)
		}
		log.take()
		start := time.Now()
		var mu sync.Mutex
		answers := map[time.Duration]int{}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := d.Verify(t.Context(), "anna", "guess", attacker)
				if err != ErrAuth {
					t.Errorf("got %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				answers[time.Since(start)]++
			})
		}
		wg.Wait()
		judged := 0
		for _, r := range log.take() {
			if r["reason"] == "password" {
				judged++
			}
		}
		// The line is a minute long and has a place each 8 to 15 seconds.
		if judged < 4 || judged > 9 {
			t.Errorf("%d of 20 guesses at once were judged; answers: %v", judged, answers)
		}
		for after := range answers {
			if after < 8*time.Second || after > maxWait+maxDelay {
				t.Errorf("an answer came after %v", after)
			}
		}
		// The owner behind the same address gets in once the line is empty.
		if d := timed(t, d, "anna", "secret", attacker, nil); d > maxDelay {
			t.Errorf("the owner waited %v", d)
		}
	})
}

// TestManyGoodLogins: programs that log in often, as webmail does from one
// address, never wait.
func TestManyGoodLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		addPerson(t, d, "anna", "secret")
		start := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := d.Verify(t.Context(), "anna", "secret", home); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestCancelledWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		addPerson(t, d, "anna", "secret")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := d.Verify(ctx, "anna", "guess", home)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 300*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		// Hanging up does not save the penalty.
		if waited := timed(t, d, "anna", "secret", home, nil); waited != 700*time.Millisecond {
			t.Errorf("the next login waited %v", waited)
		}
	})
}

func TestThrottleBounded(t *testing.T) {
	th := newThrottle(nil)
	for i := range 10 * maxPairs {
		th.fail(th.pairOf(0, fmt.Sprint(i), home.Remote), time.Now())
	}
	if n := th.pairs.len(); n > maxPairs {
		t.Errorf("%d pairs, more than %d", n, maxPairs)
	}
}

func TestCache(t *testing.T) {
	c := newCache[int, int](10)
	for i := range 100 {
		c.put(i, i, c.mark())
		if _, found := c.get(0); !found {
			t.Fatalf("the entry used last is gone after %d", i)
		}
	}
	if n := c.len(); n > 20 {
		t.Errorf("%d entries", n)
	}
	if _, found := c.get(50); found {
		t.Error("an entry not used for long is still there")
	}
	mark := c.mark()
	c.drop(0)
	c.put(0, 1, mark)
	if _, found := c.get(0); found {
		t.Error("an answer from before a change was stored after it")
	}
	mark = c.mark()
	c.clear()
	c.put(1, 1, mark)
	if c.len() != 0 {
		t.Errorf("%d entries after clear", c.len())
	}
}
