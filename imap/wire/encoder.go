package wire

import (
	"io"
	"strconv"

	"poststube/uidset"
)

// flushAt is how many octets an Encoder collects before it writes them.
const flushAt = 64 << 10

// An Encoder writes responses. All methods append one piece to a buffer and
// return the encoder, so that they can be chained; spaces are the caller's. Output is written at the end of a line once 64 KiB
// are waiting, within literals, and by Flush; never else, so a response of a
// million lines costs a write for every thousand of them or so.
//
// The first error of the writer is kept: everything after it is thrown away. An
// Encoder is for one goroutine.
type Encoder struct {
	// UTF8 is set once the client has enabled UTF8=ACCEPT or IMAP4rev2: quoted
	// strings may hold UTF-8 then, and the names of mailboxes are UTF-8.
	UTF8 bool

	w      io.Writer
	buf    []byte
	behind behind
	err    error
}

// NewEncoder returns an encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

// Reset makes the encoder write to w, for a connection that changes its layer.
// What was not flushed is lost.
func (e *Encoder) Reset(w io.Writer) {
	e.wait()
	e.w, e.buf, e.err = w, e.buf[:0], nil
}

// Buffered returns how many octets wait for Flush.
func (e *Encoder) Buffered() int { return len(e.buf) }

// Err returns the first error of the writer, or nil.
func (e *Encoder) Err() error { return e.err }

// Flush writes what is waiting and returns the first error of the writer.
func (e *Encoder) Flush() error {
	e.wait()
	e.behind.buf = nil
	if len(e.buf) > 0 && e.err == nil {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
	return e.err
}

// Adopt gives the encoder a buffer to append to, unless it has one already, and
// reports whether it took it.
func (e *Encoder) Adopt(buf []byte) bool {
	if e.buf != nil {
		return false
	}
	e.buf = buf[:0]
	return true
}

// Release takes the buffer away from the encoder and returns it for another one
// to adopt, for a session that is going to be idle. While something is waiting,
// or when there is no buffer, it does nothing and returns nil.
func (e *Encoder) Release() []byte {
	if len(e.buf) > 0 {
		return nil
	}
	buf := e.buf
	e.buf = nil
	return buf
}

// Raw appends text as it is.
func (e *Encoder) Raw(text string) *Encoder {
	e.buf = append(e.buf, text...)
	return e
}

// RawBytes appends text as it is, for example an ENVELOPE that was rendered
// when the message arrived.
func (e *Encoder) RawBytes(text []byte) *Encoder {
	e.buf = append(e.buf, text...)
	return e
}

// Byte appends one octet as it is, for example '('.
func (e *Encoder) Byte(c byte) *Encoder {
	e.buf = append(e.buf, c)
	return e
}

// SP appends one space.
func (e *Encoder) SP() *Encoder { return e.Byte(' ') }

// CRLF ends a line, and writes what is waiting if it is enough.
func (e *Encoder) CRLF() *Encoder {
	e.buf = append(e.buf, '\r', '\n')
	if len(e.buf) >= flushAt {
		e.Flush()
	}
	return e
}

// Append lets fn append to the buffer, for values that know how to write
// themselves. fn must not change what is in its argument.
func (e *Encoder) Append(fn func(dst []byte) []byte) *Encoder {
	e.buf = fn(e.buf)
	return e
}

// Number appends an unsigned number.
func (e *Encoder) Number(n uint32) *Encoder { return e.Uint64(uint64(n)) }

// Uint64 appends an unsigned number, which must be below 2^63 (RFC 9051 section
// 9, number64).
func (e *Encoder) Uint64(n uint64) *Encoder {
	e.buf = strconv.AppendUint(e.buf, n, 10)
	return e
}

// Int appends a count, which must not be negative.
func (e *Encoder) Int(n int) *Encoder { return e.Uint64(uint64(n)) }

// Set appends a set of numbers. An empty set has no form in IMAP: the caller
// leaves the item out.
func (e *Encoder) Set(s uidset.Set) *Encoder {
	e.buf = s.Append(e.buf)
	return e
}

// NumSet appends a set with "*", or "$".
func (e *Encoder) NumSet(s uidset.NumSet) *Encoder {
	e.buf = s.Append(e.buf)
	return e
}

// Flags appends a list of flags with its parentheses.
func (e *Encoder) Flags(flags []string) *Encoder {
	e.buf = append(e.buf, '(')
	for i, flag := range flags {
		if i > 0 {
			e.buf = append(e.buf, ' ')
		}
		e.buf = append(e.buf, flag...)
	}
	e.buf = append(e.buf, ')')
	return e
}
