package mail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
)

// octetsThere returns the octets of all messages that exist and can be read, with
// the mailboxes of how many places they are in.
func (w *world) octetsThere() map[string]int {
	w.t.Helper()
	w.forget()
	there := map[string]int{}
	owners, err := w.owners(w.ctx)
	w.must(err)
	for _, owner := range owners {
		u := w.AsAdmin(directory.Principal{ID: owner}, "test")
		w.must(u.view(w.ctx, "test", func(t *txn) error {
			a, err := t.account(owner)
			if err != nil {
				return err
			}
			for _, n := range a.tree.all() {
				m, err := t.mailbox(MailboxID{owner, n.num}, acl.None)
				if err != nil {
					return err
				}
				err = m.each(m.all(), 1, true, func(v *visible) (bool, error) {
					e, err := t.email(owner, v.rec.email)
					if err != nil {
						return false, err
					}
					r, close, err := w.openOctets(w.ctx, t.r, &e)
					if err != nil {
						return false, err
					}
					b, err := io.ReadAll(r)
					there[string(b)]++
					return true, joined(err, close())
				})
				if err != nil {
					return fmt.Errorf("mailbox %d: %w", n.num, err)
				}
			}
			return nil
		}))
	}
	return there
}

func joined(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// mend repairs a world and returns what was set aside and what was done.
func (w *world) mend() (aside map[string][]byte, done []string) {
	w.t.Helper()
	aside = map[string][]byte{}
	w.must(w.Repair(w.ctx, RepairOptions{
		Aside: func(name string, r io.Reader) (err error) { aside[name], err = io.ReadAll(r); return err },
		Done:  func(p Problem) { done = append(done, p.String()) },
	}))
	return aside, done
}

// TestRepairNothing: a store without a fault is not changed.
func TestRepairNothing(t *testing.T) {
	w, raw := rawWorld(t)
	w.furnish(7)
	before := everything(t, raw)
	aside, done := w.mend()
	if len(aside)+len(done) > 0 {
		t.Errorf("mended: %v, set aside: %d", done, len(aside))
	}
	after := everything(t, raw)
	for key, v := range before {
		if !bytes.Equal(after[key], v) {
			t.Errorf("%s %x has changed", kindName(key), key)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d records were %d", len(after), len(before))
	}
}

// TestRepair damages a record, or several, of every kind, and repairs. Then
// verify finds nothing, a second repair has nothing to do, and every message is
// there whose octets were not what was damaged.
func TestRepair(t *testing.T) {
	tried := 0
	g := rand.New(rand.NewPCG(1, 2))
	probe, probeRaw := rawWorld(t)
	probe.furnish(0)
	kinds := map[string]bool{}
	for key := range everything(t, probeRaw) {
		kinds[kindName(key)] = true
	}
	for kind := range kinds {
		for what, damages := range map[string]int{"flipped": 1, "gone": 1, "some gone": 3, "all gone": 1000} {
			w, raw := rawWorld(t)
			w.furnish(g.Uint64())
			want := w.octetsThere()
			all := everything(t, raw)
			var keys []string
			for _, key := range slices.Sorted(maps.Keys(all)) {
				if kindName(key) == kind {
					keys = append(keys, key)
				}
			}
			if kind == "engine" || kind == "octets" && what != "flipped" {
				continue // the engine does not open, or there is nothing left to save
			}
			g.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			var hurt []string // octets that were damaged
			for _, key := range keys[:min(damages, len(keys))] {
				var value []byte
				if what == "flipped" {
					value = bytes.Clone(all[key])
					value[g.IntN(len(value))] ^= 1 << g.IntN(8)
					if kind == "octets" {
						hurt = append(hurt, string(all[key][:len(all[key])-4]))
					}
				}
				put(t, raw, key, value)
			}
			name := fmt.Sprintf("%s, %s", kind, what)
			tried++
			aside, done := w.mend()
			if f := w.faults(); len(f) > 0 {
				t.Errorf("%s: after repair verify says\n%s\nrepair said\n%s", name, strings.Join(f, "\n"), strings.Join(done, "\n"))
				continue
			}
			if aside, done := w.mend(); len(aside)+len(done) > 0 {
				t.Errorf("%s: a second repair does %v", name, done)
			}
			got := w.octetsThere()
			for text := range want {
				if got[text] == 0 && !slices.Contains(hurt, text) && !keptAside(aside, text) {
					t.Errorf("%s: a message of %d octets is lost:\n%.100s\nrepair said\n%s", name, len(text), text, strings.Join(done, "\n"))
				}
			}
		}
	}
	t.Logf("tried: %d damages of %d kinds of records", tried, len(kinds))
}

func keptAside(aside map[string][]byte, text string) bool {
	for _, b := range aside {
		if string(b) == text {
			return true
		}
	}
	return false
}

// TestRepairFiles: a file that has changed is a new message; one that is lost is
// gone, and nothing else; one that nobody knows is set aside.
func TestRepairFiles(t *testing.T) {
	w := newWorld(t)
	w.furnish(3)
	files := &changedBlobs{Store: w.blobs}
	w.Engine.blobs = files
	files.flip = true
	w.mend()
	if f := w.faults(); len(f) > 0 {
		t.Errorf("changed: %v", f)
	}
	b := w.open("anna", "INBOX")
	s, err := b.State(w.ctx, false)
	w.must(err)
	if !s.UIDs.Contains(8) || s.UIDs.Contains(7) {
		t.Errorf("the message with changed octets has no new UID: %v", s.UIDs)
	}
	u, err := w.Upload(w.ctx, strings.NewReader(letter("stray")+strings.Repeat("x\r\n", 50000)), -1)
	w.must(err)
	w.must(u.prepare())
	aside, _ := w.mend()
	if b := aside[fmt.Sprintf("file-%d.eml", u.body)]; int64(len(b)) != u.size {
		t.Errorf("of a file that nobody knows %d octets are set aside, want %d", len(b), u.size)
	}
	files.gone = true
	w.mend()
	if f := w.faults(); len(f) > 0 {
		t.Errorf("gone: %v", f)
	}
	if now, err := w.open("anna", "INBOX").State(w.ctx, false); err != nil || now.Exists != s.Exists-1 {
		t.Errorf("%d messages, were %d", now.Exists, s.Exists)
	}
}

// changedBlobs are files in which one octet has changed, or which are gone.
type changedBlobs struct {
	blob.Store
	flip, gone bool
}

func (c *changedBlobs) Open(ctx context.Context, id blob.ID) (blob.Reader, error) {
	if c.gone {
		return nil, blob.ErrNotFound
	}
	r, err := c.Store.Open(ctx, id)
	d := &damagedBlobs{}
	if c.flip {
		d.flip = 70001
	}
	return &damagedBlob{r, d}, err
}
