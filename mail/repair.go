package mail

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
)

// RepairOptions say what becomes of what cannot stay, and who hears of it.
type RepairOptions struct {
	// Aside keeps, under a name that is fit for a file, what is taken out of the
	// store: damaged records, octets that belong to nobody. What it has not
	// kept is not removed.
	Aside func(name string, r io.Reader) error
	// Done hears of each thing that was mended.
	Done func(Problem)
}

// Repair mends what Check finds. What follows from other records is made anew
// from them: counters, indexes, quota, what was rendered of emails. What does not,
// a record that cannot be read say, is set aside and missed. Octets that can be
// read stay in the store: emails that are in no mailbox come into one called
// Recovered, octets of nobody are set aside whole.
//
// Clients are told nothing that is not true: a message whose octets have changed
// gets a new UID, a mailbox whose next UID is unknown a new UIDVALIDITY, and where
// the change log has holes it begins anew.
//
// Nobody else may use the store meanwhile. Repair may be interrupted and called
// again.
func (e *Engine) Repair(ctx context.Context, o RepairOptions) error {
	e.forget()
	defer e.forget()
	r := &repairer{e: e, o: o, reindex: map[directory.ID]bool{}}
	if err := r.scrub(ctx); err != nil {
		return err
	}
	known, err := e.dir.Repair(ctx)
	if err != nil {
		return err
	}
	for _, text := range known {
		r.o.Done(Problem{Text: text})
	}
	if r.uses, err = e.allUses(ctx); err != nil {
		return err
	}
	owners, err := e.owners(ctx)
	if err != nil {
		return err
	}
	for owner := range r.uses {
		if !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
	}
	slices.Sort(owners)
	for _, owner := range owners {
		if err := r.person(ctx, owner); err != nil {
			return err
		}
		if err := r.account(ctx, owner); err != nil {
			return fmt.Errorf("owner %d: %w", owner, err)
		}
	}
	return r.shared(ctx)
}

// A repairer mends a store.
type repairer struct {
	e       *Engine
	o       RepairOptions
	uses    map[directory.ID]map[uint64]use
	reindex map[directory.ID]bool // whose search index is damaged
}

// A use is what is marked of an email: where its octets are.
type use struct {
	where byte
	body  uint64
}

func (r *repairer) done(owner directory.ID, mailbox, uid uint32, format string, args ...any) {
	r.o.Done(Problem{owner, mailbox, uid, fmt.Sprintf(format, args...)})
}

// scrub takes out the records that are wrong by themselves. Octets of messages
// stay as they are now, with a checksum that matches: they are compared with that
// of their email later.
func (r *repairer) scrub(ctx context.Context) error {
	return r.e.eachBad(ctx, true, func(b badRecord) error {
		if b.stored == nil {
			return fmt.Errorf("%s %s: the files of the store are damaged, which this cannot mend; restore a backup, or export what can be read", nameRecord(b.key), b.why)
		}
		if b.key[0] == 's' && len(b.key) >= 5 {
			r.reindex[directory.ID(binary.BigEndian.Uint32(b.key[1:]))] = true
		}
		if err := r.o.Aside(fmt.Sprintf("record-%x", b.key), bytes.NewReader(b.stored)); err != nil {
			return err
		}
		octets := b.broken && b.key[0] == bodyPrefix && len(b.key) == 10 && len(b.stored) >= 4
		err := r.e.db.Update(kv.WithReserve(ctx), nil, func(tx kv.Tx) error {
			if octets {
				return tx.Set(b.key, b.stored[:len(b.stored)-4])
			}
			return tx.Delete(b.key)
		})
		if err != nil {
			return err
		}
		p := placeOf(b.key)
		p.Text = nameRecord(b.key) + " " + b.why + ": taken out and set aside"
		if octets {
			p.Text = nameRecord(b.key) + " " + b.why + ": kept as it is now"
		}
		r.o.Done(p)
		return nil
	})
}

// allUses reads which emails are marked as users of which octets.
func (e *Engine) allUses(ctx context.Context) (map[directory.ID]map[uint64]use, error) {
	uses := map[directory.ID]map[uint64]use{}
	add := func(key []byte, u use) {
		owner := directory.ID(binary.BigEndian.Uint32(key[len(key)-12:]))
		if uses[owner] == nil {
			uses[owner] = map[uint64]use{}
		}
		uses[owner][suffix64(key)] = u
	}
	err := e.db.View(ctx, func(r kv.Reader) error {
		for p := range r.Scan([]byte{bodyPrefix}, []byte{bodyPrefix + 1}) {
			if len(p.Key) == 22 {
				add(p.Key, use{bodyInStore, binary.BigEndian.Uint64(p.Key[1:])})
			}
		}
		for p := range r.Scan([]byte{blobRefPrefix}, []byte{blobRefPrefix + 1}) {
			add(p.Key, use{bodyInBlob, binary.BigEndian.Uint64(p.Key[1:])})
		}
		return r.Err()
	})
	return uses, err
}

