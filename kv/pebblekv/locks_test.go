package pebblekv

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

func TestSortedNames(t *testing.T) {
	tests := []struct{ names, want []string }{
		{nil, nil},
		{[]string{"a"}, []string{"a"}},
		{[]string{"b", "a"}, []string{"a", "b"}},
		{[]string{"b", "a", "b", "b"}, []string{"a", "b"}},
	}
	for _, test := range tests {
		before := slices.Clone(test.names)
		if got := sortedNames(test.names); !slices.Equal(got, test.want) {
			t.Errorf("sortedNames(%q) = %q, want %q", test.names, got, test.want)
		}
		if !slices.Equal(test.names, before) {
			t.Errorf("the caller's names have become %q", test.names)
		}
	}
}

// TestLocksExclude runs random sets of locks and sees that each has one holder,
// and that the table is empty in the end.
func TestLocksExclude(t *testing.T) {
	table := newLockTable()
	const names = 5
	var holders [names]int // guarded by the locks under test; -race sees if not
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 0))
			for range 500 {
				set := rng.Perm(names)[:1+rng.IntN(names)]
				var wanted []string
				for _, i := range set {
					wanted = append(wanted, fmt.Sprint(i))
				}
				wanted = sortedNames(wanted)
				if err := table.lock(context.Background(), wanted); err != nil {
					t.Error(err)
					return
				}
				for _, i := range set {
					holders[i]++
					if holders[i] != 1 {
						t.Errorf("lock %d has %d holders", i, holders[i])
					}
				}
				for _, i := range set {
					holders[i]--
				}
				table.unlock(wanted)
			}
		})
	}
	wg.Wait()
	wantEmpty(t, table)
}

func wantEmpty(t *testing.T, table *lockTable) {
	t.Helper()
	for i := range table.shards {
		if n := len(table.shards[i].names); n > 0 {
			t.Errorf("%d names are left over in the lock table", n)
		}
	}
}

// TestLockCancel interrupts one who holds a lock and waits for another.
func TestLockCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newLockTable()
		if err := table.lock(t.Context(), []string{"b"}); err != nil {
			t.Fatal(err)
		}
		cause := errors.New("logged out")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() { done <- table.lock(ctx, []string{"a", "b"}) }()
		synctest.Wait()
		cancel(cause)
		if err := <-done; !errors.Is(err, cause) {
			t.Errorf("lock: %v, want %v", err, cause)
		}
		if err := table.lock(t.Context(), []string{"a"}); err != nil {
			t.Errorf("the lock that was taken first: %v", err)
		}
		table.unlock([]string{"a"})
		table.unlock([]string{"b"})
		wantEmpty(t, table)
	})
}

// TestLockOrder: who came first is served first.
func TestLockOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newLockTable()
		if err := table.lock(t.Context(), []string{"a"}); err != nil {
			t.Fatal(err)
		}
		var order []int
		for i := range 10 {
			go func() {
				if err := table.lock(t.Context(), []string{"a"}); err != nil {
					t.Error(err)
				}
				order = append(order, i)
				table.unlock([]string{"a"})
			}()
			synctest.Wait()
		}
		table.unlock([]string{"a"})
		synctest.Wait()
		if !slices.IsSorted(order) || len(order) != 10 {
			t.Errorf("served in the order %v", order)
		}
	})
}
