// Package acl is the access control of RFC 4314 as an algebra of values: sets
// of rights, identifiers, lists of entries, and what a person may do under a
// list. It stores nothing and knows no names: entries point to people and
// groups by id, so that they survive a rename. Start with Rights and List.
package acl

import (
	"fmt"
	"strings"
)

// Rights is a set of the rights of RFC 4314 section 2. The bits are stored on
// disk: their order must not change.
type Rights uint32

// The standard rights (RFC 4314 section 2.1), the annotation right (RFC 5257
// section 4.2), and two of the digits that RFC 4314 section 2.2 leaves to us.
const (
	Lookup        Rights = 1 << iota // l: the mailbox is listed and may be subscribed to
	Read                             // r: select the mailbox, read messages, STATUS
	Seen                             // s: set and clear \Seen
	Write                            // w: set and clear flags other than \Seen and \Deleted
	Insert                           // i: APPEND and COPY into the mailbox
	Post                             // p: send mail to the mailbox's address
	Create                           // k: create mailboxes beneath, rename into
	DeleteMailbox                    // x: delete the mailbox, rename it away
	Delete                           // t: set and clear \Deleted
	Expunge                          // e: remove messages for good
	Admin                            // a: read and change the access control list
	Annotate                         // n: write shared annotations of messages
	digit0
	OwnWrite  // 1: what w allows, for messages that one put there oneself
	OwnDelete // 2: what t and e allow, for messages that one put there oneself
	digit3
	digit4
	digit5
	digit6
	digit7
	digit8
	digit9
	end
)

const (
	// None is no right at all.
	None Rights = 0

	// Full is every standard right of RFC 4314.
	Full = Lookup | Read | Seen | Write | Insert | Post | Create | DeleteMailbox | Delete | Expunge | Admin

	// Supported is every right that has a meaning here. SETACL must refuse all
	// others with BAD (RFC 4314 section 3.1).
	Supported = Full | OwnWrite | OwnDelete

	// Visible is the rights of which one at least is needed for MYRIGHTS (RFC
	// 4314 section 4). Who has none of them is told that there is no mailbox.
	Visible = Lookup | Read | Insert | Create | DeleteMailbox | Admin

	// VirtualCreate and VirtualDelete are the virtual rights c and d of RFC
	// 4314 section 2.1.1: of the two readings allowed there the one in which
	// deleting a mailbox belongs to c.
	VirtualCreate = Create | DeleteMailbox
	VirtualDelete = Delete | Expunge

	every = end - 1
)

// Capability is what follows RIGHTS= (RFC 4314 section 5.1.1): the supported
// rights without those of RFC 2086 and without digits.
const Capability = "texk"

// letters are the names of the bits, in the order of the constants.
const letters = "lrswipkxtean0123456789"

// ParseRights reads a list of rights such as "lrs". The virtual rights stand
// for their members. A right that is not in supported is an error, which RFC
// 4314 section 3.1 wants answered with BAD.
func ParseRights(text string, supported Rights) (Rights, error) {
	var r Rights
	for _, c := range text {
		one := rightOf(c)
		switch {
		case c >= 'A' && c <= 'Z':
			return None, fmt.Errorf("uppercase rights are not allowed: %q", c)
		case one == None || one&^supported != None:
			return None, fmt.Errorf("the right %q is not supported; known are %scd", c, supported.Letters())
		}
		r |= one
	}
	return r, nil
}

func rightOf(c rune) Rights {
	switch i := strings.IndexRune(letters, c); {
	case c == 'c':
		return VirtualCreate
	case c == 'd':
		return VirtualDelete
	case i >= 0:
		return 1 << i
	}
	return None
}

// Has reports whether all of want are in r.
func (r Rights) Has(want Rights) bool { return r&want == want }

// HasAny reports whether at least one of want is in r.
func (r Rights) HasAny(want Rights) bool { return r&want != None }

// Letters returns the rights as letters without the virtual ones, in the order
// of RFC 4314 section 2.1.
func (r Rights) Letters() string {
	var buf [len(letters)]byte
	return string(r.appendLetters(buf[:0]))
}

// String returns the rights as the ACL and MYRIGHTS responses show them: with
// c and d as soon as one of their members is there (RFC 4314 section 2.1.1).
func (r Rights) String() string {
	var buf [len(letters) + 2]byte
	return string(r.Append(buf[:0]))
}

// Append appends what String returns to dst.
func (r Rights) Append(dst []byte) []byte {
	dst = (r & (Admin - 1)).appendLetters(dst)
	if r.HasAny(VirtualCreate) {
		dst = append(dst, 'c')
	}
	if r.HasAny(VirtualDelete) {
		dst = append(dst, 'd')
	}
	return (r &^ (Admin - 1)).appendLetters(dst)
}

func (r Rights) appendLetters(dst []byte) []byte {
	for i := range letters {
		if r&(1<<i) != None {
			dst = append(dst, letters[i])
		}
	}
	return dst
}

// Of returns the rights that hold for one message: who put it there has w by
// right 1, and t and e by right 2.
func (r Rights) Of(own bool) Rights {
	if own && r.Has(OwnWrite) {
		r |= Write
	}
	if own && r.Has(OwnDelete) {
		r |= Delete | Expunge
	}
	return r
}

// ReadWrite reports whether SELECT answers READ-WRITE (RFC 4314 section 5.2).
// sharedFlags are those of s, w and t whose flags other users see too.
func (r Rights) ReadWrite(sharedFlags Rights) bool {
	return r.HasAny(Insert | sharedFlags | OwnWrite | OwnDelete | Expunge)
}

// A Modification is the third argument of SETACL (RFC 4314 section 3.1).
type Modification struct {
	Op     Op
	Rights Rights
}

// An Op says what a Modification does to the rights that are there.
type Op uint8

// The operations of SETACL.
const (
	Replace Op = iota
	Add
	Remove
)

// ParseModification reads rights with "+" or "-" before them, or with neither.
func ParseModification(text string, supported Rights) (Modification, error) {
	m := Modification{Op: Replace}
	switch {
	case strings.HasPrefix(text, "+"):
		m.Op, text = Add, text[1:]
	case strings.HasPrefix(text, "-"):
		m.Op, text = Remove, text[1:]
	}
	var err error
	m.Rights, err = ParseRights(text, supported)
	return m, err
}

// Apply returns what the modification makes of the rights old.
func (m Modification) Apply(old Rights) Rights {
	switch m.Op {
	case Add:
		return old | m.Rights
	case Remove:
		return old &^ m.Rights
	}
	return m.Rights
}