// account mends what one owner has, from the numbers that everything hangs on to
// the messages and what is counted of them.
func (r *repairer) account(ctx context.Context, owner directory.ID) error {
	u := r.e.AsAdmin(directory.Principal{ID: owner}, "repair")
	step := func(do func(t *txn, a *account) error) error {
		r.e.forget()
		return u.update(kv.WithReserve(ctx), "repair", []directory.ID{owner}, func(t *txn) error {
			a, err := t.account(owner)
			if err != nil {
				return err
			}
			a.limits = new(Quota) // what is recovered may pass it
			return do(t, a)
		})
	}
	if err := step(r.numbers); err != nil {
		return fmt.Errorf("numbers: %w", err)
	}
	if err := step(r.tree); err != nil {
		return fmt.Errorf("mailboxes: %w", err)
	}
	v := verdicts{}
	if err := step(func(t *txn, a *account) error { return r.emails(ctx, t, a, v) }); err != nil {
		return fmt.Errorf("emails: %w", err)
	}
	var live, dead []uint32
	err := u.view(ctx, "repair", func(t *txn) error {
		a, err := t.account(owner)
		if err != nil {
			return err
		}
		for _, n := range a.tree.all() {
			live = append(live, n.num)
		}
		deleted, err := t.deletedMailboxes(owner)
		for num := range deleted {
			dead = append(dead, num)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, num := range live {
		if err := step(func(t *txn, a *account) error { return r.mailbox(t, a, num, v) }); err != nil {
			return fmt.Errorf("mailbox %d: %w", num, err)
		}
	}
	for _, num := range dead {
		if err := step(func(t *txn, a *account) error { return r.deleted(t, a, num, v) }); err != nil {
			return fmt.Errorf("deleted mailbox %d: %w", num, err)
		}
	}
	if err := step(r.places); err != nil {
		return fmt.Errorf("places: %w", err)
	}
	if err := step(r.unplaced); err != nil {
		return fmt.Errorf("emails without a mailbox: %w", err)
	}
	off, err := u.RecalculateQuota(ctx)
	if err != nil {
		return err
	}
	if off != (Quota{}) {
		r.done(owner, 0, 0, "the quota's count was off by %d octets and %d messages", off.Bytes, int64(off.Messages))
	}
	if err := step(r.shares); err != nil {
		return err
	}
	return r.index(ctx, owner)
}

// person makes somebody anew whose mail is there and whom the directory has lost,
// unless they are leaving.
func (r *repairer) person(ctx context.Context, owner directory.ID) error {
	c := checker{e: r.e}
	if owner == server || !c.lost(ctx, owner) {
		return nil
	}
	p, err := r.e.dir.Recover(ctx, owner)
	if err == nil {
		r.done(owner, 0, 0, "belonged to nobody in the directory: %s %q has it now, without a password", p.Kind, p.Name)
	}
	return err
}

// index drops a search index that is damaged; the server makes it anew.
func (r *repairer) index(ctx context.Context, owner directory.ID) error {
	err := r.e.indexer.Check(ctx, uint32(owner))
	if err == nil && !r.reindex[owner] {
		return ctx.Err()
	}
	r.done(owner, 0, 0, "the search index was damaged and is dropped; the server makes it anew")
	return r.e.indexer.Drop(ctx, uint32(owner))
}

// shares mends the entries of mailboxes and the index that leads to them.
func (r *repairer) shares(t *txn, a *account) error {
	for _, old := range append([]*node{a.tree.nodes[rootNum]}, a.tree.all()...) {
		n := *old
		n.acl = slices.DeleteFunc(slices.Clone(old.acl), func(e acl.Entry) bool {
			if !e.Who.Named() {
				return false
			}
			_, err := t.e.dir.ByID(context.Background(), directory.ID(e.Who.ID))
			return errors.Is(err, directory.ErrNotFound)
		})
		if len(n.acl) != len(old.acl) {
			a.put = append(a.put, &n)
			a.treeLog.action, a.treeLog.other, a.treeLog.detail = actACL, MailboxID{a.id, n.num}, "repaired: of somebody who is not there"
			r.done(a.id, n.num, 0, "had rights of somebody who is not in the directory")
		}
		for _, e := range n.acl {
			if !indexed(e) {
				continue
			}
			key := reverseEntry(e.Who, a.id, n.num)
			if _, err := t.r.Get(key); errors.Is(err, kv.ErrNotFound) {
				if err := t.w.Set(key, nil); err != nil {
					return err
				}
				r.done(a.id, n.num, 0, "the rights of %v were missing in the index of shares", e.Who)
			}
		}
	}
	return nil
}

// shared mends what belongs to no one owner.
func (r *repairer) shared(ctx context.Context) error {
	var strays []stray
	err := r.e.db.View(ctx, func(rd kv.Reader) error {
		return r.e.eachStray(ctx, rd, func(s stray) error { strays = append(strays, s); return nil })
	})
	if err != nil {
		return err
	}
	for _, s := range strays {
		if s.key[0] == bodyPrefix && len(s.key) == 10 {
			if err := r.setAside(ctx, fmt.Sprintf("octets-%d.eml", binary.BigEndian.Uint64(s.key[1:])), &emailRecord{where: bodyInStore, body: binary.BigEndian.Uint64(s.key[1:])}); err != nil {
				return err
			}
		}
		if err := r.e.db.Update(kv.WithReserve(ctx), nil, func(tx kv.Tx) error { return tx.Delete(s.key) }); err != nil {
			return err
		}
		r.done(s.owner, 0, 0, "%s: taken out", s.why)
	}
	unused, err := r.e.unusedBlobs(ctx)
	if err != nil {
		return err
	}
	for _, id := range unused {
		err := r.setAside(ctx, fmt.Sprintf("file-%d.eml", id), &emailRecord{where: bodyInBlob, body: uint64(id)})
		if errors.Is(err, blob.ErrNotFound) {
			continue // it has just gone
		}
		if err != nil {
			return err
		}
		if err := r.e.blobs.Delete(ctx, blob.ID(id)); err != nil {
			return err
		}
		r.done(0, 0, 0, "file %d belonged to no message: set aside", id)
	}
	return nil
}

func (r *repairer) setAside(ctx context.Context, name string, e *emailRecord) error {
	return r.e.db.View(ctx, func(rd kv.Reader) error {
		octets, close, err := r.e.openOctets(ctx, rd, e)
		if err != nil {
			return err
		}
		return errors.Join(r.o.Aside(name, octets), close())
	})
}
