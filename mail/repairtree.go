package mail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"poststube/kv"
)

// An extent is the largest of each series of numbers that an owner's records show.
type extent struct {
	modseq      ModSeq
	mailbox     uint32
	email       uint64
	uidValidity uint32
}

// extent reads all of an owner's records.
func (t *txn) extent(a *account) (x extent, err error) {
	var rec messageRecord
	b := new(block)
	for table := range ownerKinds {
		lo, hi := wholeTable(a.id, table)
		for p := range t.r.Scan(lo, hi) {
			if numbered(table) {
				x.mailbox = max(x.mailbox, binary.BigEndian.Uint32(p.Key[len(lo):]))
			}
			switch table {
			case tableLog, tablePrivateLog, tableNoteLog:
				x.modseq = max(x.modseq, ModSeq(suffix64(p.Key)))
			case tableCounters:
				c, err := decodeCounters(p.Value)
				if err != nil {
					return x, err
				}
				x.modseq = max(x.modseq, c.highestModSeq, c.logFrom, c.purged)
			case tableMailbox:
				n, err := decodeNode(suffix32(p.Key), p.Value)
				if err != nil {
					return x, err
				}
				x.mailbox, x.uidValidity = max(x.mailbox, n.num), max(x.uidValidity, n.uidValidity)
			case tableMessage:
				if err := rec.decode(p.Value); err != nil {
					return x, err
				}
				x.modseq, x.email = max(x.modseq, rec.created), max(x.email, rec.email)
			case tableBlock, tablePrivate:
				b.reset()
				if err := b.decode(p.Value); err != nil {
					return x, err
				}
				x.modseq = max(x.modseq, slices.Max(b.modseq[:]), slices.Max(b.own[:]))
			case tableEmail:
				x.email = max(x.email, suffix64(p.Key))
			}
		}
	}
	return x, t.r.Err()
}

// numbers raises the numbers of an account above all that were given. Where the
// account's own record is lost, a range is skipped, as after a restore.
func (r *repairer) numbers(t *txn, a *account) error {
	x, err := t.extent(a)
	if err != nil {
		return err
	}
	for number := range r.uses[a.id] {
		x.email = max(x.email, number)
	}
	was := a.rec
	_, err = t.r.Get(t.key.start(a.id, tableOwner).b)
	switch {
	case errors.Is(err, kv.ErrNotFound):
		if x == (extent{}) {
			return nil // there is only a quota, or nothing
		}
		a.rec.modseq, a.rec.nextEmail = x.modseq+lostModSeqs, x.email+lostEmails
		a.rec.nextMailbox = x.mailbox + 1 + lostMailboxes
		a.rec.uidValidity = max(x.uidValidity, uint32(t.now.Unix())) + lostValidities
		a.rec.provisioned = len(a.tree.nodes) > 1
		r.done(a.id, 0, 0, "the account's own record was lost and is made anew, with its numbers beyond all that can have been given")
	case err != nil:
		return err
	default:
		a.rec.modseq, a.rec.nextEmail = max(was.modseq, x.modseq), max(was.nextEmail, x.email)
		a.rec.nextMailbox, a.rec.uidValidity = max(was.nextMailbox, x.mailbox+1), max(was.uidValidity, x.uidValidity)
		if a.rec != was {
			r.done(a.id, 0, 0, "the account's numbers were below some that were given")
		}
	}
	a.dirty = a.dirty || a.rec != was
	return nil
}

// freeName returns name, or with a number behind it, so that nothing right
// beneath the root has it.
func (a *account) freeName(name string) string {
	taken := func(name string) bool {
		if a.tree.byName[keyOf(rootNum, name)] != 0 || a.tree.mounts[keyOf(rootNum, name)] != nil {
			return true
		}
		return slices.ContainsFunc(a.put, func(n *node) bool { return n.parent == rootNum && n.name == name })
	}
	free := name
	for i := 2; taken(free); i++ {
		free = fmt.Sprintf("%s (%d)", name, i)
	}
	return free
}

