package mail

import (
	"context"
	"runtime"
	"sync"
	"time"

	"poststube/directory"
)

// Work that takes long takes turns, so that no number of searches delays what
// others do: beyond a free start, a command works only while it holds one of a
// few places, and after a slice of time it goes behind the others that wait.
// Users take turns, and the commands of a user among themselves, so that many
// sessions get nobody more. See docs/decisions/overload.md.
const (
	freeWork  = 20 * time.Millisecond // nearly all commands end within it
	workSlice = 20 * time.Millisecond

	stepEvery = 16 // messages
)

// turns hands out the places.
type turns struct {
	mu     sync.Mutex
	free   int
	queues []*turnQueue // of users with commands that wait, next first
}

// A turnQueue is the commands of a user that wait.
type turnQueue struct {
	user  directory.ID
	waits []*Turn
}

// newTurns leaves a processor for short work, if there are several.
func newTurns() *turns { return &turns{free: max(1, runtime.GOMAXPROCS(0)-1)} }

// A Turn is what one command may work. It belongs to one goroutine at a time. A
// nil Turn allows everything.
type Turn struct {
	turns *turns
	user  directory.ID
	limit time.Duration // 0: none
	now   func() time.Time

	holds bool          // a place; of turns.mu while waiting
	ready chan struct{} // closed when a place is ours
	since time.Time     // when work began; zero while paused, as before the first Step
	used  time.Duration // worked before since
}

type turnKey struct{}

// WithTurn returns a context for work that may take long, and its Turn, of which
// End must be called. The work fails with Limit when it has taken longer than
// limit; time in which it waits for its turn, or is paused, does not count. Loops
// of the engine call Step by themselves.
func (u *User) WithTurn(ctx context.Context, limit time.Duration) (context.Context, *Turn) {
	t := &Turn{turns: u.engine.turns, user: u.principal.ID, limit: limit, now: time.Now}
	return context.WithValue(ctx, turnKey{}, t), t
}

// turnOf returns the Turn of a context, or nil.
func turnOf(ctx context.Context) *Turn {
	t, _ := ctx.Value(turnKey{}).(*Turn)
	return t
}

// Step is called at least every few milliseconds of work. It waits while it is the
// turn of others; an error of kind Limit, or of ctx, ends the work.
func (t *Turn) Step(ctx context.Context) error {
	if t == nil {
		return nil
	}
	now := t.now()
	if t.since.IsZero() {
		t.since = now
	}
	worked := now.Sub(t.since)
	if t.limit > 0 && t.used+worked > t.limit {
		t.Pause()
		return fail(Limit, "the command takes more work than %v: ask for less, such as fewer messages", t.limit)
	}
	if t.holds && worked < workSlice || !t.holds && t.used+worked < freeWork {
		return nil
	}
	t.used, t.since = t.used+worked, now
	return t.wait(ctx)
}

// Take is Step for work that is known to be much: it begins with a place.
func (t *Turn) Take(ctx context.Context) error {
	t.Pause()
	t.since = t.now()
	return t.wait(ctx)
}

// wait gets a place, or the same again.
func (t *Turn) wait(ctx context.Context) error {
	if t.turns.next(t) {
		return nil
	}
	select {
	case <-t.ready:
		t.since = t.now()
		return nil
	case <-ctx.Done():
		t.turns.withdraw(t)
		t.since = time.Time{}
		return ctx.Err()
	}
}

// Pause stops the clock and leaves the place to others. It is called before
// anything else is waited for, such as the client; the next Step goes on.
func (t *Turn) Pause() {
	if t == nil || t.since.IsZero() {
		return
	}
	t.used += t.now().Sub(t.since)
	t.since = time.Time{}
	if t.holds {
		t.holds = false
		t.turns.release()
	}
}

// Renew gives the whole limit again, to a command that has something to show for
// its work.
func (t *Turn) Renew() {
	if t != nil {
		t.Pause()
		t.used = min(t.used, freeWork)
	}
}

// End is the end of the work.
func (t *Turn) End() { t.Pause() }

// next puts t, with or without a place, behind those who wait, and hands out the
// places that there are. It reports whether t has got one.
func (s *turns) next(t *Turn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.holds {
		if len(s.queues) == 0 {
			return true
		}
		t.holds = false
		s.free++
	}
	t.ready = make(chan struct{})
	s.join(t)
	s.handOut()
	return t.holds
}

// join puts t at the end of its user's line.
func (s *turns) join(t *Turn) {
	for _, q := range s.queues {
		if q.user == t.user {
			q.waits = append(q.waits, t)
			return
		}
	}
	s.queues = append(s.queues, &turnQueue{t.user, []*Turn{t}})
}

// handOut gives the free places to who is next. A user who has got one goes behind
// all others.
func (s *turns) handOut() {
	for s.free > 0 && len(s.queues) > 0 {
		q := s.queues[0]
		t := q.waits[0]
		q.waits = q.waits[1:]
		s.queues = s.queues[1:]
		if len(q.waits) > 0 {
			s.queues = append(s.queues, q)
		}
		s.free--
		t.holds = true
		close(t.ready)
	}
}

// release takes a place back.
func (s *turns) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	s.handOut()
}

// withdraw takes t out of the line, or gives back the place that it has got
// meanwhile.
func (s *turns) withdraw(t *Turn) {
	s.mu.Lock()
	for i, q := range s.queues {
		for j, w := range q.waits {
			if w != t {
				continue
			}
			if q.waits = append(q.waits[:j:j], q.waits[j+1:]...); len(q.waits) == 0 {
				s.queues = append(s.queues[:i:i], s.queues[i+1:]...)
			}
			s.mu.Unlock()
			return
		}
	}
	s.mu.Unlock()
	t.holds = false
	s.release()
}
