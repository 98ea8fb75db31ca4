package mail

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
)

// A SourceHash is what a mailbox remembers of a message that was imported: the
// beginning of the SHA-256 of NewMessage.Source.
type SourceHash [16]byte

// HashSource returns the hash of a source.
func HashSource(source string) SourceHash {
	sum := sha256.Sum256([]byte(source))
	return SourceHash(sum[:])
}

// imported remembers that the message comes into the mailbox, or tells that it
// did before. It is part of the commit that stores the message, so an import
// that is cut off anywhere can begin again. Keywords that cannot be here are
// taken out of the message.
func (m *mailbox) imported(msg *NewMessage, dropped *[]string) (known bool, err error) {
	t, h := m.t, HashSource(msg.Source)
	t.key.start(m.id.Owner, tableImported).u32(m.id.Num)
	t.key.b = append(t.key.b, h[:]...)
	_, err = t.r.Get(t.key.b)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, kv.ErrNotFound) {
		return false, err
	}
	if err := t.w.Set(t.key.b, nil); err != nil {
		return false, err
	}
	var kept []string
	for _, name := range msg.Flags.Keywords {
		_, _, err := m.keyword(name, true)
		switch KindOf(err) {
		case Invalid, Limit:
			if !slices.Contains(*dropped, name) {
				*dropped = append(*dropped, name)
			}
		default:
			if err != nil {
				return false, err
			}
			kept = append(kept, name)
		}
	}
	msg.Flags.Keywords = kept
	return false, nil
}

// maxWantedUID leaves a mailbox UIDs to give whatever an import wants.
const maxWantedUID = 1<<32 - 1<<24

// wantUID makes uid the next one that the mailbox gives, if UIDs still ascend
// then (RFC 9051 section 2.3.1.1).
func (m *mailbox) wantUID(uid uint32) {
	if uid > m.c.uidNext && uid <= maxWantedUID {
		m.c.uidNext = uid
		m.dirty = true
	}
}

// CheckOwnName refuses a name that leads out of the user's own tree, for names
// that come from elsewhere: an administrator's way to one owner's mailboxes is
// open to all others too.
func (u *User) CheckOwnName(name string) error {
	clean, err := cleanPath(name)
	if err == nil && u.reservedName(clean) {
		err = fail(Invalid, "names that begin like this are kept for shared mailboxes")
	}
	return err
}

// Imported returns the hashes of the sources of all messages that were ever
// imported into a mailbox.
func (u *User) Imported(ctx context.Context, name string) ([]SourceHash, error) {
	loc, err := u.resolve(ctx, "imported", name)
	if err != nil {
		return nil, err
	}
	var list []SourceHash
	err = u.view(ctx, "imported", func(t *txn) error {
		m, err := t.destination(loc, acl.Insert)
		if err != nil {
			return err
		}
		lo, hi := tableRange(m.id.Owner, tableImported, m.id.Num)
		for p := range t.r.Scan(lo, hi) {
			if tail := p.Key[len(lo):]; len(tail) == len(SourceHash{}) {
				list = append(list, SourceHash(tail))
			}
		}
		return t.r.Err()
	})
	return list, err
}

// AdoptUIDs gives a mailbox the UIDVALIDITY that it had on another server, so
// that clients need not download it again when its messages come with their
// UIDs, and makes uidNext the least UID that it gives next. That is possible
// while the mailbox has given no UID yet and none of the owner's mailboxes ever
// had that UIDVALIDITY; kept tells whether the mailbox has it now. It needs i
// and x.
func (u *User) AdoptUIDs(ctx context.Context, name string, uidValidity, uidNext uint32) (kept bool, err error) {
	loc, err := u.resolve(ctx, "adopt", name)
	if err != nil {
		return false, err
	}
	err = u.update(ctx, "adopt", []directory.ID{loc.owner.ID}, func(t *txn) error {
		kept = false
		m, err := t.destination(loc, acl.Insert|acl.DeleteMailbox)
		if err != nil {
			return err
		}
		if m.node.uidValidity != uidValidity {
			if ok, err := m.adopt(uidValidity); err != nil || !ok {
				return err
			}
		}
		kept = true
		m.wantUID(uidNext)
		return nil
	})
	return kept && err == nil, err
}

// adopt changes the mailbox's UIDVALIDITY if that is possible.
func (m *mailbox) adopt(uidValidity uint32) (bool, error) {
	t, a := m.t, m.a
	if m.c.uidNext > 1 || uidValidity == 0 {
		return false, nil
	}
	// What this server gave itself began with the first mailboxes, and went up.
	first := uint32(1)
	for _, n := range a.tree.nodes {
		if n.parent == rootNum && n.num != rootNum && strings.EqualFold(n.name, inbox) {
			first = uint32(n.created)
		}
	}
	// Only a little of the future: numbers must be left for mailboxes to come.
	const future = 1 << 24
	last := a.rec.uidValidity
	if uidValidity >= first && uidValidity <= last || uidValidity > last && uidValidity-last > future {
		return false, nil
	}
	key := t.key.start(a.id, tableAdopted).u32(uidValidity)
	if _, err := t.r.Get(key.b); !errors.Is(err, kv.ErrNotFound) {
		return false, err // somebody has or had it
	}
	if err := t.set(key, binary.BigEndian.AppendUint32(t.val[:0], m.id.Num)); err != nil {
		return false, err
	}
	a.rec.uidValidity = max(last, uidValidity)
	n := *m.node
	n.uidValidity = uidValidity
	m.node = &n
	a.put = append(a.put, &n)
	a.dirty = true
	a.treeLog.action, a.treeLog.other, a.treeLog.detail = actCreate, m.id, "with the UIDs of another server"
	return true, nil
}
