package mail

import (
	"encoding/binary"

	"poststube/acl"
	"poststube/directory"
)

// The reverse index tells, beginning from a person or a group, which nodes have
// an entry about it. It holds one record an entry, however many people the entry
// means. Negative entries are apart from the others: they make nothing visible.

// reverseKey is where the entries about an identifier begin.
func reverseKey(who acl.Who) []byte {
	kind := byte(who.Kind)
	if who.Negative {
		kind |= 0x80
	}
	return binary.BigEndian.AppendUint32([]byte{reversePrefix, kind}, who.ID)
}

func reverseEntry(who acl.Who, owner directory.ID, num uint32) []byte {
	k := binary.BigEndian.AppendUint32(reverseKey(who), uint32(owner))
	return binary.BigEndian.AppendUint32(k, num)
}

// indexed tells whether an entry stands in the reverse index.
func indexed(e acl.Entry) bool {
	return e.Who.Kind != acl.Owner && (e.Who.Negative || e.Rights != acl.None)
}

// reindex brings the reverse index from a node's old entries to its new ones,
// and announces those that differ. A nil list has none.
func (t *txn) reindex(a *account, num uint32, old, now acl.List) error {
	for _, e := range old {
		r, ok := now.Get(e.Who)
		if ok && r == e.Rights {
			continue
		}
		t.topics = append(t.topics, accessTopic(e.Who))
		if indexed(e) && !(ok && indexed(acl.Entry{Who: e.Who, Rights: r})) {
			if err := t.w.Delete(reverseEntry(e.Who, a.id, num)); err != nil {
				return err
			}
		}
	}
	for _, e := range now {
		r, ok := old.Get(e.Who)
		if ok && r == e.Rights {
			continue
		}
		t.topics = append(t.topics, accessTopic(e.Who))
		if indexed(e) {
			if err := t.w.Set(reverseEntry(e.Who, a.id, num), nil); err != nil {
				return err
			}
		}
	}
	return nil
}
