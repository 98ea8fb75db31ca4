package imap

import "poststube/imap/wire"

// states is a set of the states of RFC 9051 section 3.
type states uint8

const (
	notAuthenticated states = 1 << iota
	authenticated
	selected
	ended // after LOGOUT or BYE; no command is taken
)

const (
	loggedIn = authenticated | selected
	anyState = notAuthenticated | loggedIn
)

// String names the states for an error text.
func (st states) String() string {
	switch st {
	case notAuthenticated:
		return "before login"
	case loggedIn:
		return "after login"
	case selected:
		return "while a mailbox is selected"
	}
	return "in another state"
}

// A command is one command of the protocol: all that the session must know to
// read and run it.
type command struct {
	name   string // in capitals; "UID FETCH" for the second form
	states states // in which it is allowed
	read   reader

	// sequence: its arguments or answers are sequence numbers, so that while
	// it runs no message may be reported as expunged (RFC 9051 section
	// 7.5.1). The UID forms are free.
	sequence bool
	// quiet: no sync at the end, because the command ends what there is to
	// synchronize (CLOSE, LOGOUT), or starts it (SELECT).
	quiet bool
	// streams: its run reads the end of the command itself, since what comes
	// there is too large for memory (APPEND).
	streams bool
	// heavy: it may take much memory, so that it is not begun while the server
	// has little.
	heavy bool
	// last: the session ends with its tagged answer (LOGOUT).
	last bool

	// extension is the one that it belongs to; newTables sets it.
	extension *extension
}

// A parser reads the arguments of one command: the grammar of wire, and the
// tables of items that the extensions add to FETCH, LIST and so on.
type parser struct {
	*wire.Decoder
	*tables
}

// A reader reads the arguments of a command, from the space behind its name to
// before the final CRLF, and returns what is to be done. It has no side effects,
// and its errors are found in the parser: a reader may go on after one and
// return what it likes, since the run of a command that was not read to its end
// is never called.
type reader func(p *parser) run

// A run does what a command asks for. Its answer becomes the tagged OK, its
// error the tagged NO or BAD; see asFailure in errors.go.
type run func(s *session) (answer, error)

// An answer is what stands in the tagged OK of a command, and how the client is
// told before it what has changed.
type answer struct {
	code string // response code without its brackets, or ""
	text string // or "" for "<name> completed"
	done bool   // the run has sent it already (STARTTLS)
	how  syncing
}

// readNothing is the reader of commands without arguments.
func readNothing(r run) reader {
	return func(p *parser) run { return r }
}
