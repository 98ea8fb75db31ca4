package imap

// A dialect is how a client wants to be spoken to: what it has enabled, by name
// or by using an extension (RFC 5161, RFC 7162 section 3.1). A dialect only
// grows during a session.
type dialect struct {
	// rev2: IMAP4rev2. Nothing is \Recent, SEARCH answers by ESEARCH, names are
	// UTF-8, and a deselected mailbox is reported by CLOSED.
	rev2 bool
	// utf8: UTF8=ACCEPT (RFC 6855). Strings and names are UTF-8.
	utf8 bool
	// condstore: each FETCH line about flags has MODSEQ (RFC 7162 section 3.1).
	condstore bool
	// qresync: VANISHED instead of EXPUNGE (RFC 7162 section 3.2).
	qresync bool
	// uidOnly: no sequence numbers, neither in commands nor in answers (RFC
	// 9586).
	uidOnly bool
	// metadata: annotations that others change are told (RFC 5464 section 4.4).
	metadata bool
}

// unicode tells whether mailbox names and quoted strings may be UTF-8.
func (d dialect) unicode() bool { return d.rev2 || d.utf8 }