// tree mends the hierarchy: mailboxes without a parent or with a name that
// another has come right beneath the root; those of which only their messages are
// left are made anew; of those of which nothing is left it is noted that they are
// gone.
func (r *repairer) tree(t *txn, a *account) error {
	stored := map[uint32]*node{}
	lo, hi := wholeTable(a.id, tableMailbox)
	for p := range t.r.Scan(lo, hi) {
		n, err := decodeNode(suffix32(p.Key), p.Value)
		if err != nil {
			return err
		}
		stored[n.num] = n
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	for num, old := range stored {
		now := a.tree.nodes[num]
		switch {
		case old.isMount() && a.tree.nodes[old.parent] == nil:
			a.gone = append(a.gone, num)
			r.done(a.id, num, 0, "was a mount at a place that is lost: removed, the mailbox is where it was")
		case now == nil || num == rootNum:
		case now.parent != old.parent:
			moved := *now
			moved.name = a.freeName(old.name)
			a.put = append(a.put, &moved)
			r.done(a.id, num, 0, "had lost its parent and is %q now", moved.name)
		case a.tree.byName[keyOf(now.parent, now.name)] != num:
			moved := *now
			moved.parent, moved.name = rootNum, a.freeName(old.name)
			a.put = append(a.put, &moved)
			r.done(a.id, num, 0, "had the name of another and is %q now", moved.name)
		}
	}
	deleted, err := t.deletedMailboxes(a.id)
	if err != nil {
		return err
	}
	alive := map[uint32]bool{}
	for table := range ownerKinds {
		if !numbered(table) {
			continue
		}
		lo, hi := wholeTable(a.id, table)
		for p := range t.r.Scan(lo, hi) {
			num := binary.BigEndian.Uint32(p.Key[len(lo):])
			if num == rootNum || alive[num] || deleted[num] || stored[num] != nil {
				continue
			}
			alive[num] = true
			a.rec.uidValidity = max(a.rec.uidValidity+1, uint32(t.now.Unix()))
			n := &node{num: num, parent: rootNum, name: a.freeName(fmt.Sprintf("Recovered %d", num)), uidValidity: a.rec.uidValidity, created: t.now.Unix()}
			a.put = append(a.put, n)
			r.done(a.id, num, 0, "had lost its name and place and is %q now", n.name)
		}
		if err := t.r.Err(); err != nil {
			return err
		}
	}
	if err := r.noteLost(t, a, deleted, alive); err != nil {
		return err
	}
	if a.rec.treeModSeq != 0 && !a.treeChanged() {
		if _, err := t.r.Get(t.key.start(a.id, tableLog).u32(rootNum).u64(uint64(a.rec.treeModSeq)).b); errors.Is(err, kv.ErrNotFound) {
			root := *a.tree.nodes[rootNum]
			a.put = append(a.put, &root)
			r.done(a.id, 0, 0, "the log of mailboxes lacked the last change")
		}
	}
	if a.rec.treeModSeq > a.rec.modseq {
		a.rec.modseq = a.rec.treeModSeq
	}
	a.treeLog.action, a.treeLog.detail = actRestore, "repaired"
	return nil
}

// noteLost records as deleted what is neither there nor deleted.
func (r *repairer) noteLost(t *txn, a *account, deleted, alive map[uint32]bool) error {
	for first, last := range a.missingNumbers(deleted) {
		for num := first; num <= last; num++ {
			if alive[num] {
				continue
			}
			a.rec.modseq++
			a.dirty = true
			l := logEntry{action: actDelete, time: t.now.UnixMilli(), origin: t.u.originText(), other: MailboxID{a.id, num}, detail: "lost, without messages"}
			if err := t.set(t.key.start(a.id, tableLog).u32(rootNum).u64(uint64(a.rec.modseq)), l.encode(t.val[:0])); err != nil {
				return err
			}
			r.done(a.id, num, 0, "is lost; it had no messages")
		}
	}
	return nil
}
