package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/kv"
)

// testModel runs random transactions, some of which fail, and compares every
// read with a sorted map.
func testModel(t *testing.T, db kv.DB) {
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		// Each history has a part of the store for itself.
		round++
		h := &history{t: t, prefix: fmt.Sprintf("%06d/", round), state: map[string]string{}}
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			h.transaction(db)
		}
	})
}

type history struct {
	t      *rapid.T
	prefix string
	state  map[string]string // committed
	now    map[string]string // within the transaction
}

var errGivenUp = errors.New("given up")

func (h *history) transaction(db kv.DB) {
	giveUp := rapid.IntRange(0, 3).Draw(h.t, "outcome") == 0
	steps := rapid.SliceOfN(rapid.Custom(drawStep), 0, 60).Draw(h.t, "steps")
	err := db.Update(context.Background(), []string{"model"}, func(tx kv.Tx) error {
		h.now = maps.Clone(h.state)
		for _, s := range steps {
			if err := h.step(tx, s); err != nil {
				return err
			}
		}
		if giveUp {
			return errGivenUp
		}
		return nil
	})
	switch {
	case giveUp && errors.Is(err, errGivenUp):
	case err != nil:
		h.t.Fatalf("Update: %v", err)
	default:
		h.state = h.now
	}
	err = db.View(context.Background(), func(r kv.Reader) error {
		h.compare("View", r, h.state, "", "~")
		return nil
	})
	if err != nil {
		h.t.Fatalf("View: %v", err)
	}
}

// step is one call in a transaction: what it does and its arguments.
type step struct {
	kind       string
	key, other string
	value      string
}

func drawStep(t *rapid.T) step {
	key := rapid.StringMatching(`[a-e]{1,2}`)
	return step{
		kind:  rapid.SampledFrom([]string{"set", "set", "set", "delete", "range", "get", "many", "scan", "down"}).Draw(t, "kind"),
		key:   key.Draw(t, "key"),
		other: key.Draw(t, "other"),
		value: rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "value"),
	}
}

func (h *history) full(key string) []byte { return []byte(h.prefix + key) }

func (h *history) step(tx kv.Tx, s step) error {
	switch s.kind {
	case "set":
		h.now[s.key] = s.value
		return tx.Set(h.full(s.key), []byte(s.value))
	case "delete":
		delete(h.now, s.key)
		return tx.Delete(h.full(s.key))
	case "range":
		maps.DeleteFunc(h.now, func(k, _ string) bool { return s.key <= k && k < s.other })
		return tx.DeleteRange(h.full(s.key), h.full(s.other))
	case "get":
		got, err := tx.Get(h.full(s.key))
		want, ok := h.now[s.key]
		if ok != (err == nil) || !ok && !errors.Is(err, kv.ErrNotFound) || string(got) != want {
			h.t.Fatalf("Get(%s) = %q, %v; want %q, %v", s.key, got, err, want, ok)
		}
	case "many":
		h.compareMany(tx)
	default:
		h.compare(s.kind, tx, h.now, s.key, s.other)
	}
	return nil
}

// compare checks a range of the store, by Scan and by ScanDown.
func (h *history) compare(what string, r kv.Reader, want map[string]string, lo, hi string) {
	var up, down []string
	for p := range r.Scan(h.full(lo), h.full(hi)) {
		up = append(up, fmt.Sprintf("%s=%s", strings.TrimPrefix(string(p.Key), h.prefix), p.Value))
	}
	for p := range r.ScanDown(h.full(lo), h.full(hi)) {
		down = append(down, fmt.Sprintf("%s=%s", strings.TrimPrefix(string(p.Key), h.prefix), p.Value))
	}
	slices.Reverse(down)
	var all []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if lo <= key && key < hi {
			all = append(all, key+"="+want[key])
		}
	}
	if !slices.Equal(up, all) || !slices.Equal(down, all) {
		h.t.Fatalf("%s of [%s, %s):\nup   %v\ndown %v\nwant %v", what, lo, hi, up, down, all)
	}
}

// compareMany asks for every possible key at once.
func (h *history) compareMany(r kv.Reader) {
	var names []string
	var keys [][]byte
	for a := 'a'; a <= 'e'; a++ {
		names = append(names, string(a))
		for b := 'a'; b <= 'e'; b++ {
			names = append(names, string(a)+string(b))
		}
	}
	for _, name := range names {
		keys = append(keys, h.full(name))
	}
	got := map[string]string{}
	for i, v := range r.GetMany(keys) {
		got[names[i]] = string(v)
	}
	if !maps.Equal(got, h.now) {
		h.t.Fatalf("GetMany: %v, want %v", got, h.now)
	}
}
