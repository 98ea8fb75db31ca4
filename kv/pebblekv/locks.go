package pebblekv

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
)

// lockShards is the number of independently guarded parts of the lock table:
// enough that the guards never show in a profile, little enough to be free.
const lockShards = 64

// lockTable holds the named locks that somebody holds or waits for. A name that
// nobody uses takes no memory.
type lockTable struct {
	seed   maphash.Seed
	shards [lockShards]lockShard
}

type lockShard struct {
	mu    sync.Mutex
	names map[string]*namedLock
}

// namedLock is a mutex that a context can interrupt: who put a token into held
// has the lock. Goroutines blocked on a full channel are served in the order
// they came.
type namedLock struct {
	held chan struct{}
	// refs counts holder and waiters, under the guard of the shard.
	refs int
}

func newLockTable() *lockTable {
	t := &lockTable{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].names = make(map[string]*namedLock)
	}
	return t
}

// sortedNames returns names in ascending order without repetitions, and leaves
// the caller's slice alone.
func sortedNames(names []string) []string {
	if len(names) < 2 {
		return names
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// lock takes all the names, which must be sorted and distinct: one order for
// everybody is what makes deadlock impossible. If ctx ends first nothing is
// held and the cause is returned.
func (t *lockTable) lock(ctx context.Context, names []string) error {
	for i, name := range names {
		if err := t.lockOne(ctx, name); err != nil {
			t.unlock(names[:i])
			return err
		}
	}
	return nil
}

func (t *lockTable) lockOne(ctx context.Context, name string) error {
	s := t.shard(name)
	s.mu.Lock()
	l := s.names[name]
	if l == nil {
		l = &namedLock{held: make(chan struct{}, 1)}
		s.names[name] = l
	}
	l.refs++
	s.mu.Unlock()

	select {
	case l.held <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		s.drop(name, l)
		return context.Cause(ctx)
	}
}

// unlock releases what lock took, last name first.
func (t *lockTable) unlock(names []string) {
	for _, name := range slices.Backward(names) {
		s := t.shard(name)
		s.mu.Lock()
		l := s.names[name]
		s.mu.Unlock()
		<-l.held
		s.drop(name, l)
	}
}

func (t *lockTable) shard(name string) *lockShard {
	return &t.shards[maphash.String(t.seed, name)%lockShards]
}

// drop gives back one reference and forgets the name with the last one.
func (s *lockShard) drop(name string, l *namedLock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.refs--; l.refs == 0 {
		delete(s.names, name)
	}
}
