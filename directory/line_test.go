package directory

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"poststube/storetest"
)

// TestLineIsFair: a network with a hundred logins keeps one from elsewhere waiting for
// no more than one of them.
func TestLineIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(1)
		var served []string
		login := func(from string) {
			p := prefix(netip.MustParseAddr(from))
			go func() {
				if err := l.acquire(t.Context(), p); err != nil {
					t.Error(err)
				}
				served = append(served, from)
				time.Sleep(20 * time.Millisecond) // a derivation
				l.release()
			}()
			synctest.Wait()
		}
		for range 100 {
			login("203.0.113.5")
		}
		login("192.0.2.7")
		login("203.0.113.9") // of the network of the flood
		login("192.0.3.7")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for from, most := range map[string]int{"192.0.2.7": 2, "192.0.3.7": 3} {
			if at := slices.Index(served, from); at < 0 || at > most {
				t.Errorf("%s was served after %d others", from, at)
			}
		}
		if at := slices.Index(served, "203.0.113.9"); len(served) != 103 || at != 102 {
			t.Errorf("%d were served, the last of the flood as number %d", len(served), at)
		}
		if l.free != 1 || len(l.queues) != 0 || l.count() != 103 {
			t.Errorf("in the end: %+v", l)
		}
	})
}

// TestLineWithdraw: who hangs up while waiting leaves the line.
func TestLineWithdraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(1)
		if err := l.acquire(t.Context(), netip.Prefix{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.acquire(ctx, netip.Prefix{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		l.release()
		if l.free != 1 || len(l.queues) != 0 || l.count() != 1 {
			t.Errorf("in the end: %+v", l)
		}
	})
}

// TestSameWork: whoever is named, a wrong password costs one key derivation of the
// same kind, so that the time tells nothing. It is also measured: the medians differ
// by no more than a tenth.
func TestSameWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, iterations := range []int{0, -1} { // SCRAM, argon2id
			d := open(t, storetest.NewKV(t), Options{SCRAMIterations: iterations})
			addPerson(t, d, "anna", "secret")
			addPerson(t, d, "locked", "")
			addGroup(t, d, "sales")
			for _, name := range []string{"anna", "nobody", "locked", "sales", "bad:name", "x@elsewhere.example"} {
				before := d.hashing.count()
				_, err := d.Verify(t.Context(), name, "guess", home)
				want(t, err, ErrAuth)
				if n := d.hashing.count() - before; n != 1 {
					t.Errorf("a wrong password of %s cost %d derivations", name, n)
				}
			}
		}
	})
}

// TestLoginTimes measures what TestSameWork counts.
func TestLoginTimes(t *testing.T) {
	d := open(t, storetest.NewKV(t), Options{})
	addPerson(t, d, "anna", "secret")
	names := []string{"anna", "nobody"}
	// Others use the machine: one of some tries must come out right.
	var seen []string
	for range 10 {
		times := make([][]time.Duration, len(names))
		for range 51 {
			for i, name := range names {
				a, err := d.findAccount(t.Context(), name, home)
				ok(t, err)
				begun := time.Now()
				if _, err := a.verify(t.Context(), "guess"); err != nil { // without the penalty
					t.Fatal(err)
				}
				times[i] = append(times[i], time.Since(begun))
			}
		}
		for i := range times {
			slices.Sort(times[i])
		}
		known, unknown := times[0][25], times[1][25]
		if float64(max(known, unknown)) <= 1.1*float64(min(known, unknown)) {
			t.Logf("tried: medians %v and %v", known, unknown)
			return
		}
		seen = append(seen, fmt.Sprintf("%v and %v", known, unknown))
	}
	t.Errorf("the medians of a wrong password and an unknown name differ by more than a tenth: %s", strings.Join(seen, ", "))
}
