package imap

import (
	"poststube/imap/view"
	"poststube/mail"
	"poststube/uidset"
)

// A selection is the selected mailbox, as this one client believes it to be.
type selection struct {
	mailbox     *mail.Mailbox
	view        view.View
	uidValidity uint32
	uidNext     uint32
	examine     bool       // by EXAMINE: nothing may be changed
	recent      uidset.Set // messages that are \Recent in this session (RFC 3501 section 2.3.2)
	keywords    []string
	newKeywords bool
	settable    mail.SystemFlags
	readOnly    bool             // none of the user's rights change it for others
	contexts    []*searchContext // searches whose changes are told

	// upTo is how far the change log was read.
	upTo mail.ModSeq
	// held are messages that have vanished but that the client does not know
	// it yet, because it talks in sequence numbers. told is how far the client
	// knows everything; it is behind upTo while something is held.
	held uidset.Set
	told mail.ModSeq
	said mail.ModSeq // the largest modseq in FETCH lines since then
	// arriving are new messages, and unsaid those with other flags, of which a
	// client that has used NOTIFY does not want to know for the time being.
	arriving, unsaid uidset.Set
	// aside: new messages were told at the end of a command that is no NOOP,
	// where some clients don't look for them; see runIdle.
	aside bool
}

// A numbers is a set of messages as a client names them.
type numbers struct {
	set uidset.NumSet
	uid bool
}

// readNumbers reads a set of UIDs or of sequence numbers.
func readNumbers(p *parser, uid bool) numbers { return numbers{p.NumSet(), uid} }

// resolve returns the UIDs of n. A sequence number without a message is the
// client's mistake (RFC 9051 section 9, seq-number); a UID without one is none
// (section 6.4.9).
func (s *session) resolve(n numbers) (uidset.Set, error) {
	v := &s.box.view
	if n.uid {
		return v.ResolveUIDs(n.set), nil
	}
	if s.dialect.uidOnly && !n.set.Saved {
		return uidset.Set{}, errUIDRequired()
	}
	uids, ok := v.Resolve(n.set)
	if !ok {
		return uidset.Set{}, bad("There are %d messages, and the command names a higher number", v.Len())
	}
	return uids, nil
}

// deselect ends the selected state without a word.
func (s *session) deselect() {
	s.box = nil
	if s.in == selected {
		s.in = authenticated
	}
}

// writable tells why the selected mailbox can't be changed, or nil.
func (s *session) writable() error {
	if s.box.examine {
		return no("", "The mailbox was opened by EXAMINE, SELECT it to change it")
	}
	return nil
}
