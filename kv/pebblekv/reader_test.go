package pebblekv

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/kv"
)

// TestGetKeepsValues looks at where a value lives: a small one in the arena, a
// large one under an iterator that nobody else gets. Memory that Pebble has
// taken back usually still holds what it held, so reading it proves nothing.
func TestGetKeepsValues(t *testing.T) {
	db, err := Open("kv", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	small, large := bytes.Repeat([]byte("s"), copyLimit), bytes.Repeat([]byte("l"), copyLimit+1)
	err = db.Update(t.Context(), nil, func(tx kv.Tx) error {
		if err := tx.Set([]byte("large"), large); err != nil {
			return err
		}
		return tx.Set([]byte("small"), small)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(kr kv.Reader) error {
		r := kr.(*reader)
		v, err := r.Get([]byte("small"))
		if err != nil || !bytes.Equal(v, small) {
			t.Fatalf("small value: %d octets, %v", len(v), err)
		}
		if chunk := r.arena.chunk; !within(v, chunk) {
			t.Error("a small value is not in the arena")
		}
		if len(r.cursors.idle) != 1 {
			t.Errorf("%d idle iterators after a small value, want 1", len(r.cursors.idle))
		}
		for i := 1; i <= 3; i++ {
			v, err := r.Get([]byte("large"))
			if err != nil || !bytes.Equal(v, large) {
				t.Fatalf("large value: %d octets, %v", len(v), err)
			}
			if within(v, r.arena.chunk) {
				t.Error("a large value is copied")
			}
			if len(r.cursors.idle) != 0 || len(r.cursors.all) != i {
				t.Errorf("after %d large values %d iterators are idle, %d open", i, len(r.cursors.idle), len(r.cursors.all))
			}
			if cap(v) != len(v) {
				t.Error("appending to a value would write into Pebble's memory")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func within(v, chunk []byte) bool {
	at, start := uintptr(unsafe.Pointer(unsafe.SliceData(v))), uintptr(unsafe.Pointer(unsafe.SliceData(chunk)))
	return start <= at && at+uintptr(len(v)) <= start+uintptr(cap(chunk))
}

// TestParanoid keeps slices longer than allowed and wants to find garbage.
func TestParanoid(t *testing.T) {
	db, err := Open("kv", Options{FS: vfs.NewMem(), Paranoid: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	value := bytes.Repeat([]byte("v"), copyLimit+1)
	key := []byte("key")
	if err := db.Update(t.Context(), nil, func(tx kv.Tx) error { return tx.Set(key, value) }); err != nil {
		t.Fatal(err)
	}
	kept := map[string][]byte{}
	read := func(name string, r kv.Reader) error {
		v, err := r.Get(key)
		kept[name+" Get"] = v
		for _, v := range r.GetMany([][]byte{key}) {
			kept[name+" GetMany"] = v
		}
		for p := range r.Scan(nil, nil) {
			kept[name+" Scan value"], kept[name+" Scan key"] = p.Value, p.Key
		}
		if !bytes.Equal(v, value) {
			t.Errorf("%s: the value of Get is gone too early", name)
		}
		return err
	}
	if err := db.View(t.Context(), func(r kv.Reader) error { return read("View", r) }); err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), nil, func(tx kv.Tx) error {
		if err := tx.Set(key, value); err != nil { // Get now reads an own write
			return err
		}
		return read("Update", tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range kept {
		if len(v) == 0 || len(bytes.Trim(v, "\xdb")) != 0 {
			t.Errorf("%s still shows %.10q after the transaction", name, v)
		}
	}
}
