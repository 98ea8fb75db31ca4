package mail

import (
	"context"

	"poststube/directory"
)

// What is skipped of each series of numbers by Restored, and so may have been
// given between the copy and its restoration. More emails cost the search index
// time, which walks over their numbers.
const (
	lostModSeqs    = 1 << 32
	lostEmails     = 1 << 20
	lostMailboxes  = 1 << 16
	lostValidities = 1 << 16 // beyond the present second
)

// Restored makes a store that was copied back from a backup fit to be served.
// Clients may know of messages, flags and mailboxes from after the copy, which
// the store knows nothing of and whose numbers it would give again. So every
// mailbox gets a new UIDVALIDITY, by which clients forget what they know (RFC
// 9051 section 2.3.1.1), and modseqs, email and mailbox numbers go on far above
// all that can have been given. It must run before anything else is done with
// the store; it may be run again if it was interrupted.
func (e *Engine) Restored(ctx context.Context) error {
	owners, err := e.owners(ctx)
	if err != nil {
		return e.failure(ctx, "restore", err)
	}
	for _, owner := range owners {
		u := e.AsAdmin(directory.Principal{ID: owner}, "restore")
		err := u.update(ctx, "restore", []directory.ID{owner}, func(t *txn) error {
			a, err := t.account(owner)
			if err != nil {
				return err
			}
			t.renumber(a)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// renumber does for one owner what Restored promises.
func (t *txn) renumber(a *account) {
	a.rec.modseq += lostModSeqs
	a.rec.nextEmail += lostEmails
	a.rec.nextMailbox = max(a.rec.nextMailbox, rootNum+1) + lostMailboxes
	a.rec.uidValidity = max(a.rec.uidValidity, uint32(t.now.Unix())) + lostValidities
	a.dirty = true
	for _, old := range a.tree.all() {
		n := *old
		a.rec.uidValidity++
		n.uidValidity = a.rec.uidValidity
		a.put = append(a.put, &n)
	}
	a.next()
	a.treeLog.action, a.treeLog.detail = actRestore, "from a backup"
}
