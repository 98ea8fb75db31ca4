package pebblekv_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

func TestBasics(t *testing.T) {
	db, err := pebblekv.Open("db", pebblekv.Options{FS: vfs.NewMem(), Paranoid: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	err = db.Update(ctx, []string{"b", "a", "b"}, func(tx kv.Tx) error {
		for _, k := range []string{"k1", "k2", "k3"} {
			if err := tx.Set([]byte(k), []byte("v"+k)); err != nil {
				return err
			}
		}
		v, err := tx.Get([]byte("k2"))
		if err != nil || string(v) != "vk2" {
			t.Errorf("own write: %q, %v", v, err)
		}
		return tx.Delete([]byte("k3"))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(ctx, func(r kv.Reader) error {
		if _, err := r.Get([]byte("k3")); !errors.Is(err, kv.ErrNotFound) {
			t.Errorf("deleted key: %v", err)
		}
		var got string
		for p := range r.ScanDown(nil, nil) {
			got += string(p.Key) + "=" + string(p.Value) + " "
		}
		if got != "k2=vk2 k1=vk1 " {
			t.Errorf("scan: %q", got)
		}
		for i, v := range r.GetMany([][]byte{[]byte("k1"), []byte("k11"), []byte("k2")}) {
			if i == 1 || len(v) != 3 {
				t.Errorf("GetMany: %d %q", i, v)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.View(ctx, nil); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
