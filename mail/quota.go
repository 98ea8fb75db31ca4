package mail

import (
	"context"
	"errors"
	"slices"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
)

// A Quota is a limit, or a use, of one owner's whole tree (RFC 9208). In a limit
// 0 means none.
type Quota struct {
	Bytes    int64  // of all messages, a copy counted anew
	Messages uint64 // in all mailboxes
}

// limit returns the owner's quota.
func (a *account) limit(t *txn) (Quota, error) {
	if a.limits != nil {
		return *a.limits, nil
	}
	q := new(Quota)
	v, err := t.r.Get(t.key.start(a.id, tableQuota).b)
	if err == nil {
		*q, err = decodeQuota(v)
	}
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return *q, err
	}
	a.limits = q
	return *q, nil
}

func decodeQuota(v []byte) (q Quota, err error) {
	d := dec{b: v}
	d.version(1)
	q.Bytes, q.Messages = d.i(), d.u()
	return q, d.err()
}

// charge counts messages that come, and refuses what passes the quota. Counting
// and limit are read under the owner's lock, so no number of deliveries at once
// can pass it.
func (a *account) charge(t *txn, messages uint64, bytes int64) error {
	if err := a.room(t, messages, bytes); err != nil {
		return err
	}
	a.rec.messages += messages
	a.rec.bytes += bytes
	a.dirty = true
	return nil
}

// room tells whether the quota has room.
func (a *account) room(t *txn, messages uint64, bytes int64) error {
	limit, err := a.limit(t)
	if err != nil {
		return err
	}
	if limit.Bytes > 0 && a.rec.bytes+bytes > limit.Bytes {
		return fail(OverQuota, "the quota of %d octets is used up", limit.Bytes)
	}
	if limit.Messages > 0 && a.rec.messages+messages > limit.Messages {
		return fail(OverQuota, "the quota of %d messages is used up", limit.Messages)
	}
	return nil
}

// credit counts messages that go.
func (a *account) credit(messages uint64, bytes int64) {
	a.rec.messages -= messages
	a.rec.bytes -= bytes
	a.dirty = true
}

// Quota returns what the owner of a mailbox uses and may use, and who that is.
// It needs r there; for the user's own tree it needs nothing, not even that there
// is such a mailbox. The empty name asks for the user's own.
func (u *User) Quota(ctx context.Context, name string) (owner directory.Principal, used, limit Quota, err error) {
	loc := location{owner: u.principal}
	if name != "" {
		if loc, err = u.resolve(ctx, "quota", name); err != nil {
			return owner, used, limit, err
		}
	}
	err = u.view(ctx, "quota", func(t *txn) error {
		if loc.owner.ID != u.principal.ID {
			a, n, err := t.find(loc)
			if err != nil {
				return err
			}
			if _, err := t.place(a, n, acl.Read); err != nil {
				return err
			}
		}
		used, limit, err = t.quota(loc.owner.ID)
		return err
	})
	return loc.owner, used, limit, err
}

// QuotaOf is Quota for an owner by name. It needs r in one of the owner's
// mailboxes at least; otherwise the error is NotFound, as if there were no such
// owner.
func (u *User) QuotaOf(ctx context.Context, kind directory.Kind, name string) (owner directory.Principal, used, limit Quota, err error) {
	owner, err = u.engine.dir.ByName(ctx, name)
	if errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrInvalid) || err == nil && owner.Kind != kind {
		return owner, used, limit, errNoQuota()
	}
	if err != nil {
		return owner, used, limit, u.engine.failure(ctx, "quota", err)
	}
	err = u.view(ctx, "quota", func(t *txn) error {
		a, err := t.account(owner.ID)
		if err != nil {
			return err
		}
		readable := func(n *node) bool { return t.rightsAt(a, n).Has(acl.Read) }
		if owner.ID != u.principal.ID && !slices.ContainsFunc(a.tree.all(), readable) {
			return errNoQuota()
		}
		used, limit, err = t.quota(owner.ID)
		return err
	})
	return owner, used, limit, err
}

func errNoQuota() error { return fail(NotFound, "there is no such quota root") }

func (t *txn) quota(owner directory.ID) (used, limit Quota, err error) {
	a, err := t.account(owner)
	if err != nil {
		return used, limit, err
	}
	limit, err = a.limit(t)
	return Quota{Bytes: a.rec.bytes, Messages: a.rec.messages}, limit, err
}

// SetQuota limits an owner. It is for the administrator.
func (u *User) SetQuota(ctx context.Context, q Quota) error {
	if !u.admin {
		return fail(Denied, "only the administrator sets quotas")
	}
	if q.Bytes < 0 {
		return fail(Invalid, "a quota is not negative; 0 means none")
	}
	return u.update(ctx, "set quota", []directory.ID{u.principal.ID}, func(t *txn) error {
		v := appendI(append(t.val[:0], 1), q.Bytes)
		return t.set(t.key.start(u.principal.ID, tableQuota), appendU(v, q.Messages))
	})
}

// RecalculateQuota counts the owner's messages anew, one by one, and returns by how much the
// stored figures were off, which is nothing unless something is wrong.
func (u *User) RecalculateQuota(ctx context.Context) (off Quota, err error) {
	err = u.update(ctx, "recalculate quota", []directory.ID{u.principal.ID}, func(t *txn) error {
		a, err := t.account(u.principal.ID)
		if err != nil {
			return err
		}
		var sum Quota
		for _, n := range a.tree.all() {
			m, err := t.mailbox(MailboxID{a.id, n.num}, 0)
			if err != nil {
				return err
			}
			t.boxes = t.boxes[:0]
			err = m.each(m.all(), 1, true, func(v *visible) (bool, error) {
				sum.Bytes += v.rec.size
				sum.Messages++
				return true, nil
			})
			if err != nil {
				return err
			}
		}
		off = Quota{Bytes: sum.Bytes - a.rec.bytes, Messages: sum.Messages - a.rec.messages}
		a.rec.bytes, a.rec.messages, a.dirty = sum.Bytes, sum.Messages, true
		return nil
	})
	return off, err
}
