package mail

import (
	"encoding/binary"

	"poststube/directory"
)

// The engine's keys. Everything that belongs to one owner lies under
// 'o' owner(4) table(1); numbers are big-endian, so that order of keys is order
// of numbers. The directory has the first byte 'd' for itself.
const (
	globalPrefix  = 'g' // name                                -> engine-wide values
	bodyPrefix    = 'b' // seq(8) 0                            -> the message, octet by octet
	blobRefPrefix = 'f' // blob(8) owner(4) email(8)           -> "": the email's octets are in the blob
	reversePrefix = 'r' // kind(1) principal(4) owner(4) num(4) -> "" : an ACL entry mentions the principal
	ownerPrefix   = 'o'
)

const (
	tableOwner        = '!' // -> ownerRecord
	tableAdopted      = 'a' // uidvalidity(4)          -> num(4): taken over from another server
	tableDelivered    = 'D' // num(4) identity(16)     -> uid(4) seconds(8): what was delivered, and when
	tableCounters     = 'c' // num(4)                  -> counters
	tableEmail        = 'e' // email(8)                -> emailRecord
	tableImported     = 'i' // num(4) source(16)       -> "": hashes of what was imported
	tableKeywords     = 'k' // num(4)                  -> keyword names
	tableLog          = 'l' // num(4) modseq(8)        -> logEntry; num 0 logs the tree
	tablePrivateLog   = 'L' // num(4) user(4) modseq(8)-> uidset of private changes
	tableMailbox      = 'm' // num(4)                  -> node; num 0 is the root
	tableMetadata     = 'M' // num(4) user(4) entry    -> value; user 0: shared
	tableNoteLog      = 'N' // user(4) modseq(8)       -> noteLog; user 0: shared
	tablePrivate      = 'p' // num(4) user(4) block(4) -> block of a user's own flags
	tableQuota        = 'Q' //                         -> Quota: the limits
	tablePlace        = 'q' // email(8) num(4) uid(4)  -> ""
	tableSubscribed   = 's' // owner(4) num(4)         -> 1 or 0
	tableSubscription = 'S' // name                    -> "": subscribed names without a mailbox
	tableThread       = 't' // hash of message id(8)   -> thread id
	tableMessage      = 'u' // num(4) uid(4)           -> messageRecord
	tableBlock        = 'x' // num(4) block(4)         -> block
)

// A keyBuf builds keys one after another in the same memory. The store copies
// what it keeps, so a key lives until the next one is built.
type keyBuf struct{ b []byte }

func (k *keyBuf) start(o directory.ID, table byte) *keyBuf {
	k.b = append(k.b[:0], ownerPrefix)
	k.b = binary.BigEndian.AppendUint32(k.b, uint32(o))
	k.b = append(k.b, table)
	return k
}

func (k *keyBuf) u32(n uint32) *keyBuf {
	k.b = binary.BigEndian.AppendUint32(k.b, n)
	return k
}

func (k *keyBuf) u64(n uint64) *keyBuf {
	k.b = binary.BigEndian.AppendUint64(k.b, n)
	return k
}

// clone returns the key in memory of its own.
func (k *keyBuf) clone() []byte { return append([]byte(nil), k.b...) }

func ownerKey(o directory.ID) []byte {
	var k keyBuf
	return k.start(o, tableOwner).b
}

// tableRange returns the bounds of the keys of one mailbox in a table.
func tableRange(o directory.ID, table byte, num uint32) (lo, hi []byte) {
	var a, b keyBuf
	lo = a.start(o, table).u32(num).b
	return lo, prefixEnd(b.start(o, table).u32(num).b)
}

// wholeTable returns the bounds of an owner's table.
func wholeTable(o directory.ID, table byte) (lo, hi []byte) {
	var a, b keyBuf
	return a.start(o, table).b, prefixEnd(b.start(o, table).b)
}

// prefixEnd returns the first key after all keys with the prefix, which it
// overwrites. The prefix must not be all 0xff.
func prefixEnd(p []byte) []byte {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0xff {
			p[i]++
			return p[:i+1]
		}
	}
	return nil
}

// BodyKeys returns the bounds of the keys of the octets of messages. Their values
// are large and come in ascending order, which a store can make use of.
func BodyKeys() (lo, hi []byte) { return []byte{bodyPrefix}, []byte{bodyPrefix + 1} }

func bodyKey(seq uint64) []byte { return appendBodyKey(nil, seq) }

func appendBodyKey(b []byte, seq uint64) []byte {
	return append(binary.BigEndian.AppendUint64(append(b, bodyPrefix), seq), 0)
}

// bodyRefKey marks that an email of an owner uses the body. It lies beside the
// body, so that the last one to go finds that it is the last.
func bodyRefKey(seq uint64, o directory.ID, email uint64) []byte {
	k := append(binary.BigEndian.AppendUint64([]byte{bodyPrefix}, seq), 1)
	k = binary.BigEndian.AppendUint32(k, uint32(o))
	return binary.BigEndian.AppendUint64(k, email)
}

// blobRefKey is bodyRefKey for octets in the blob store.
func blobRefKey(id uint64, o directory.ID, email uint64) []byte {
	k := binary.BigEndian.AppendUint64([]byte{blobRefPrefix}, id)
	k = binary.BigEndian.AppendUint32(k, uint32(o))
	return binary.BigEndian.AppendUint64(k, email)
}

func globalKey(name string) []byte { return append([]byte{globalPrefix}, name...) }

func suffix32(key []byte) uint32 { return binary.BigEndian.Uint32(key[len(key)-4:]) }

func suffix64(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// lockName is the lock that covers everything of an owner.
func lockName(o directory.ID) string {
	var b [5]byte
	b[0] = ownerPrefix
	binary.BigEndian.PutUint32(b[1:], uint32(o))
	return string(b[:])
}
