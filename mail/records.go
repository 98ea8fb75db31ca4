package mail

import (
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// An ownerRecord holds what is counted per owner.
type ownerRecord struct {
	modseq      ModSeq // the last one given
	treeModSeq  ModSeq // of the last change to mailboxes or rights
	nextMailbox uint32
	nextEmail   uint64
	uidValidity uint32 // the last one given
	provisioned bool
	messages    uint64 // in all mailboxes, for quota
	bytes       int64
}

func (o *ownerRecord) encode(b []byte) []byte {
	b = append(b, 1)
	b = appendU(b, uint64(o.modseq))
	b = appendU(b, uint64(o.treeModSeq))
	b = appendU(b, uint64(o.nextMailbox))
	b = appendU(b, o.nextEmail)
	b = appendU(b, uint64(o.uidValidity))
	b = appendU(b, o.messages)
	b = appendI(b, o.bytes)
	if o.provisioned {
		return append(b, 1)
	}
	return append(b, 0)
}

func decodeOwner(b []byte) (o ownerRecord, err error) {
	d := dec{b: b}
	d.version(1)
	o.modseq, o.treeModSeq = ModSeq(d.u()), ModSeq(d.u())
	o.nextMailbox, o.nextEmail = uint32(d.u()), d.u()
	o.uidValidity = uint32(d.u())
	o.messages, o.bytes = d.u(), d.i()
	o.provisioned = d.byte() != 0
	return o, d.err()
}

// counters hold what SELECT and STATUS answer without looking at messages. The
// flags are counted as the owner sees them.
type counters struct {
	uidNext       uint32
	highestModSeq ModSeq // of changes that everyone sees
	exists        uint32
	seen          uint32
	deleted       uint32
	size          int64
	deletedSize   int64
	keywords      uint32 // names in the keyword table
	recentFrom    uint32 // no session has claimed messages from here on as recent
	logFrom       ModSeq // the log is complete for changes after this
	purged        ModSeq // what was expunged up to here is gone for good
}

func (c *counters) encode(b []byte) []byte {
	b = append(b, 1)
	for _, n := range [...]uint64{uint64(c.uidNext), uint64(c.highestModSeq), uint64(c.exists), uint64(c.seen), uint64(c.deleted),
		uint64(c.size), uint64(c.deletedSize), uint64(c.keywords), uint64(c.recentFrom), uint64(c.logFrom), uint64(c.purged)} {
		b = appendU(b, n)
	}
	return b
}

func decodeCounters(b []byte) (c counters, err error) {
	d := dec{b: b}
	d.version(1)
	c.uidNext, c.highestModSeq = uint32(d.u()), ModSeq(d.u())
	c.exists, c.seen, c.deleted = uint32(d.u()), uint32(d.u()), uint32(d.u())
	c.size, c.deletedSize = int64(d.u()), int64(d.u())
	c.keywords, c.recentFrom = uint32(d.u()), uint32(d.u())
	c.logFrom, c.purged = ModSeq(d.u()), ModSeq(d.u())
	return c, d.err()
}

// A messageRecord is what never changes about a message in its place in a
// mailbox; what can change is in its block, and what depends on the email alone
// in its emailRecord.
type messageRecord struct {
	created  ModSeq // the commit that put it here
	internal int64  // seconds since 1970
	zone     int16  // minutes east of UTC, as it was given
	saved    int64  // seconds since 1970
	size     int64
	email    uint64
	thread   uint64
	creator  directory.ID
}

func (m *messageRecord) encode(b []byte) []byte {
	b = append(b, 1)
	b = appendU(b, uint64(m.size))
	b = appendU(b, m.email)
	b = appendI(b, m.internal)
	b = appendI(b, int64(m.zone))
	b = appendI(b, m.saved-m.internal)
	b = appendU(b, m.thread)
	b = appendU(b, uint64(m.created))
	return appendU(b, uint64(m.creator))
}

func (m *messageRecord) decode(b []byte) error {
	d := dec{b: b}
	d.version(1)
	m.size = int64(d.u())
	m.email = d.u()
	m.internal = d.i()
	m.zone = int16(d.i())
	m.saved = m.internal + d.i()
	m.thread = d.u()
	m.created = ModSeq(d.u())
	m.creator = directory.ID(d.u())
	return d.err()
}

// day numbers the day of the internal date as it was written.
func (m *messageRecord) day() int64 { return floorDay(m.internal + int64(m.zone)*60) }

// zone returns the location for an offset in minutes.
func zone(minutes int) *time.Location {
	if minutes == 0 {
		return time.UTC
	}
	return time.FixedZone("", minutes*60)
}

// An action says what a log entry records.
type action uint8

const (
	actAppend action = iota + 1
	actDeliver
	actFlags
	actExpunge
	actCopyIn
	actMoveIn
	actMoveOut
	actReplace
	actUndelete
	actCreate
	actDelete
	actRename
	actACL
	actPolicy
	actSpecialUse
	actAnnotation // never in a logEntry that is stored: see noteLog
	actRestore
	actMount
	actUnmount
)

// A logEntry is one commit's effect on one mailbox (or, in log 0, on the tree of
// mailboxes), and who did it.
type logEntry struct {
	action   action
	time     int64 // milliseconds since 1970
	actor    directory.ID
	origin   string // protocol, address, client; for the audit trail
	arrived  uidset.Set
	changed  uidset.Set
	vanished uidset.Set
	other    MailboxID // the mailbox it came from or went to
	detail   string    // flags, names, rights: what a person wants to read
}

func (l *logEntry) encode(b []byte) []byte {
	b = append(b, 1, byte(l.action))
	b = l.arrived.AppendBinary(b)
	b = l.changed.AppendBinary(b)
	b = l.vanished.AppendBinary(b)
	b = appendI(b, l.time)
	b = appendU(b, uint64(l.actor))
	b = appendBytes(b, l.origin)
	b = appendU(b, uint64(l.other.Owner))
	b = appendU(b, uint64(l.other.Num))
	return appendBytes(b, l.detail)
}

// decodeSets reads only what changed, which is all that a session needs.
func (l *logEntry) decodeSets(d *dec) {
	d.version(1)
	l.action = action(d.byte())
	l.arrived, l.changed, l.vanished = d.set(), d.set(), d.set()
}

func (l *logEntry) decode(b []byte) error {
	d := dec{b: b}
	l.decodeSets(&d)
	l.time = d.i()
	l.actor = directory.ID(d.u())
	l.origin = d.str()
	l.other.Owner, l.other.Num = directory.ID(d.u()), uint32(d.u())
	l.detail = d.str()
	return d.err()
}

// appendACL and dec.acl keep the entries of a mailbox.
func appendACL(b []byte, list acl.List) []byte {
	b = appendU(b, uint64(len(list)))
	for _, e := range list {
		kind := byte(e.Who.Kind) << 1
		if e.Who.Negative {
			kind |= 1
		}
		b = append(b, kind)
		b = appendU(b, uint64(e.Who.ID))
		b = appendU(b, uint64(e.Rights))
	}
	return b
}

func (d *dec) acl() (list acl.List) {
	for range d.count() {
		kind := d.byte()
		e := acl.Entry{Who: acl.Who{Kind: acl.Kind(kind >> 1), Negative: kind&1 != 0, ID: uint32(d.u())}}
		e.Rights = acl.Rights(d.u())
		list = append(list, e)
	}
	return list
}
