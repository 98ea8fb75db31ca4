package directory

import (
	"context"

	"poststube/kv"
)

// A txn is one change: what it writes, and which cached answers it ends.
type txn struct {
	kv.Tx
	named     []ID // added, renamed or removed
	joined    []ID // whose direct groups changed
	nested    bool // groups of groups changed
	addresses bool // some address leads elsewhere now
	passwords []ID // whose password changed
}

// update is how this package writes whatever others may have cached. When it
// returns nil the change is durable, no cache shows the time before it, and
// those who wait for it are woken.
func (d *Directory) update(ctx context.Context, fn func(*txn) error) error {
	var t *txn
	var epoch uint64
	err := d.db.Update(ctx, []string{lock}, func(tx kv.Tx) error {
		t = &txn{Tx: tx} // fn may run again after a conflict
		var err error
		if epoch, err = counter(tx, "epoch", 0); err != nil {
			return err
		}
		epoch++
		if err := setCounter(tx, "epoch", epoch); err != nil {
			return err
		}
		return fn(t)
	})
	if err != nil {
		return err
	}
	d.forget(t)
	d.epochMu.Lock()
	if d.epoch+1 == epoch {
		d.epoch = epoch
	}
	d.epochMu.Unlock()
	d.publish(t)
	return nil
}

// forget drops the cached answers that t ended.
func (d *Directory) forget(t *txn) {
	if len(t.named) > 0 {
		d.byID.drop(t.named...)
		d.byName.clear() // holds a principal under several names
		d.noName.clear()
	}
	if len(t.named) > 0 || t.addresses {
		d.byAddress.clear()
	}
	if t.nested {
		d.parents.clear()
		d.closures.clear()
	} else if len(t.joined) > 0 {
		d.closures.drop(t.joined...)
	}
}

func (d *Directory) publish(t *txn) {
	if d.bus == nil {
		return
	}
	topics := []string{topicAll}
	for _, ids := range [...][]ID{t.named, t.joined, t.passwords} {
		for _, id := range ids {
			topics = append(topics, Topic(id))
		}
	}
	d.bus.Publish(topics...)
}

// refresh empties the caches when another node has changed the directory. It
// is called before every cached answer and costs a few nanoseconds unless a
// hint has come.
func (d *Directory) refresh(ctx context.Context) error {
	if d.hints == nil {
		return nil
	}
	select {
	case <-d.hints.C():
	default:
		return nil
	}
	var epoch uint64
	err := d.db.View(ctx, func(r kv.Reader) (err error) {
		epoch, err = counter(r, "epoch", 0)
		return err
	})
	stale := true // the hint is spent: when in doubt, ask anew
	if err == nil {
		d.epochMu.Lock()
		stale = epoch != d.epoch
		d.epoch = epoch
		d.epochMu.Unlock()
	}
	if stale {
		d.byID.clear()
		d.byName.clear()
		d.noName.clear()
		d.byAddress.clear()
		d.closures.clear()
		d.parents.clear()
	}
	return err
}
