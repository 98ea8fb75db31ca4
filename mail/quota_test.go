package mail

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// TestQuotaAtTheLimit lets 64 at once append what does not fit in whole: exactly
// as many get in as there is room for.
func TestQuotaAtTheLimit(t *testing.T) {
	for name, limit := range map[string]Quota{
		"messages": {Messages: 10}, "octets": {Bytes: 10*int64(len(letter("x"))) + 5},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			sales := w.person("sales")
			w.must(w.AsAdmin(sales, "test").SetQuota(w.ctx, limit))
			w.grantTeam()
			var in atomic.Int32
			var all sync.WaitGroup
			for i := range 64 {
				up := w.upload(letter("x"))
				u := w.as([]string{"anna", "ben"}[i%2])
				all.Go(func() {
					switch _, err := u.Append(w.ctx, "Shared/sales/Inbox", []NewMessage{{Upload: up}}); {
					case err == nil:
						in.Add(1)
					case KindOf(err) != OverQuota:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if in.Load() != 10 {
				t.Errorf("%d messages were taken, 10 fit in", in.Load())
			}
			w.quotaHolds("sales", limit)
		})
	}
}

// grantTeam makes mailboxes of sales, and lets its members do all there that is
// about messages.
func (w *world) grantTeam() {
	w.t.Helper()
	sales := w.AsAdmin(w.person("sales"), "test")
	for _, name := range []string{"A", "B"} {
		_, err := sales.Create(w.ctx, name, nil)
		w.must(err)
	}
	id := acl.Identifier{Kind: acl.Group, Name: "sales"}
	for _, name := range []string{"Inbox", "A", "B"} {
		w.must(sales.SetACL(w.ctx, name, id, acl.Modification{Rights: acl.Full &^ acl.Admin}))
	}
}

// quotaHolds tells whether the counted use is that of the messages that are there,
// and within the limit.
func (w *world) quotaHolds(owner string, limit Quota) {
	w.t.Helper()
	admin := w.AsAdmin(w.person(owner), "test")
	_, used, _, err := admin.Quota(w.ctx, "")
	w.must(err)
	if limit.Bytes > 0 && used.Bytes > limit.Bytes || limit.Messages > 0 && used.Messages > limit.Messages {
		w.t.Errorf("%s uses %+v of %+v", owner, used, limit)
	}
	off, err := admin.RecalculateQuota(w.ctx)
	w.must(err)
	if off != (Quota{}) {
		w.t.Errorf("the count of %s was off by %+v", owner, off)
	}
	for p, err := range w.Check(w.ctx, CheckOptions{}) {
		w.t.Errorf("check: %v %v", p, err)
	}
}

// TestQuotaNeverDrifts lets several at once append, deliver, copy, move, replace
// and expunge between two trees that are nearly full, while somebody looks at
// their use all the time.
func TestQuotaNeverDrifts(t *testing.T) {
	w := newWorld(t)
	w.grantTeam()
	limits := map[string]Quota{"anna": {Messages: 20, Bytes: 4 << 10}, "sales": {Messages: 15, Bytes: 2 << 10}}
	for name, q := range limits {
		w.must(w.AsAdmin(w.person(name), "test").SetQuota(w.ctx, q))
	}
	boxes := []string{"INBOX", "Archive", "Shared/sales/Inbox", "Shared/sales/A", "Shared/sales/B"}
	done := make(chan struct{})
	var watching, working sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			for name, q := range limits {
				_, used, _, err := w.AsAdmin(w.person(name), "test").Quota(w.ctx, "")
				if err != nil || used.Bytes > q.Bytes || used.Messages > q.Messages || used.Bytes < 0 {
					t.Errorf("%s uses %+v of %+v: %v", name, used, q, err)
					return
				}
			}
		}
	})
	var refused atomic.Int32
	for worker := range 8 {
		working.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 60 {
				err := w.someMail(r, boxes)
				switch k := KindOf(err); {
				case k == OverQuota:
					refused.Add(1)
				case err != nil && k != NotFound:
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	close(done)
	watching.Wait()
	if n := refused.Load(); n == 0 {
		t.Error("nothing was refused, so the limits were never reached")
	}
	for name, q := range limits {
		w.quotaHolds(name, q)
	}
}

// someMail does one thing with messages as anna, at random.
func (w *world) someMail(r *rand.Rand, boxes []string) error {
	anna := w.as("anna")
	from, to := boxes[r.IntN(len(boxes))], boxes[r.IntN(len(boxes))]
	text := letter(fmt.Sprint(r.IntN(1000000)))
	box, err := anna.Open(w.ctx, from)
	if err != nil {
		return err
	}
	s, err := box.State(w.ctx, false)
	if err != nil {
		return err
	}
	if s.UIDs.Empty() || r.IntN(4) == 0 {
		if r.IntN(2) == 0 {
			return w.Engine.Deliver(w.ctx, Envelope{To: []string{"anna"}}, w.upload(text))[0].Err
		}
		_, err := anna.Append(w.ctx, to, []NewMessage{{Upload: w.upload(text)}})
		return err
	}
	some := uidset.Range(s.UIDs.Min(), s.UIDs.Min()+uint32(r.IntN(3)))
	switch r.IntN(4) {
	case 0:
		_, err = box.Copy(w.ctx, some, to)
	case 1:
		_, err = box.Move(w.ctx, some, to)
	case 2:
		_, err = box.Replace(w.ctx, s.UIDs.Max(), to, NewMessage{Upload: w.upload(text)})
	case 3:
		if _, err = box.SetFlags(w.ctx, some, FlagChange{Op: AddFlags, Flags: Flags{System: Deleted}}); err == nil {
			_, _, err = box.Expunge(w.ctx, some)
		}
	}
	return err
}

// TestRecalculateQuota brings figures that are wrong, and counters of a mailbox
// that are wrong with them, back to what is there.
func TestRecalculateQuota(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.deliver("anna", "two")
	admin := w.AsAdmin(w.person("anna"), "test")
	_, before, _, err := admin.Quota(w.ctx, "")
	w.must(err)
	inbox := w.open("anna", "INBOX").ID()
	w.must(admin.update(w.ctx, "damage", []directory.ID{inbox.Owner}, func(t *txn) error {
		m, err := t.mailbox(inbox, 0)
		if err == nil {
			m.a.rec.bytes, m.a.rec.messages, m.a.dirty = 7, 9, true
			m.c.exists, m.c.size, m.dirty = 9, 7, true
		}
		return err
	}))
	off, err := admin.RecalculateQuota(w.ctx)
	w.must(err)
	if want := (Quota{Bytes: before.Bytes - 7, Messages: before.Messages - 9}); off != want {
		t.Errorf("was off by %+v, want %+v", off, want)
	}
	if _, used, _, err := admin.Quota(w.ctx, ""); err != nil || used != before {
		t.Errorf("uses %+v, want %+v (%v)", used, before, err)
	}
}
