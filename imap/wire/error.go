package wire

import "fmt"

// A Kind says what has to follow from an Error.
type Kind uint8

const (
	// Syntax: the command does not follow the grammar. The answer is BAD.
	Syntax Kind = iota + 1
	// Limit: the command is larger than the server wants to bear. The answer
	// is NO or BAD with Code.
	Limit
	// Name: a mailbox name that follows the grammar but can't be one. The
	// answer is NO with Code.
	Name
	// IO: nothing more can be read. There is no answer.
	IO
)

// An Error is why a command could not be read.
type Error struct {
	Kind  Kind
	Code  string // response code of RFC 5530 or RFC 4469 for the answer, or ""
	Octet int64  // where in the command, from 1; 0 if it is no place
	Text  string // for people; never holds what the client sent
	Fatal bool   // the place of the next command is not known: say BYE and close
	Err   error  // of the reader, if Kind is IO
}

// Error returns a sentence that may be sent to the client.
func (e *Error) Error() string {
	if e.Octet == 0 {
		return e.Text
	}
	return fmt.Sprintf("%s at octet %d of the command", e.Text, e.Octet)
}

// Unwrap returns the error of the reader.
func (e *Error) Unwrap() error { return e.Err }

// Expected makes "expected …" the decoder's error, for syntax that the
// caller decides about, for example an unknown search key. Like all errors it
// is ignored if there is one already.
func (d *Decoder) Expected(what string) {
	d.fail(&Error{Kind: Syntax, Octet: d.offset(), Text: "expected " + what})
}

// Fail makes err the decoder's error if it has none yet.
func (d *Decoder) Fail(err *Error) { d.fail(err) }

func (d *Decoder) fail(err *Error) {
	if d.err == nil {
		d.err = err
	}
	if err.Fatal && d.fatal == nil {
		d.fatal = err
	}
}

func (d *Decoder) limit(code, text string) {
	d.fail(&Error{Kind: Limit, Code: code, Octet: d.offset(), Text: text})
}

// offset returns the place of the next octet in the command, from 1.
func (d *Decoder) offset() int64 { return d.before + int64(d.pos) + 1 }
