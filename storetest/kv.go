package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"poststube/kv"
)

// KV runs the conformance suite of kv.DB. open returns an empty store that is
// closed when its test ends; closing it earlier must do no harm.
func KV(t *testing.T, open func(testing.TB) kv.DB) {
	tests := []struct {
		name string
		run  func(*testing.T, kv.DB)
	}{
		{"Get", testGet},
		{"Get values live as long as fn", testGetLifetime},
		{"GetMany", testGetMany},
		{"GetMany wants ascending keys", testGetManyOrder},
		{"Scan and ScanDown", testScan},
		{"Iterations nest", testNested},
		{"Iterations stop early and start again", testScanBreak},
		{"Update reads its own writes", testOwnWrites},
		{"Update reads its own writes when there are many", testManyWrites},
		{"Update may write while it scans", testWriteWhileScanning},
		{"Update keeps no slice", testSlicesAreCopied},
		{"Empty keys", testEmptyKey},
		{"DeleteRange", testDeleteRange},
		{"DeleteRange of many keys", testDeleteRangeWide},
		{"Update is all or nothing", testAtomic},
		{"Update survives a panic of fn", testPanic},
		{"Update passes on what fn returns", testErrors},
		{"Update writes large values", testLarge},
		{"A cancelled context does nothing", testCancelled},
		{"Waiting for a lock ends with the context", testLockCancel},
		{"Updates of one lock are in order", testOrder},
		{"Updates of different locks run at once", testConcurrentLocks},
		{"No update is lost under random locks", testTransfers},
		{"View shows one moment", testSnapshot},
		{"A closed store says so", testClosed},
		{"Random histories agree with a model", testModel},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// update and view run one transaction and end the test if it fails.
func update(t testing.TB, db kv.DB, fn func(kv.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), []string{"lock"}, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t testing.TB, db kv.DB, fn func(kv.Reader) error) {
	t.Helper()
	if err := db.View(context.Background(), fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// fill writes "key=value" pairs given in one string, separated by spaces.
func fill(t testing.TB, db kv.DB, pairs string) {
	t.Helper()
	update(t, db, func(tx kv.Tx) error { return setAll(tx, pairs) })
}

func setAll(tx kv.Tx, pairs string) error {
	for pair := range strings.FieldsSeq(pairs) {
		key, value, _ := strings.Cut(pair, "=")
		if err := tx.Set([]byte(key), []byte(value)); err != nil {
			return err
		}
	}
	return nil
}

// show renders an iteration as fill takes it.
func show(pairs iter.Seq[kv.Pair]) string {
	var b strings.Builder
	for p := range pairs {
		fmt.Fprintf(&b, "%s=%s ", p.Key, p.Value)
	}
	return strings.TrimSuffix(b.String(), " ")
}

// wantAll checks the whole content of the store.
func wantAll(t testing.TB, db kv.DB, want string) {
	t.Helper()
	view(t, db, func(r kv.Reader) error {
		if got := show(r.Scan(nil, nil)); got != want {
			t.Errorf("the store holds\n%s\nwant\n%s", got, want)
		}
		return nil
	})
}

func wantGet(t testing.TB, r kv.Reader, key, want string) {
	t.Helper()
	got, err := r.Get([]byte(key))
	if err != nil || string(got) != want {
		t.Errorf("Get(%q) = %q, %v; want %q", key, got, err, want)
	}
}

func wantNone(t testing.TB, r kv.Reader, key string) {
	t.Helper()
	if got, err := r.Get([]byte(key)); !errors.Is(err, kv.ErrNotFound) {
		t.Errorf("Get(%q) = %q, %v; want kv.ErrNotFound", key, got, err)
	}
}

func testGet(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b= \x00\xff=zero \xff=high")
	view(t, db, func(r kv.Reader) error {
		wantGet(t, r, "a", "1")
		wantGet(t, r, "b", "")
		wantGet(t, r, "\x00\xff", "zero")
		wantGet(t, r, "\xff", "high")
		wantNone(t, r, "c")
		wantNone(t, r, "a\x00")
		wantNone(t, r, "\xff\xff")
		return nil
	})
	update(t, db, func(tx kv.Tx) error { return tx.Set([]byte("a"), []byte("2")) })
	update(t, db, func(tx kv.Tx) error { return tx.Delete([]byte("b")) })
	view(t, db, func(r kv.Reader) error {
		wantGet(t, r, "a", "2")
		wantNone(t, r, "b")
		return nil
	})
}

// testGetLifetime keeps many values, small and large, until fn ends, with other
// reads between.
func testGetLifetime(t *testing.T, db kv.DB) {
	const n = 200
	key := func(i int) []byte { return fmt.Appendf(nil, "key%03d", i) }
	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1+i*i) }
	update(t, db, func(tx kv.Tx) error {
		for i := range n {
			if err := tx.Set(key(i), value(i)); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(r kv.Reader) error {
		var values [n][]byte
		for i := range n {
			var err error
			if values[i], err = r.Get(key(i)); err != nil {
				return err
			}
			for range r.Scan(key(n-i), nil) {
			}
		}
		for i := range n {
			if !bytes.Equal(values[i], value(i)) {
				t.Errorf("value %d has changed within the transaction", i)
			}
		}
		return nil
	}
	view(t, db, check)
	update(t, db, func(tx kv.Tx) error { return check(tx) })
	update(t, db, func(tx kv.Tx) error {
		if err := tx.Set([]byte("other"), []byte("1")); err != nil {
			return err
		}
		before, err := tx.Get([]byte("other"))
		if err != nil {
			return err
		}
		if err := tx.Set([]byte("other"), []byte("2")); err != nil {
			return err
		}
		if string(before) != "1" {
			t.Errorf("a later Set has changed a value to %q", before)
		}
		return check(tx)
	})
}

func testGetMany(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 c=3 e=5 g=7")
	tests := []struct{ keys, want string }{
		{"", ""},
		{"a", "0=1 "},
		{"b", ""},
		{"a c e g", "0=1 1=3 2=5 3=7 "},
		{"0 a b c d e f g h", "1=1 3=3 5=5 7=7 "},
		{"c c d e e", "0=3 1=3 3=5 4=5 "},
	}
	for _, test := range tests {
		var keys [][]byte
		for key := range strings.FieldsSeq(test.keys) {
			keys = append(keys, []byte(key))
		}
		check := func(r kv.Reader) error {
			got := ""
			for i, v := range r.GetMany(keys) {
				got += fmt.Sprintf("%d=%s ", i, v)
			}
			if got != test.want {
				t.Errorf("GetMany(%s): %q, want %q", test.keys, got, test.want)
			}
			return nil
		}
		view(t, db, check)
		update(t, db, func(tx kv.Tx) error { return check(tx) })
	}
}

func testGetManyOrder(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2 c=3")
	err := db.View(context.Background(), func(r kv.Reader) error {
		for range r.GetMany([][]byte{[]byte("a"), []byte("c"), []byte("b")}) {
		}
		if r.Err() == nil {
			t.Error("Err is nil after GetMany of keys that do not ascend")
		}
		return nil
	})
	if err == nil {
		t.Error("View returns nil though an iteration has failed")
	}
	err = db.Update(context.Background(), nil, func(tx kv.Tx) error {
		for range tx.GetMany([][]byte{[]byte("b"), []byte("a")}) {
		}
		return tx.Set([]byte("a"), []byte("changed"))
	})
	if err == nil {
		t.Error("Update returns nil though an iteration has failed")
	}
	wantAll(t, db, "a=1 b=2 c=3")
}

func testScan(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2 ba=3 c=4 \xff\xff=5")
	const none = "-"
	tests := []struct{ lo, hi, up, down string }{
		{none, none, "a=1 b=2 ba=3 c=4 \xff\xff=5", "\xff\xff=5 c=4 ba=3 b=2 a=1"},
		{"b", none, "b=2 ba=3 c=4 \xff\xff=5", "\xff\xff=5 c=4 ba=3 b=2"},
		{none, "b", "a=1", "a=1"},
		{"a", "c", "a=1 b=2 ba=3", "ba=3 b=2 a=1"},
		{"b", "b\x00", "b=2", "b=2"},
		{"b\x00", "bb", "ba=3", "ba=3"},
		{"d", "e", "", ""},
		{"b", "b", "", ""},
		{"c", "a", "", ""},
		{"", "", "", ""},
	}
	bound := func(s string) []byte {
		if s == none {
			return nil
		}
		return []byte(s)
	}
	for _, test := range tests {
		check := func(r kv.Reader) error {
			if got := show(r.Scan(bound(test.lo), bound(test.hi))); got != test.up {
				t.Errorf("Scan(%q, %q): %q, want %q", test.lo, test.hi, got, test.up)
			}
			if got := show(r.ScanDown(bound(test.lo), bound(test.hi))); got != test.down {
				t.Errorf("ScanDown(%q, %q): %q, want %q", test.lo, test.hi, got, test.down)
			}
			return nil
		}
		view(t, db, check)
		update(t, db, func(tx kv.Tx) error { return check(tx) })
	}
}

func testNested(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2 c=3 x=7 y=8")
	check := func(r kv.Reader) error {
		got := ""
		for p := range r.Scan([]byte("a"), []byte("d")) {
			got += string(p.Key)
			for q := range r.ScanDown([]byte("x"), nil) {
				got += string(q.Key) + string(q.Value)
				wantGet(t, r, "b", "2")
				for i := range r.GetMany([][]byte{[]byte("a"), []byte("y")}) {
					got += fmt.Sprint(i)
				}
			}
			got += string(p.Key) + string(p.Value) + " "
		}
		const inner = "y801x701"
		if want := "a" + inner + "a1 b" + inner + "b2 c" + inner + "c3 "; got != want {
			t.Errorf("nested iterations: %q, want %q", got, want)
		}
		return nil
	}
	view(t, db, check)
	update(t, db, func(tx kv.Tx) error { return check(tx) })
}

func testScanBreak(t *testing.T, db kv.DB) {
	fill(t, db, "a=1 b=2 c=3")
	view(t, db, func(r kv.Reader) error {
		scan := r.Scan([]byte("a"), nil)
		for range 3 {
			for p := range scan {
				if string(p.Key) == "b" {
					break
				}
				if string(p.Key) != "a" {
					t.Errorf("the scan starts at %q", p.Key)
				}
			}
		}
		if got := show(scan); got != "a=1 b=2 c=3" {
			t.Errorf("after breaks the scan shows %q", got)
		}
		return nil
	})
}
