package mail

import (
	"context"
	"encoding/binary"
	"slices"

	"poststube/directory"
)

// subscriptions returns the user's decisions about mailboxes that exist.
// Subscriptions are the user's own, never the mailbox's, and follow it through
// renames.
func (t *txn) subscriptions() (map[MailboxID]bool, error) {
	subs := make(map[MailboxID]bool)
	lo, hi := wholeTable(t.u.principal.ID, tableSubscribed)
	for p := range t.r.Scan(lo, hi) {
		tail := p.Key[len(lo):]
		id := MailboxID{directory.ID(binary.BigEndian.Uint32(tail)), binary.BigEndian.Uint32(tail[4:])}
		subs[id] = len(p.Value) > 0 && p.Value[0] == 1
	}
	return subs, t.r.Err()
}

func (t *txn) subscribe(id MailboxID, on byte) error {
	return t.set(t.key.start(t.u.principal.ID, tableSubscribed).u32(uint32(id.Owner)).u32(id.Num), append(t.val[:0], on))
}

func (t *txn) subscriptionKey(name string) []byte {
	t.key.start(t.u.principal.ID, tableSubscription)
	t.key.b = append(t.key.b, name...)
	return t.key.b
}

// maxSubscriptions bounds the names without a mailbox that one may subscribe to.
const maxSubscriptions = 5000

// Subscribe adds a name to the subscribed ones (RFC 9051 section 6.3.7). A name
// that the user cannot see is kept as a mere name, so that the answer tells
// nothing about it.
func (u *User) Subscribe(ctx context.Context, name string) error {
	return u.setSubscribed(ctx, "subscribe", name, true)
}

// Unsubscribe takes a name out. For a shared mailbox, which is subscribed by
// itself, this is remembered.
func (u *User) Unsubscribe(ctx context.Context, name string) error {
	return u.setSubscribed(ctx, "unsubscribe", name, false)
}

func (u *User) setSubscribed(ctx context.Context, op, name string, on bool) error {
	clean, err := cleanPath(name)
	if err != nil {
		return err
	}
	loc, err := u.resolve(ctx, op, clean)
	if err != nil && KindOf(err) != NotFound {
		return err
	}
	known := err == nil
	return u.update(ctx, op, []directory.ID{u.principal.ID}, func(t *txn) error {
		t.topics = append(t.topics, userTopic(u.principal.ID))
		if known {
			a, n, err := t.find(loc)
			if err == nil && t.rightsAt(a, n).HasAny(visibleRights) {
				if err := t.w.Delete(t.subscriptionKey(clean)); err != nil {
					return err
				}
				value := byte(0)
				if on {
					value = 1
				}
				return t.subscribe(MailboxID{a.id, n.num}, value)
			}
			if err != nil && KindOf(err) != NotFound {
				return err
			}
		}
		if !on {
			return t.w.Delete(t.subscriptionKey(clean))
		}
		names, err := t.bareNames()
		if err != nil {
			return err
		}
		if len(names) >= maxSubscriptions {
			return fail(Limit, "you are subscribed to %d names that do not exist: unsubscribe from some", maxSubscriptions)
		}
		return t.w.Set(t.subscriptionKey(clean), nil)
	})
}

// bareNames returns the subscribed names that had no mailbox.
func (t *txn) bareNames() (names []string, err error) {
	lo, hi := wholeTable(t.u.principal.ID, tableSubscription)
	for p := range t.r.Scan(lo, hi) {
		names = append(names, string(p.Key[len(lo):]))
	}
	return names, t.r.Err()
}

// Subscriptions returns the subscribed names without a mailbox that the user can
// see; those with one are marked in Mailboxes.
func (u *User) Subscriptions(ctx context.Context) ([]string, error) {
	var names []string
	err := u.view(ctx, "subscriptions", func(t *txn) (err error) {
		names, err = t.bareNames()
		return err
	})
	slices.Sort(names)
	return names, err
}
