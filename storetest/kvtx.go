package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"poststube/kv"
)

func testOwnWrites(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2 c=3 d=4")
	update(t, db, func(tx kv.Tx) error {
		steps := []struct {
			name string
			do   func() error
			want string
		}{
			{"nothing", func() error { return nil }, "a=1 b=2 c=3 d=4"},
			{"Set a new key", func() error { return tx.Set([]byte("bb"), []byte("new")) }, "a=1 b=2 bb=new c=3 d=4"},
			{"Set an old key", func() error { return tx.Set([]byte("a"), []byte("9")) }, "a=9 b=2 bb=new c=3 d=4"},
			{"Delete an old key", func() error { return tx.Delete([]byte("c")) }, "a=9 b=2 bb=new d=4"},
			{"Delete a new key", func() error { return tx.Delete([]byte("bb")) }, "a=9 b=2 d=4"},
			{"Delete an absent key", func() error { return tx.Delete([]byte("zz")) }, "a=9 b=2 d=4"},
			{"Set a deleted key", func() error { return tx.Set([]byte("c"), []byte("5")) }, "a=9 b=2 c=5 d=4"},
			{"Set to nothing", func() error { return tx.Set([]byte("c"), nil) }, "a=9 b=2 c= d=4"},
			{"DeleteRange", func() error { return tx.DeleteRange([]byte("a"), []byte("c")) }, "c= d=4"},
			{"Set in the range", func() error { return tx.Set([]byte("b"), []byte("6")) }, "b=6 c= d=4"},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				return err
			}
			wantTx(t, tx, step.name, step.want)
		}
		return nil
	})
	wantAll(t, db, "b=6 c= d=4")
}

// wantTx checks by all four ways of reading what a transaction sees.
func wantTx(t testing.TB, tx kv.Tx, after, want string) {
	t.Helper()
	if got := show(tx.Scan(nil, nil)); got != want {
		t.Errorf("after %s Scan shows %q, want %q", after, got, want)
	}
	pairs := strings.Fields(want)
	var down []string
	for p := range tx.ScanDown(nil, nil) {
		down = append([]string{fmt.Sprintf("%s=%s", p.Key, p.Value)}, down...)
	}
	if got := strings.Join(down, " "); got != want {
		t.Errorf("after %s ScanDown shows %q, want %q", after, got, want)
	}
	present := map[string]string{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		present[key] = value
	}
	keys := []string{"a", "b", "bb", "c", "d", "zz"}
	var many [][]byte
	for _, key := range keys {
		many = append(many, []byte(key))
		if value, ok := present[key]; ok {
			wantGet(t, tx, key, value)
		} else {
			wantNone(t, tx, key)
		}
	}
	found := 0
	for i, v := range tx.GetMany(many) {
		if want, ok := present[keys[i]]; !ok || string(v) != want {
			t.Errorf("after %s GetMany shows %s=%q, want %q, %v", after, keys[i], v, want, ok)
		}
		found++
	}
	if found != len(present) {
		t.Errorf("after %s GetMany finds %d keys, want %d", after, found, len(present))
	}
}

// testSlicesAreCopied changes what it has passed on.
func testSlicesAreCopied(t *testing.T, db kv.DB) {
	update(t, db, func(tx kv.Tx) error {
		key, value := []byte("a"), []byte("1")
		for range 3 {
			if err := tx.Set(key, value); err != nil {
				return err
			}
			key[0]++
			value[0]++
		}
		lo, hi := []byte("b"), []byte("c")
		if err := tx.DeleteRange(lo, hi); err != nil {
			return err
		}
		lo[0], hi[0] = 'a', 'z'
		return nil
	})
	wantAll(t, db, "a=1 c=3")
}

// testManyWrites alternates reads and writes far beyond what a transaction
// usually does.
func testManyWrites(t *testing.T, db kv.DB) {
	const n = 500
	key := func(i int) []byte { return fmt.Appendf(nil, "key%03d", i%100) }
	update(t, db, func(tx kv.Tx) error {
		for i := range n {
			if i >= 100 {
				wantGet(t, tx, string(key(i)), fmt.Sprint(i-100))
			} else {
				wantNone(t, tx, string(key(i)))
			}
			if err := tx.Set(key(i), fmt.Append(nil, i)); err != nil {
				return err
			}
			wantGet(t, tx, string(key(i)), fmt.Sprint(i))
		}
		return nil
	})
	view(t, db, func(r kv.Reader) error {
		for i := range 100 {
			wantGet(t, r, string(key(i)), fmt.Sprint(n-100+i))
		}
		return nil
	})
}

