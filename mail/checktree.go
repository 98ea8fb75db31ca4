package mail

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"

	"poststube/directory"
)

// tree checks the hierarchy as it is stored, and its log.
func (c *checker) tree(t *txn, a *account) error {
	lo, hi := wholeTable(c.owner, tableMailbox)
	names := map[childName]uint32{}
	for p := range t.r.Scan(lo, hi) {
		n, err := decodeNode(suffix32(p.Key), p.Value)
		if err != nil {
			return err
		}
		if n.num == rootNum {
			continue
		}
		if kept := a.tree.nodes[n.num]; n.isMount() {
			if a.tree.nodes[n.parent] == nil {
				c.found(n.num, 0, "is a mount without a parent")
			}
		} else if kept == nil || kept.parent != n.parent {
			c.found(n.num, 0, "has no parent")
		}
		if other, taken := names[keyOf(n.parent, n.name)]; taken {
			c.found(n.num, 0, "has the name of mailbox %d", other)
		}
		names[keyOf(n.parent, n.name)] = n.num
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	if at := a.rec.treeModSeq; at != 0 {
		if _, err := t.r.Get(t.key.start(c.owner, tableLog).u32(rootNum).u64(uint64(at)).b); err != nil {
			c.found(0, 0, "the log of mailboxes lacks the last change, at modseq %d", at)
		}
	}
	var last ModSeq
	for _, table := range []byte{tableLog, tableNoteLog} {
		lo, hi := wholeTable(c.owner, table)
		for p := range t.r.Scan(lo, hi) {
			last = max(last, ModSeq(suffix64(p.Key)))
		}
		if err := t.r.Err(); err != nil {
			return err
		}
	}
	if last > a.rec.modseq {
		c.found(0, 0, "the log has modseq %d, and the last one given is %d", last, a.rec.modseq)
	}
	return nil
}

// gone checks what mailboxes that were deleted have left behind, and finds what
// belongs to none at all.
func (c *checker) gone(t *txn, a *account) error {
	deleted, err := t.deletedMailboxes(c.owner)
	if err != nil {
		return err
	}
	c.numbers(a, deleted)
	for table := range ownerKinds {
		if !numbered(table) {
			continue
		}
		strange := map[uint32]bool{}
		lo, hi := wholeTable(c.owner, table)
		for p := range t.r.Scan(lo, hi) {
			num := binary.BigEndian.Uint32(p.Key[len(lo):])
			if num != rootNum && a.tree.nodes[num] == nil && !deleted[num] && !strange[num] {
				strange[num] = true
				c.found(num, 0, "is no mailbox, and there is a record %q of it", ownerKinds[table].name)
			}
			if table == tableMessage && deleted[num] {
				c.remains(t, num, suffix32(p.Key))
			}
		}
		if err := t.r.Err(); err != nil {
			return err
		}
	}
	return nil
}

// remains checks that a message of a deleted mailbox can be had back, and purged.
func (c *checker) remains(t *txn, num, uid uint32) {
	block, _ := blockOf(uid)
	if _, err := t.r.Get(t.key.start(c.owner, tableBlock).u32(num).u32(block).b); err != nil {
		c.found(num, uid, "its flags are lost")
	}
	if _, err := t.r.Get(t.key.start(c.owner, tableCounters).u32(num).b); err != nil {
		c.found(num, uid, "is left from a mailbox that was deleted, and whose counters are lost")
	}
}

// numbers finds mailboxes that are neither there nor deleted. A long row of them
// is what a restore has left out.
func (c *checker) numbers(a *account, deleted map[uint32]bool) {
	for first, last := range a.missingNumbers(deleted) {
		for num := first; num <= last; num++ {
			c.found(num, 0, "is no mailbox any more, and nobody has deleted it")
		}
	}
}

// missingNumbers yields the ranges of numbers of mailboxes that are lost.
func (a *account) missingNumbers(deleted map[uint32]bool) iter.Seq2[uint32, uint32] {
	known := slices.Collect(maps.Keys(deleted))
	for num := range a.tree.nodes {
		known = append(known, num)
	}
	for _, m := range a.tree.mounts {
		known = append(known, m.num)
	}
	slices.Sort(known)
	return func(yield func(uint32, uint32) bool) {
		last := uint32(rootNum)
		for _, num := range append(known, a.rec.nextMailbox) {
			if num > last+1 && num-last < lostMailboxes && num <= a.rec.nextMailbox && !yield(last+1, num-1) {
				return
			}
			last = max(last, num)
		}
	}
}

// deletedMailboxes returns the numbers of mailboxes that were deleted: they may
// have data until they are purged.
func (t *txn) deletedMailboxes(owner directory.ID) (map[uint32]bool, error) {
	deleted := map[uint32]bool{}
	lo, hi := tableRange(owner, tableLog, rootNum)
	var l logEntry
	for p := range t.r.Scan(lo, hi) {
		if err := l.decode(p.Value); err != nil {
			return nil, err
		}
		if l.action == actDelete || l.action == actUnmount {
			deleted[l.other.Num] = true
		}
	}
	return deleted, t.r.Err()
}
