package mail

import (
	"encoding/binary"

	"poststube/directory"
	"poststube/uidset"
)

// A logged is what a change log says: which UIDs each commit touched.
type logged map[ModSeq]uidset.Set

func (l logged) has(modseq ModSeq, uid uint32) bool { return l[modseq].Contains(uid) }

// log checks that the change log can be read, never runs ahead, and knows of
// every change that the messages show and of every message that is gone.
func (c *checker) log(m *mailbox) error {
	changes, arrived, vanished := logged{}, logged{}, uidset.Set{}
	lo, hi := tableRange(m.id.Owner, tableLog, m.id.Num)
	var l logEntry
	for p := range m.t.r.Scan(lo, hi) {
		modseq := ModSeq(suffix64(p.Key))
		if err := l.decode(p.Value); err != nil {
			return err
		}
		if modseq > m.c.highestModSeq {
			c.found(m.id.Num, 0, "the log has modseq %d, above HIGHESTMODSEQ %d", modseq, m.c.highestModSeq)
		}
		changes[modseq], arrived[modseq] = l.arrived.Union(l.changed), l.arrived
		vanished = vanished.Union(l.vanished)
	}
	if err := m.t.r.Err(); err != nil {
		return err
	}
	if at := m.c.highestModSeq; at > m.c.logFrom {
		if _, ok := changes[at]; !ok {
			c.found(m.id.Num, 0, "the log lacks the last change, at modseq %d", at)
		}
	}
	private, err := c.privateLogs(m)
	if err != nil {
		return err
	}
	err = c.eachStoredBlock(m, tableBlock, func(_ directory.ID, num uint32, b *block) {
		for bit, ok := b.exists.next(0); ok; bit, ok = b.exists.next(bit + 1) {
			uid := num<<blockBits | uint32(bit)
			if at := b.modseq[bit]; at > m.c.logFrom && !changes.has(at, uid) {
				c.found(m.id.Num, uid, "the log lacks its change at modseq %d", at)
			}
			if at := b.own[bit]; at > m.c.logFrom && !private[m.id.Owner].has(at, uid) {
				c.found(m.id.Num, uid, "the private log of its owner lacks its change at modseq %d", at)
			}
		}
	})
	if err != nil {
		return err
	}
	if err := c.privateFlags(m, private, changes); err != nil {
		return err
	}
	return c.records(m, arrived, vanished)
}

// privateLogs reads what the logs of each user's own changes say.
func (c *checker) privateLogs(m *mailbox) (map[directory.ID]logged, error) {
	private := map[directory.ID]logged{}
	lo, hi := tableRange(m.id.Owner, tablePrivateLog, m.id.Num)
	for p := range m.t.r.Scan(lo, hi) {
		user, modseq := directory.ID(binary.BigEndian.Uint32(p.Key[len(lo):])), ModSeq(suffix64(p.Key))
		if modseq > m.a.rec.modseq {
			c.found(m.id.Num, 0, "the private log of %d has modseq %d, which was never given", user, modseq)
		}
		uids, _, err := uidset.ParseBinary(p.Value)
		if err != nil {
			return nil, errRecord
		}
		if private[user] == nil {
			private[user] = logged{}
		}
		private[user][modseq] = uids
	}
	return private, m.t.r.Err()
}

// eachStoredBlock visits the blocks of a mailbox, or those of each user's own
// flags.
func (c *checker) eachStoredBlock(m *mailbox, table byte, visit func(user directory.ID, num uint32, b *block)) error {
	lo, hi := tableRange(m.id.Owner, table, m.id.Num)
	b := new(block)
	for p := range m.t.r.Scan(lo, hi) {
		b.reset()
		if err := b.decode(p.Value); err != nil {
			return err
		}
		user := directory.ID(0)
		if table == tablePrivate {
			user = directory.ID(binary.BigEndian.Uint32(p.Key[len(lo):]))
		}
		visit(user, suffix32(p.Key), b)
	}
	return m.t.r.Err()
}

// privateFlags checks what users have for themselves against their logs, in both
// directions.
func (c *checker) privateFlags(m *mailbox, private map[directory.ID]logged, changes logged) error {
	have := map[directory.ID]map[uint32]bool{}
	err := c.eachStoredBlock(m, tablePrivate, func(user directory.ID, num uint32, b *block) {
		if have[user] == nil {
			have[user] = map[uint32]bool{}
		}
		have[user][num] = true
		for bit, at := range b.modseq {
			uid := num<<blockBits | uint32(bit)
			if at > m.c.logFrom && !private[user].has(at, uid) && !changes.has(at, uid) {
				c.found(m.id.Num, uid, "the private log of %d lacks its change at modseq %d", user, at)
			}
		}
		for _, k := range b.keywords {
			if uint32(k.index) >= m.c.keywords {
				c.found(m.id.Num, 0, "%d has a keyword without a name", user)
			}
		}
	})
	if err != nil {
		return err
	}
	for user, log := range private {
		if user == m.id.Owner {
			continue // whose own flags are in the mailbox's blocks
		}
		for modseq, uids := range log {
			for _, run := range uids.Runs() {
				if num, _ := blockOf(run.First); !have[user][num] {
					c.found(m.id.Num, run.First, "the flags of %d are lost, changed at modseq %d", user, modseq)
				}
			}
		}
	}
	return nil
}

// records checks the records of messages, also of those that do not exist: each
// can be had back until it is purged. The log must know how it came and that it
// is gone, and its block must be there.
func (c *checker) records(m *mailbox, arrived logged, vanished uidset.Set) error {
	blocks := map[uint32]bitmap{}
	err := c.eachStoredBlock(m, tableBlock, func(_ directory.ID, num uint32, b *block) { blocks[num] = b.exists })
	if err != nil {
		return err
	}
	lo, hi := tableRange(m.id.Owner, tableMessage, m.id.Num)
	var rec messageRecord
	for p := range m.t.r.Scan(lo, hi) {
		uid := suffix32(p.Key)
		num, bit := blockOf(uid)
		exists, ok := blocks[num]
		if err := rec.decode(p.Value); err != nil {
			return err
		}
		if rec.created > m.c.logFrom && !arrived.has(rec.created, uid) {
			c.found(m.id.Num, uid, "the log lacks its arrival at modseq %d", rec.created)
		}
		switch {
		case !ok:
			c.found(m.id.Num, uid, "its flags are lost")
		case !exists.get(bit) && !vanished.Contains(uid):
			c.found(m.id.Num, uid, "is gone, and the log does not know of it")
		case exists.get(bit) && vanished.Contains(uid):
			c.found(m.id.Num, uid, "is there, and the log says that it is gone")
		}
	}
	return m.t.r.Err()
}
