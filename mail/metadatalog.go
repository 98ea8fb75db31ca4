package mail

import (
	"context"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// Changes of annotations have a log of their own, since they are no changes of
// mail: one record for what a commit did to the shared annotations of a mailbox,
// and one for the user's private ones, where nobody else reads them.

// A noteLog is what one commit did to annotations.
type noteLog struct {
	num      uint32 // of the mailbox; rootNum: the server
	time     int64  // milliseconds since 1970
	actor    directory.ID
	session  uint64 // with the protocol: who need not be told
	protocol string
	origin   string
	entries  []string
}

func (l *noteLog) encode(b []byte) []byte {
	b = append(b, 1)
	b = appendU(b, uint64(l.num))
	b = appendI(b, l.time)
	b = appendU(b, uint64(l.actor))
	b = appendU(b, l.session)
	b = appendBytes(b, l.protocol)
	b = appendBytes(b, l.origin)
	b = appendU(b, uint64(len(l.entries)))
	for _, e := range l.entries {
		b = appendBytes(b, e)
	}
	return b
}

func (l *noteLog) decode(b []byte) error {
	d := dec{b: b}
	d.version(1)
	*l = noteLog{num: uint32(d.u()), time: d.i(), actor: directory.ID(d.u()), session: d.u(), protocol: d.str(), origin: d.str()}
	for range d.count() {
		l.entries = append(l.entries, d.str())
	}
	return d.err()
}

// maxNoteLog is how many records of an owner's log of shared annotations, or of
// a user's private ones, are kept. Who is told of changes reads them at once.
const maxNoteLog = 1000

// annotationTopic is published when shared annotations of an owner's mailboxes
// change.
func annotationTopic(owner directory.ID) string { return "annotations " + directory.Topic(owner) }

// privateTopic is published when a user's private annotations change anywhere.
func privateTopic(user directory.ID) string { return "private annotations " + directory.Topic(user) }

// logEntries records what was done to annotations.
func (t *txn) logEntries(p *notedPlace, entries []MetadataEntry) error {
	names := make(map[directory.ID][]string)
	for _, e := range entries {
		user := t.user(e.Name)
		names[user] = append(names[user], e.Name)
	}
	for user, list := range names {
		l := noteLog{num: p.n.num, time: t.now.UnixMilli(), actor: t.u.principal.ID, session: t.u.origin.Session,
			protocol: t.u.origin.Protocol, origin: t.u.originText(), entries: list}
		key := t.key.start(p.a.id, tableNoteLog).u32(uint32(user)).u64(uint64(p.a.next()))
		if err := t.set(key, l.encode(t.val[:0])); err != nil {
			return err
		}
		if err := t.trimNotes(p.a.id, user); err != nil {
			return err
		}
		topic := privateTopic(user)
		if user == 0 {
			topic = annotationTopic(p.a.id)
		}
		t.topics = append(t.topics, topic)
	}
	return nil
}

// trimNotes forgets all but the last records of a log.
func (t *txn) trimNotes(owner, user directory.ID) error {
	lo, hi := t.noteRange(owner, user, 0)
	kept := 0
	for pair := range t.r.ScanDown(lo, hi) {
		if kept++; kept > maxNoteLog {
			return t.w.DeleteRange(lo, append(slices.Clone(pair.Key), 0))
		}
	}
	return t.r.Err()
}

// noteRange bounds the records of a log after since.
func (t *txn) noteRange(owner, user directory.ID, since ModSeq) (lo, hi []byte) {
	lo = t.key.start(owner, tableNoteLog).u32(uint32(user)).u64(uint64(since) + 1).clone()
	hi = prefixEnd(t.key.start(owner, tableNoteLog).u32(uint32(user)).clone())
	return lo, hi
}

// notes visits a log after since.
func (t *txn) notes(owner, user directory.ID, since ModSeq, visit func(ModSeq, *noteLog)) error {
	var l noteLog
	lo, hi := t.noteRange(owner, user, since)
	for pair := range t.r.Scan(lo, hi) {
		if err := l.decode(pair.Value); err != nil {
			return err
		}
		visit(ModSeq(suffix64(pair.Key)), &l)
	}
	return t.r.Err()
}

// A MetadataChange names annotations that have changed.
type MetadataChange struct {
	ID      MailboxID // the zero value: the server
	Mailbox string    // in the user's names; "": the server
	Entries []string  // in the order in which they changed, each once
}

// A MetadataCursor is how far somebody knows the changes of annotations. Its zero
// value knows nothing.
type MetadataCursor map[directory.ID]ModSeq

// MetadataChanges returns which annotations, of those that the user may read,
// others have changed since the cursor, and moves the cursor on. An owner that
// the cursor does not know, at first all, is told of from now on.
func (u *User) MetadataChanges(ctx context.Context, c MetadataCursor) ([]MetadataChange, error) {
	var list []MetadataChange
	err := u.view(ctx, "metadata changes", func(t *txn) error {
		grants, err := t.grants(ctx)
		if err != nil {
			return err
		}
		owners := []directory.Principal{{ID: server}, u.principal}
		for _, g := range grants {
			owners = append(owners, g.owner)
		}
		for _, owner := range owners {
			a, err := t.account(owner.ID)
			if err != nil {
				return err
			}
			since, known := c[owner.ID]
			c[owner.ID] = a.rec.modseq
			if !known || since == a.rec.modseq {
				continue
			}
			if list, err = t.notesSince(list, a, owner, since); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// notesSince appends what has happened to annotations in an owner's account.
func (t *txn) notesSince(list []MetadataChange, a *account, owner directory.Principal, since ModSeq) ([]MetadataChange, error) {
	me := t.u
	var failed error
	add := func(_ ModSeq, l *noteLog) {
		if l.actor == me.principal.ID && l.session == me.origin.Session && l.protocol == me.origin.Protocol {
			return
		}
		ch := MetadataChange{}
		if l.num != rootNum {
			n := a.node(l.num)
			if n == nil {
				return
			}
			if r := t.rightsAt(a, n); !r.Has(acl.Lookup) || !r.HasAny(notable) {
				return
			}
			if ch.Mailbox, failed = t.nameOf(owner, a, n); failed != nil {
				return
			}
			ch.ID = MailboxID{a.id, l.num}
		}
		at := slices.IndexFunc(list, func(x MetadataChange) bool { return x.ID == ch.ID })
		if at < 0 {
			at = len(list)
			list = append(list, ch)
		}
		for _, e := range l.entries {
			if !slices.Contains(list[at].Entries, e) {
				list[at].Entries = append(list[at].Entries, e)
			}
		}
	}
	for _, user := range []directory.ID{0, me.principal.ID} {
		if err := t.notes(a.id, user, since, add); err != nil {
			return nil, err
		}
	}
	return list, failed
}

// annotationRecords returns the audit records of changes to shared annotations
// of a mailbox.
func (t *txn) annotationRecords(a *account, n *node, since ModSeq) (list []auditEntry, err error) {
	err = t.notes(a.id, 0, since, func(modseq ModSeq, l *noteLog) {
		if l.num == n.num {
			list = append(list, auditEntry{modseq: modseq, logEntry: logEntry{action: actAnnotation, time: l.time, actor: l.actor, origin: l.origin,
				detail: strings.Join(l.entries, " ")}})
		}
	})
	return list, err
}
