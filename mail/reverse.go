package mail

import (
	"encoding/binary"

	"poststube/acl"
	"poststube/directory"
)

// reverseEntry is the key that tells, beginning from whom an ACL entry is
// about, where it is. Negative entries are found under the same key, so that
// what they take away is announced as well.
func reverseEntry(who acl.Who, owner directory.ID, num uint32) []byte {
	k := reverseKey(who)
	k = binary.BigEndian.AppendUint32(k, uint32(owner))
	return binary.BigEndian.AppendUint32(k, num)
}
