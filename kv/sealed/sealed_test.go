package sealed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"poststube/kv"
	"poststube/kv/sealed"
	"poststube/storetest"
)

func TestConformance(t *testing.T) {
	storetest.KV(t, func(t testing.TB) kv.DB { return sealed.New(storetest.NewKV(t)) })
}

// TestDamage: every bit of every stored value counts, and so does the key.
func TestDamage(t *testing.T) {
	below := storetest.NewKV(t)
	db, ctx := sealed.New(below), context.Background()
	keys := [][]byte{[]byte("a"), []byte("b"), []byte("c")}
	values := [][]byte{{}, []byte("b's value"), bytes.Repeat([]byte{0}, 40)}
	set := func(db kv.DB, key, value []byte) {
		t.Helper()
		if err := db.Update(ctx, nil, func(tx kv.Tx) error { return tx.Set(key, value) }); err != nil {
			t.Fatal(err)
		}
	}
	stored := make([][]byte, len(keys))
	for i, key := range keys {
		set(db, key, values[i])
		if err := below.View(ctx, func(r kv.Reader) error {
			v, err := r.Get(key)
			stored[i] = bytes.Clone(v)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	tried := 0
	damage := func(i int, what string, value []byte) {
		t.Helper()
		tried++
		set(below, keys[i], value)
		defer set(below, keys[i], stored[i])
		ways := map[string]func(kv.Reader) error{
			"Get": func(r kv.Reader) error { _, err := r.Get(keys[i]); return err },
			"GetMany": func(r kv.Reader) error {
				for range r.GetMany(keys) {
				}
				return nil
			},
			"Scan": func(r kv.Reader) error {
				for range r.Scan(nil, nil) {
				}
				return r.Err()
			},
			"ScanDown": func(r kv.Reader) error {
				for range r.ScanDown(nil, nil) {
				}
				return nil
			},
		}
		for name, read := range ways {
			err := db.View(ctx, read)
			var damage *kv.DamageError
			if !errors.Is(err, kv.ErrDamaged) || !errors.As(err, &damage) || !bytes.Equal(damage.Key, keys[i]) || !bytes.Equal(damage.Stored, value) {
				t.Errorf("%s %s: %s says %v", keys[i], what, name, err)
			}
			if err := db.Update(ctx, nil, func(tx kv.Tx) error { return read(tx) }); !errors.Is(err, kv.ErrDamaged) {
				t.Errorf("%s %s: %s in an update says %v", keys[i], what, name, err)
			}
		}
	}
	for i := range keys {
		for at := range 8 * len(stored[i]) {
			flipped := bytes.Clone(stored[i])
			flipped[at/8] ^= 1 << (at % 8)
			damage(i, fmt.Sprint("with bit ", at, " flipped"), flipped)
		}
		for n := range stored[i] {
			damage(i, fmt.Sprint("cut to ", n), bytes.Clone(stored[i][:n]))
		}
	}
	damage(0, "with the value of b", stored[1])
	if tried < 500 {
		t.Errorf("only %d damages were tried", tried)
	}
}

// TestSeal: an interrupted Seal goes on where it was, seals nothing twice, and
// what was there is there.
func TestSeal(t *testing.T) {
	below, ctx := storetest.NewKV(t), context.Background()
	want := map[string]string{}
	for i := range 40 {
		key, value := fmt.Sprintf("key %02d", i), string(bytes.Repeat([]byte{byte(i)}, 300<<10))
		want[key] = value
		if err := below.Update(ctx, nil, func(tx kv.Tx) error { return tx.Set([]byte(key), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	want["key 05"] = "2"
	stopped, stop := context.WithCancel(ctx)
	steps := 0
	seal := func(ctx context.Context) error {
		return sealed.Seal(ctx, below, []byte("key 04 progress"), []byte("key 05"), []byte("2"), func(int) { steps++; stop() })
	}
	if err := seal(stopped); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted, it says %v", err)
	}
	if err := below.View(ctx, func(r kv.Reader) error {
		v, err := r.Get([]byte("key 05"))
		if len(v) != 5 || v[0] != '2' {
			t.Errorf("the fence is %q", v)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if err := seal(ctx); err != nil {
		t.Fatal(err)
	}
	if steps < 3 {
		t.Errorf("it took %d steps", steps)
	}
	got := map[string]string{}
	if err := sealed.New(below).View(ctx, func(r kv.Reader) error {
		for p := range r.Scan(nil, nil) {
			got[string(p.Key)] = string(p.Value)
		}
		return r.Err()
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d values, want %d", len(got), len(want))
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s has %d octets, want %d", key, len(got[key]), len(value))
		}
	}
}