// testWriteWhileScanning: an iteration shows what was there when it began.
func testWriteWhileScanning(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2 c=3")
	update(t, db, func(tx kv.Tx) error {
		for range 2 { // on the stored keys, then on the transaction's own
			got := ""
			for p := range tx.Scan(nil, nil) {
				got += string(p.Key)
				if err := tx.Delete(p.Key); err != nil {
					return err
				}
				if err := tx.Set(append([]byte("x"), got...), []byte("new")); err != nil {
					return err
				}
			}
			if got != "abc" && got != "xaxabxabc" {
				t.Errorf("the scan shows %q", got)
			}
		}
		return nil
	})
	wantAll(t, db, "xxa=new xxaxab=new xxaxabxabc=new")

	// An iteration that began before a write and ends after it must not show its
	// old state to the next one.
	update(t, db, func(tx kv.Tx) error {
		if err := setAll(tx, "a=1 b=2"); err != nil {
			return err
		}
		for p := range tx.Scan([]byte("a"), []byte("c")) {
			if err := tx.Set(p.Key, append([]byte("new"), p.Value...)); err != nil {
				return err
			}
			for range tx.Scan([]byte("a"), []byte("c")) {
			}
			for range tx.ScanDown([]byte("a"), []byte("c")) {
			}
		}
		for range 3 {
			if got := show(tx.Scan([]byte("a"), []byte("c"))); got != "a=new1 b=new2" {
				t.Errorf("after nested iterations: %q", got)
			}
			for i, v := range tx.GetMany([][]byte{[]byte("a"), []byte("b")}) {
				if want := fmt.Sprint("new", i+1); string(v) != want {
					t.Errorf("after nested iterations GetMany shows %q, want %q", v, want)
				}
			}
		}
		return nil
	})
}

func testDeleteRange(t *testing.T, db kv.DB) {
	tests := []struct{ lo, hi, want string }{
		{"b", "d", "a=1 d=4"},
		{"b", "c", "a=1 c=3 d=4"},
		{"b\x00", "d", "a=1 b=2 d=4"},
		{"", "\xff", ""},
		{"c", "c", "a=1 b=2 c=3 d=4"},
		{"d", "a", "a=1 b=2 c=3 d=4"},
		{"x", "y", "a=1 b=2 c=3 d=4"},
	}
	for _, test := range tests {
		fill(t, db, "a=1 b=2 c=3 d=4")
		update(t, db, func(tx kv.Tx) error { return tx.DeleteRange([]byte(test.lo), []byte(test.hi)) })
		wantAll(t, db, test.want)
	}
	err := db.Update(context.Background(), nil, func(tx kv.Tx) error { return tx.DeleteRange([]byte("a"), nil) })
	if err == nil {
		t.Error("DeleteRange without an upper bound is no error")
	}
}

// testDeleteRangeWide deletes more keys than are worth deleting one by one,
// some of them written by the transaction itself.
func testDeleteRangeWide(t *testing.T, db kv.DB) {
	const n = 1000
	key := func(i int) []byte { return fmt.Appendf(nil, "key%04d", i) }
	set := func(tx kv.Tx, step int) error {
		for i := 0; i < n; i += step {
			if err := tx.Set(key(i), []byte("v")); err != nil {
				return err
			}
		}
		return nil
	}
	update(t, db, func(tx kv.Tx) error { return set(tx, 2) })
	update(t, db, func(tx kv.Tx) error {
		if err := set(tx, 1); err != nil {
			return err
		}
		if err := tx.DeleteRange(key(1), key(n-1)); err != nil {
			return err
		}
		wantNone(t, tx, string(key(1)))
		wantNone(t, tx, string(key(n-2)))
		if err := tx.Set(key(5), []byte("again")); err != nil {
			return err
		}
		if got := show(tx.Scan(nil, nil)); got != "key0000=v key0005=again key0999=v" {
			t.Errorf("within the transaction: %q", got)
		}
		return nil
	})
	wantAll(t, db, "key0000=v key0005=again key0999=v")

	update(t, db, func(tx kv.Tx) error { return set(tx, 1) })
	update(t, db, func(tx kv.Tx) error {
		if err := tx.DeleteRange(key(10), key(n)); err != nil {
			return err
		}
		wantGet(t, tx, string(key(9)), "v")
		wantNone(t, tx, string(key(10)))
		wantNone(t, tx, string(key(n-1)))
		if err := tx.Set(key(500), []byte("again")); err != nil {
			return err
		}
		wantGet(t, tx, string(key(500)), "again")
		wantNone(t, tx, string(key(501)))
		return tx.DeleteRange(key(1), key(n))
	})
	wantAll(t, db, "key0000=v")
}

