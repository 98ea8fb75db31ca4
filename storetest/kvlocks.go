package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"poststube/kv"
)

func testLockCancel(t *testing.T, db kv.DB) {
	inside, leave := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	var once sync.Once
	go func() {
		first <- db.Update(context.Background(), []string{"a", "b"}, func(tx kv.Tx) error {
			once.Do(func() { close(inside) })
			<-leave
			return tx.Set([]byte("first"), nil)
		})
	}()
	<-inside
	ctx, cancel := context.WithCancel(context.Background())
	second := make(chan error, 1)
	go func() {
		second <- db.Update(ctx, []string{"b", "c"}, func(tx kv.Tx) error {
			t.Error("fn runs without its lock")
			return tx.Set([]byte("second"), nil)
		})
	}()
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("Update that waited for a lock: %v, want context.Canceled", err)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Errorf("Update that held the lock: %v", err)
	}
	err := db.Update(context.Background(), []string{"c"}, func(kv.Tx) error { return nil })
	if err != nil {
		t.Errorf("the other lock is not free: %v", err)
	}
	wantAll(t, db, "first=")
}

// number and setNumber keep counters as values.
func number(r kv.Reader, key string) (uint64, error) {
	v, err := r.Get([]byte(key))
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(v), nil
}

func setNumber(tx kv.Tx, key string, n uint64) error {
	return tx.Set([]byte(key), binary.BigEndian.AppendUint64(nil, n))
}

// testOrder lets many workers append to one log.
func testOrder(t *testing.T, db kv.DB) {
	const workers, each = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				err := db.Update(context.Background(), []string{"log"}, func(tx kv.Tx) error {
					n, err := number(tx, "next")
					if err != nil {
						return err
					}
					if err := tx.Set(fmt.Appendf(nil, "log%06d", n), fmt.Appendf(nil, "%d.%d", w, i)); err != nil {
						return err
					}
					return setNumber(tx, "next", n+1)
				})
				if err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	view(t, db, func(r kv.Reader) error {
		entries, last := 0, map[int]int{}
		for p := range r.Scan([]byte("log"), []byte("loh")) {
			var w, i int
			if _, err := fmt.Sscanf(string(p.Value), "%d.%d", &w, &i); err != nil {
				return err
			}
			if string(p.Key) != fmt.Sprintf("log%06d", entries) {
				t.Errorf("entry %d is %s", entries, p.Key)
			}
			if i != last[w] {
				t.Errorf("entry %d of worker %d comes after %d", i, w, last[w]-1)
			}
			last[w] = i + 1
			entries++
		}
		if entries != workers*each {
			t.Errorf("%d entries, want %d", entries, workers*each)
		}
		return nil
	})
}

// testConcurrentLocks meets in the middle of two transactions, which is
// possible only if neither waits for the other.
func testConcurrentLocks(t *testing.T, db kv.DB) {
	meet := make(chan struct{})
	errs := make(chan error, 2)
	run := func(lock string, step func()) {
		var once sync.Once // a back end may call fn again
		errs <- db.Update(context.Background(), []string{lock}, func(tx kv.Tx) error {
			once.Do(step)
			return tx.Set([]byte(lock), []byte("met"))
		})
	}
	go run("anna", func() { meet <- struct{}{} })
	go run("ben", func() { <-meet })
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantAll(t, db, "anna=met ben=met")
}

// testTransfers moves amounts between accounts under the locks of all accounts
// concerned, named in random order and sometimes twice, while others add up all
// accounts. A lost update or a torn snapshot changes the sum; a wrong order of
// locks ends in a deadlock.
func testTransfers(t *testing.T, db kv.DB) {
	const accounts, workers, each, start = 6, 8, 60, 1000
	name := func(i int) string { return fmt.Sprint("account", i) }
	update(t, db, func(tx kv.Tx) error {
		for i := range accounts {
			if err := setNumber(tx, name(i), start); err != nil {
				return err
			}
		}
		return nil
	})
	transfer := func(rng *rand.Rand) error {
		var locks []string
		from := rng.IntN(accounts)
		others := rng.Perm(accounts)[:1+rng.IntN(3)]
		for _, i := range append(others, from) {
			locks = append(locks, name(i))
		}
		rng.Shuffle(len(locks), func(i, j int) { locks[i], locks[j] = locks[j], locks[i] })
		return db.Update(context.Background(), locks, func(tx kv.Tx) error {
			for _, to := range others {
				a, err := number(tx, name(from))
				if err != nil || a == 0 {
					return err
				}
				if err := setNumber(tx, name(from), a-1); err != nil {
					return err
				}
				b, err := number(tx, name(to))
				if err != nil {
					return err
				}
				if err := setNumber(tx, name(to), b+1); err != nil {
					return err
				}
			}
			return nil
		})
	}
	sum := func() error {
		return db.View(context.Background(), func(r kv.Reader) error {
			total := uint64(0)
			for p := range r.Scan([]byte("account"), []byte("accounu")) {
				total += binary.BigEndian.Uint64(p.Value)
			}
			if total != accounts*start {
				return fmt.Errorf("the accounts add up to %d, want %d", total, accounts*start)
			}
			return nil
		})
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			for range each {
				if err := errors.Join(transfer(rng), sum()); err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := sum(); err != nil {
		t.Error(err)
	}
}

// testSnapshot reads two keys that are always written together, again and
// again within one View.
func testSnapshot(t *testing.T, db kv.DB) {
	const rounds, reads = 100, 20
	done := make(chan error, 1)
	go func() {
		for i := range uint64(rounds) {
			err := db.Update(context.Background(), []string{"lock"}, func(tx kv.Tx) error {
				return errors.Join(setNumber(tx, "left", i), setNumber(tx, "right", i))
			})
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	last := uint64(0)
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			running = false
		default:
		}
		view(t, db, func(r kv.Reader) error {
			first, err := number(r, "left")
			if err != nil {
				return err
			}
			if first < last {
				t.Errorf("a later View shows %d after %d", first, last)
			}
			last = first
			for range reads {
				for _, key := range []string{"right", "left"} {
					n, err := number(r, key)
					if err != nil {
						return err
					}
					if n != first {
						t.Errorf("one View shows %d and %d", first, n)
					}
				}
			}
			return nil
		})
	}
	if last != rounds-1 {
		t.Errorf("a View after all updates shows %d, want %d", last, rounds-1)
	}
}
