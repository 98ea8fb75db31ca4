package mail

import (
	"errors"
	"fmt"

	"poststube/acl"
)

// A Kind says what sort of thing went wrong. Protocols map kinds, and nothing
// else, to their response codes, each in one function.
type Kind uint8

const (
	// Internal: something broke here; the log has the cause.
	Internal Kind = iota
	// NotFound: there is no such thing, or the user may not know of it.
	NotFound
	// Exists: a mailbox of that name is there already.
	Exists
	// Denied: the thing is visible, but a right is missing.
	Denied
	// Invalid: a name, flag or value that cannot be.
	Invalid
	// HasChildren: a mailbox cannot go while it has children.
	HasChildren
	// Limit: a limit of the server would be passed.
	Limit
	// TooBig: the message is larger than the server takes.
	TooBig
	// OverQuota: the owner's quota would be passed.
	OverQuota
	// Full: the server's storage is full.
	Full
	// Unavailable: a part of the server does not answer now; later it may.
	Unavailable
	// Corrupt: stored data failed its check.
	Corrupt
	// UseAttr: a special use that cannot be given.
	UseAttr
	// NoParent: a destination that could be created does not exist.
	NoParent
)

var kindNames = [...]string{"internal error", "not found", "already exists", "permission denied", "invalid", "has children",
	"limit reached", "too big", "over quota", "storage full", "unavailable", "corrupt", "special use not possible", "no such destination"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// An Error is a failure with a kind, a sentence that a user may read, and the
// cause for the log.
type Error struct {
	Kind Kind
	// Text is a sentence without a full stop that says what is wrong and, if
	// possible, what to do. It discloses nothing that the user may not know.
	Text string
	// Missing holds the rights that would have been needed, for Denied.
	Missing acl.Rights
	// Err is the cause; only the log sees it.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Text + ": " + e.Err.Error()
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err; errors of other origin are Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Text returns the sentence for the user: that of an Error, or a general one.
func Text(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Text
	}
	return "internal error, the server's log has the cause"
}

func fail(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Text: fmt.Sprintf(format, args...)}
}
