package mail

import (
	"encoding/binary"
	"errors"
	"time"

	"poststube/kv"
)

// An Identity is the same for all attempts to deliver one message, and for no
// other message: a mailer that hears no answer delivers again what may have been
// stored (RFC 1047). The zero Identity is none.
type Identity [16]byte

// deliveryMemory is for how long a mailbox knows what was delivered to it. Mailers
// give up after five days (RFC 5321 section 4.5.4.1).
const deliveryMemory = 7 * 24 * time.Hour

// delivered returns the UID under which a message was delivered before. It may
// have been removed since, which is no reason to deliver it again.
func (m *mailbox) delivered(id Identity) (uid uint32, ok bool, err error) {
	if id == (Identity{}) {
		return 0, false, nil
	}
	v, err := m.t.r.Get(m.deliveryKey(id).b)
	switch {
	case errors.Is(err, kv.ErrNotFound):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case len(v) != 12:
		return 0, false, errRecord
	}
	at := int64(binary.BigEndian.Uint64(v[4:]))
	return binary.BigEndian.Uint32(v), at > m.t.now.Add(-deliveryMemory).Unix(), nil
}

// remember makes delivered find a message.
func (m *mailbox) remember(id Identity, uid uint32) error {
	if id == (Identity{}) {
		return nil
	}
	v := binary.BigEndian.AppendUint32(m.t.val[:0], uid)
	v = binary.BigEndian.AppendUint64(v, uint64(m.t.now.Unix()))
	return m.t.set(m.deliveryKey(id), v)
}

func (m *mailbox) deliveryKey(id Identity) *keyBuf {
	k := m.t.key.start(m.id.Owner, tableDelivered).u32(m.id.Num)
	k.b = append(k.b, id[:]...)
	return k
}

// forgetDeliveries removes what delivered no longer returns.
func (p *purger) forgetDeliveries(t *txn) (last bool, err error) {
	lo, hi := wholeTable(p.u.principal.ID, tableDelivered)
	var old [][]byte
	last = true
	for pair := range t.r.Scan(lo, hi) {
		if len(pair.Value) == 12 && int64(binary.BigEndian.Uint64(pair.Value[4:])) > t.now.Add(-deliveryMemory).Unix() {
			continue
		}
		old = append(old, append([]byte(nil), pair.Key...))
		if last = len(old) < purgeStep; !last {
			break
		}
	}
	if err := t.r.Err(); err != nil {
		return true, err
	}
	for _, key := range old {
		if err := t.w.Delete(key); err != nil {
			return true, err
		}
	}
	return last, nil
}
