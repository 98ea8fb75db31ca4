package mail

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// A Record is one entry of the audit trail: who did what, from where, and when.
type Record struct {
	Time    time.Time
	ModSeq  ModSeq
	Actor   directory.Principal // zero: a delivery, or somebody who is gone
	ActorID directory.ID        // 0: a delivery
	Origin  string              // protocol, address, client
	Action  string
	// Messages are those that came, changed or went.
	Messages uidset.Set
	// Other is the mailbox that messages came from or went to, in the asker's
	// names, if the asker may know of it.
	Other  string
	Detail string
}

// An auditEntry is an entry of a log with its place there.
type auditEntry struct {
	logEntry
	modseq ModSeq
}

var actionNames = [...]string{actAppend: "append", actDeliver: "deliver", actFlags: "flags", actExpunge: "expunge", actCopyIn: "copy",
	actMoveIn: "move in", actMoveOut: "move out", actReplace: "replace", actUndelete: "undelete", actCreate: "create", actDelete: "delete",
	actRename: "rename", actACL: "acl", actPolicy: "policy", actSpecialUse: "special use", actAnnotation: "annotation", actRestore: "restore", actMount: "mount", actUnmount: "unmount"}

func (a action) String() string {
	if int(a) < len(actionNames) && actionNames[a] != "" {
		return actionNames[a]
	}
	return "unknown"
}

// Audit returns what was done to a mailbox and its messages since a time, oldest
// first; if that is more than limit records, the newest. At the root of a tree it
// is what was done to mailboxes and rights. It needs a. What users do with flags
// that are their own is not in it.
func (u *User) Audit(ctx context.Context, name string, since time.Time, limit int) ([]Record, error) {
	loc, err := u.resolveTree(ctx, "audit", name)
	if err != nil {
		return nil, err
	}
	var found []auditEntry
	err = u.view(ctx, "audit", func(t *txn) error {
		a, n, err := t.aclNode(loc, acl.Admin)
		if err != nil {
			return err
		}
		trail := auditTrail{t: t, owner: a.id, since: since.UnixMilli(), limit: limit}
		if n.num != rootNum {
			if err := trail.read(n.num, func(*logEntry) bool { return true }); err != nil {
				return err
			}
		}
		if err := trail.read(rootNum, func(l *logEntry) bool { return n.num == rootNum || l.other == MailboxID{a.id, n.num} }); err != nil {
			return err
		}
		notes, err := t.annotationRecords(a, n, 0)
		for _, r := range notes {
			if r.time >= trail.since {
				trail.found = append(trail.found, r)
			}
		}
		found = trail.found
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b auditEntry) int { return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.modseq, b.modseq)) })
	return u.auditRecords(ctx, found[max(0, len(found)-limit):])
}

// An auditTrail gathers entries of change logs, of each log the newest.
type auditTrail struct {
	t     *txn
	owner directory.ID
	since int64 // milliseconds since 1970
	limit int   // of each log
	found []auditEntry
}

func (a *auditTrail) read(num uint32, about func(*logEntry) bool) error {
	m := mailbox{t: a.t, id: MailboxID{a.owner, num}}
	lo, hi := m.logRange(0)
	taken := 0
	for p := range a.t.r.ScanDown(lo, hi) {
		r := auditEntry{modseq: ModSeq(suffix64(p.Key))}
		if err := r.decode(p.Value); err != nil {
			return err
		}
		if r.time < a.since || taken == a.limit {
			break
		}
		if about(&r.logEntry) {
			a.found = append(a.found, r)
			taken++
		}
	}
	return a.t.r.Err()
}

// auditRecords says the entries with the names of people and mailboxes.
func (u *User) auditRecords(ctx context.Context, found []auditEntry) ([]Record, error) {
	list := make([]Record, len(found))
	for i, r := range found {
		list[i] = Record{Time: time.UnixMilli(r.time).UTC(), ModSeq: r.modseq, ActorID: r.actor, Origin: r.origin, Action: r.action.String(),
			Messages: r.arrived.Union(r.changed).Union(r.vanished), Detail: r.detail}
		if r.actor != 0 {
			p, err := u.engine.dir.ByID(ctx, r.actor)
			if err != nil && !errors.Is(err, directory.ErrNotFound) {
				return nil, u.engine.failure(ctx, "audit", err)
			}
			list[i].Actor = p
		}
		if r.other.Owner != 0 {
			list[i].Other = u.knownName(ctx, r.other)
		}
	}
	return list, nil
}

// knownName is how the user calls a mailbox, or "" if the user may not know it.
func (u *User) knownName(ctx context.Context, id MailboxID) string {
	owner, err := u.engine.dir.ByID(ctx, id.Owner)
	if err != nil {
		return ""
	}
	name := ""
	err = u.view(ctx, "audit", func(t *txn) error {
		a, err := t.account(id.Owner)
		if err != nil {
			return err
		}
		if n := a.node(id.Num); n != nil && id.Num != rootNum && t.rightsAt(a, n).Has(acl.Lookup) {
			name, err = t.nameOf(owner, a, n)
		}
		return err
	})
	if err != nil {
		return ""
	}
	return name
}
