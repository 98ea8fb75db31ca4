package directory

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Penalties for failed logins. They hang on the pair of account and address
// prefix: an attacker slows only himself, never the owner of the account, who
// comes from elsewhere.
const (
	firstDelay  = time.Second      // after one failure, doubled with each further one
	maxDelay    = 15 * time.Second // stays below the patience of mail programs
	maxWait     = time.Minute      // attempts in parallel wait in line no longer
	forgetAfter = time.Hour        // without a failure
	maxPairs    = 16384            // pairs remembered; under 2 MB
)

// A pair is what a penalty hangs on.
type pair struct {
	account uint64       // an id, or a hash of a name that does not exist
	prefix  netip.Prefix // of 24 or 64 bits
}

// pairOf takes for an account that does not exist the spelling of fakeName. The
// hash keeps the table small whatever names attackers think of.
func (t *throttle) pairOf(id ID, name string, remote netip.Addr) pair {
	p := pair{uint64(id), prefix(remote)}
	if id == 0 {
		p.account = maphash.String(t.seed, name) | 1<<63
	}
	return p
}

type penalty struct {
	failures int
	next     time.Time // when the next attempt may begin
	last     time.Time // when an attempt failed
}

// A throttle hands out the times at which attempts may be answered.
type throttle struct {
	now   func() time.Time
	seed  maphash.Seed
	mu    sync.Mutex
	pairs *cache[pair, penalty]
}

func newThrottle(now func() time.Time) *throttle {
	if now == nil {
		now = time.Now
	}
	return &throttle{now: now, seed: maphash.MakeSeed(), pairs: newCache[pair, penalty](maxPairs / 2)}
}

// prefix cuts an address to what one customer usually has: /24 or /64.
func prefix(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // fails only for the zero Addr, a unix socket
	return p
}

// begin returns how long an attempt must wait before it is judged; ok is false
// when the line is too long to be let in at all. Without failures before, it
// never waits. Attempts in parallel wait one after the other.
func (t *throttle) begin(p pair) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pen, found := t.pairs.get(p)
	now := t.now()
	if !found || now.Sub(pen.last) > forgetAfter {
		return 0, true
	}
	start := pen.next
	if start.Before(now) {
		start = now
	}
	if wait = start.Sub(now); wait > maxWait {
		return maxWait, false
	}
	pen.next = start.Add(delay(pen.failures))
	t.pairs.add(p, pen)
	return wait, true
}

// fail records a failure of an attempt that began at a time, and returns when
// it may be answered.
func (t *throttle) fail(p pair, began time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	pen, _ := t.pairs.get(p)
	if began.Sub(pen.last) > forgetAfter {
		pen = penalty{}
	}
	pen.failures++
	pen.last = began
	answer := began.Add(delay(pen.failures))
	if pen.next.Before(answer) {
		pen.next = answer
	}
	t.pairs.add(p, pen)
	return answer
}

// succeed forgets the failures of a pair.
func (t *throttle) succeed(p pair) { t.pairs.drop(p) }

func delay(failures int) time.Duration {
	d := firstDelay
	for i := 1; i < failures && d < maxDelay; i++ {
		d *= 2
	}
	return min(d, maxDelay)
}

// sleep waits on a timer that a context can end.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
