// Package mail is the engine: mailboxes, messages, rights, changes, delivery.
// It is the only owner of mail. It knows no sequence numbers, no wire format
// and no network.
//
// Everything any protocol does, it does as someone: Engine.As is the door, and
// inside a transaction (*txn).mailbox is the only way to a mailbox; it checks
// the right. Every commit writes what changed, and who did it, to the change
// log under the owner's modseq; a session learns of changes only by reading
// that log (Mailbox.Changes), and hints on the notify bus only say that a look
// is worth it.
package mail

import (
	"net/netip"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/message"
	"poststube/uidset"
)

// A ModSeq is a modification sequence of an owner: every commit to any of the
// owner's mailboxes gets the next one. RFC 7162 section 3.1.
type ModSeq uint64

// A MailboxID names a mailbox for as long as it exists, through renames, and is
// never given twice.
type MailboxID struct {
	Owner directory.ID
	Num   uint32
}

// SystemFlags is a set of the flags that RFC 9051 section 2.3.2 defines.
type SystemFlags uint8

const (
	Seen SystemFlags = 1 << iota
	Answered
	Flagged
	Deleted
	Draft
	// AllSystemFlags is the set of all of them.
	AllSystemFlags = Seen | Answered | Flagged | Deleted | Draft
)

// Flags are the flags and keywords of one message as one user sees them.
// Keywords keep the spelling of their first use in the mailbox and are compared
// without regard to case.
type Flags struct {
	System   SystemFlags
	Keywords []string
}

// Origin says from where a user acts, for the change log and the audit trail.
type Origin struct {
	Protocol string // "imap", "lmtp", "cli", …
	Remote   netip.Addr
	Session  uint64 // identifies the session in the log
	Client   string // what the client says it is (ID command), may be empty
}

// A Namespace is one of the three kinds of RFC 2342.
type Namespace uint8

const (
	Personal Namespace = iota
	OtherUsers
	Shared
)

// Info describes a mailbox, or a name that is only a parent of mailboxes, as one
// user sees it.
type Info struct {
	ID MailboxID
	// Name is in the user's own view, UTF-8 NFC, separator '/'. What the user
	// has mounted is called by the mount, and still in the Namespace of its
	// Owner.
	Name string
	// Namespace and Owner tell whose it is.
	Namespace Namespace
	Owner     directory.Principal
	// NonExistent: the name only holds others that the user may see.
	NonExistent bool
	// NoSelect: it exists and is listed (l), but may not be opened (no r).
	NoSelect    bool
	HasChildren bool // among what the user may see
	Subscribed  bool
	// SpecialUse holds the attributes of RFC 6154 with their backslash, as
	// "\\Sent"; only of mailboxes in the personal namespace.
	SpecialUse []string
	Rights     acl.Rights // the user's effective rights
}

// StatusFields are the fields of a Status that cost more than a look at the
// mailbox's record, so that they are filled in only if they are wanted.
type StatusFields uint8

// The fields; all others are always there.
const (
	WantUnseen StatusFields = 1 << iota
	WantRecent
	WantHighestModSeq

	WantAllStatus = WantUnseen | WantRecent | WantHighestModSeq
)

// Status is what STATUS (RFC 9051 section 6.3.11) can ask of a mailbox, as one
// user sees it.
type Status struct {
	ID            MailboxID
	Exists        uint32
	Recent        uint32
	Unseen        uint32
	Deleted       uint32
	UIDNext       uint32
	UIDValidity   uint32
	HighestModSeq ModSeq
	Size          int64
	DeletedSize   int64
}

// State is what SELECT needs, of one instant.
type State struct {
	Status
	Info
	UIDs uidset.Set
	// FirstUnseen is the UID of the first message without \Seen, or 0.
	FirstUnseen uint32
	// Keywords in use in the mailbox.
	Keywords []string
	// Settable are the system flags that the user may change permanently;
	// NewKeywords tells whether keywords may be set.
	Settable    SystemFlags
	NewKeywords bool
	// ReadOnly: none of the user's rights can change the mailbox for others
	// (RFC 4314 section 5.2).
	ReadOnly bool
	// RecentFrom: messages with this UID and above are \Recent (RFC 3501
	// section 2.3.2) for a session that claims them.
	RecentFrom uint32
}