func testAtomic(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2")
	stop := errors.New("stop")
	err := db.Update(context.Background(), []string{"lock"}, func(tx kv.Tx) error {
		if err := setAll(tx, "a=9 c=9"); err != nil {
			return err
		}
		if err := tx.DeleteRange([]byte("b"), []byte("c")); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("Update: %v, want what fn returned", err)
	}
	wantAll(t, db, "a=1 b=2")
}

func testPanic(t *testing.T, db kv.DB) {
	fill(t, db, "a=1")
	func() {
		defer func() {
			if recover() != "from fn" {
				t.Error("the panic of fn got lost")
			}
		}()
		_ = db.Update(context.Background(), []string{"lock"}, func(tx kv.Tx) error {
			if err := tx.Set([]byte("a"), []byte("2")); err != nil {
				return err
			}
			panic("from fn")
		})
	}()
	fill(t, db, "b=2") // the lock is free again
	wantAll(t, db, "a=1 b=2")
}

func testEmptyKey(t *testing.T, db kv.DB) {
	fill(t, db, "a=1")
	err := db.Update(context.Background(), nil, func(tx kv.Tx) error { return tx.Set(nil, []byte("value")) })
	if err == nil {
		t.Error("Set of an empty key is no error")
	}
	check := func(r kv.Reader) error {
		wantNone(t, r, "")
		for i, v := range r.GetMany([][]byte{{}, []byte("a")}) {
			if i != 1 || string(v) != "1" {
				t.Errorf("GetMany of an empty key shows %d, %q", i, v)
			}
		}
		return nil
	}
	view(t, db, check)
	update(t, db, func(tx kv.Tx) error {
		if err := tx.Delete(nil); err != nil {
			return err
		}
		return check(tx)
	})
	wantAll(t, db, "a=1")
}

func testErrors(t *testing.T, db kv.DB) {
	stop := errors.New("stop")
	ctx := context.Background()
	if err := db.Update(ctx, nil, func(kv.Tx) error { return stop }); err != stop {
		t.Errorf("Update: %v, want the error of fn itself", err)
	}
	if err := db.View(ctx, func(kv.Reader) error { return stop }); err != stop {
		t.Errorf("View: %v, want the error of fn itself", err)
	}
	if err := db.Update(ctx, []string{"a"}, func(kv.Tx) error { return nil }); err != nil {
		t.Errorf("Update that writes nothing: %v", err)
	}
}

func testLarge(t *testing.T, db kv.DB) {
	for _, size := range []int{1 << 16, 1 << 20, 5 << 20} {
		value := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		update(t, db, func(tx kv.Tx) error { return tx.Set([]byte("large"), value) })
		view(t, db, func(r kv.Reader) error {
			got, err := r.Get([]byte("large"))
			if err != nil || !bytes.Equal(got, value) {
				t.Errorf("value of %d octets: got %d, %v", size, len(got), err)
			}
			return nil
		})
	}
}

func testCancelled(t *testing.T, db kv.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := db.Update(ctx, []string{"lock"}, func(tx kv.Tx) error { return tx.Set([]byte("a"), nil) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	if err := db.View(ctx, func(kv.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View: %v, want context.Canceled", err)
	}
	wantAll(t, db, "")
}

func testClosed(t *testing.T, db kv.DB) {
	fill(t, db, "a=1")
	if err := db.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	ctx := context.Background()
	if err := db.View(ctx, func(kv.Reader) error { return nil }); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("View: %v, want kv.ErrClosed", err)
	}
	if err := db.Update(ctx, nil, func(kv.Tx) error { return nil }); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Update: %v, want kv.ErrClosed", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Close again: %v, want kv.ErrClosed", err)
	}
}