// Changes is what happened to a mailbox since a modseq, as one user sees it.
type Changes struct {
	// UpTo is the modseq up to which this tells everything.
	UpTo ModSeq
	// Arrived, Changed (flags) and Vanished don't overlap. A message that came
	// and went in between is in Vanished.
	Arrived, Changed, Vanished uidset.Set
	// Incomplete: the log does not reach back so far. Changed then holds every
	// message with a larger modseq, Vanished is empty, and Exists holds what
	// is there; whatever is not in it has vanished.
	Incomplete bool
	Exists     uidset.Set
	// Rights are the user's rights now; Gone tells that the mailbox is deleted
	// or may no longer be read.
	Rights acl.Rights
	Gone   bool
	// What follows from the rights and the policy, as in State.
	Settable    SystemFlags
	NewKeywords bool
	ReadOnly    bool
	// Keywords in use, when the list has grown since.
	Keywords []string
}

// Fields selects what Mailbox.Messages reads of each message beyond UID, flags,
// modseq, dates and size, which are always there.
type Fields uint16

const (
	// WantRendered: Envelope, Body, BodyStructure, HeaderFields, Preview.
	WantRendered Fields = 1 << iota
	// WantStructure: the part tree by offsets.
	WantStructure
	// WantFlagsOnly: nothing but UID, flags and modseq is needed, not even
	// dates, size and ids. It is by far the cheapest.
	WantFlagsOnly
	// WantRaw: Raw, for messages small enough to lie in the store itself.
	WantRaw
)

// A Message is one message in one mailbox as one user sees it. Its slices are
// valid until the function that it was given to returns.
type Message struct {
	UID      uint32
	ModSeq   ModSeq
	Flags    Flags
	Size     int64
	Creator  directory.ID // who put it into this mailbox; 0: delivery
	EmailID  uint64       // inside the owner's account; see Engine.ObjectID
	ThreadID uint64

	internal, saved int64 // seconds since 1970
	zone            int16 // minutes east of UTC

	// with WantRendered: IMAP wire forms made at arrival
	Envelope, Body, BodyStructure []byte
	// Headers holds the raw header fields that clients ask for most;
	// HeaderSet tells for which names they are all there are.
	Headers   []byte
	HeaderSet message.HeaderSet
	preview   []byte
	// with WantRendered or WantStructure
	Structure  []byte // message.ParseStructure reads it
	HeaderSize int64  // octets, with the empty line
	// with WantRaw: the whole message, or nil if it must be read by
	// Mailbox.OpenBody
	Raw []byte
}

// NewMessage is a message to be put into a mailbox.
type NewMessage struct {
	Upload       *Upload
	Flags        Flags
	InternalDate time.Time // zero: now
	// Source, if not empty, identifies a message that is imported where it
	// comes from. Append passes over it if the mailbox has had it before, even
	// if it was expunged since. Keywords that cannot be are left out of such
	// a message.
	Source string
	// UID, if not 0, is the UID that the message gets if it is above all that
	// the mailbox has given; else it gets the next one, as without. See
	// User.AdoptUIDs.
	UID uint32
}

// Appended tells where new messages went. UIDs ascend in the order of the
// messages.
type Appended struct {
	ID          MailboxID
	UIDValidity uint32
	UIDs        uidset.Set
	ModSeq      ModSeq
	// Known are the indexes of messages that the mailbox had from the same
	// source; they have no UID in UIDs. Dropped are keywords that cannot be
	// here. Both are for imported messages only.
	Known   []int
	Dropped []string
}

// Copied tells where copies went: From[i] became To[i], both ascending.
type Copied struct {
	ID          MailboxID // of the destination
	UIDValidity uint32
	From, To    uidset.Set
	ModSeq      ModSeq // of the source, for MOVE
}

// A FlagOp says what a FlagChange does with the flags it names.
type FlagOp uint8

const (
	SetFlags FlagOp = iota // replace
	AddFlags
	RemoveFlags
)

// A FlagChange is one STORE. Flags that the user may not change are left as
// they are; it is denied only when none may be changed (RFC 4314 section 4).
type FlagChange struct {
	Op    FlagOp
	Flags Flags
	// UnchangedSince, when Conditional, leaves messages with a larger modseq
	// alone and reports them (RFC 7162 section 3.1.3).
	Conditional    bool
	UnchangedSince ModSeq
}

// Stored tells what a FlagChange did.
type Stored struct {
	ModSeq   ModSeq     // of the change; 0 if nothing changed
	Changed  uidset.Set // messages whose flags are now different
	Modified uidset.Set // left alone because of UnchangedSince
	Missing  uidset.Set // no longer there
}

// InternalDate returns the internal date, in the zone in which it was given.
func (m *Message) InternalDate() time.Time { return time.Unix(m.internal, 0).In(zone(int(m.zone))) }

// SaveDate returns when the message came into this mailbox (RFC 8514).
func (m *Message) SaveDate() time.Time { return time.Unix(m.saved, 0).UTC() }

// Preview returns the beginning of the text, for PREVIEW (RFC 8970). It needs
// WantRendered.
func (m *Message) Preview() string { return string(m.preview) }
