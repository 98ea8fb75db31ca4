package wire

import "bufio"

// A Decoder reads commands (or, in a client, responses) from a connection.
//
// Next begins a command. The other methods read one piece each and return its
// zero value once there is an error, so loops and recursion end by themselves.
// Methods whose names begin with Try report whether the piece was there and
// leave the input alone if not. A Decoder is for one goroutine.
type Decoder struct {
	// Limits may be changed between commands.
	Limits Limits
	// UTF8 is set once the client has enabled UTF8=ACCEPT or IMAP4rev2: mailbox
	// names are UTF-8 then, and modified UTF-7 before.
	UTF8 bool
	// Continue is called when the client waits for "+" before it sends a
	// literal. It must send that and flush. A client's decoder has none.
	Continue func() error

	r        *bufio.Reader
	state    state
	line     []byte // without its end; in the buffer of r, or in long
	pos      int    // of the next octet in line
	long     []byte // for lines longer than the buffer of r
	tail     tail   // the literal that the line announces at its end
	lineEnd  int    // octets of CRLF or LF behind line
	left     int64  // octets of the current literal that were not read yet
	before   int64  // octets of the command before line
	memory   int64  // octets of the command that were read into memory
	literals int    // of the command
	depth    int    // of the piece being read
	skipped  int64  // octets that Skip threw away
	command  uint64 // number of the command, for readers that outlive it
	tooLong  *Error // the first line was cut: an error for all but Tag
	err      *Error // the first of the command
	fatal    *Error // why there is no next command
}

// A state is where in a command the decoder is.
type state uint8

const (
	ended     state = iota // behind a command
	inLine                 // in line, at pos
	inLiteral              // in a literal, with left octets to come and a line behind them
)

// NewDecoder returns a decoder that reads from r.
func NewDecoder(r *bufio.Reader, limits Limits) *Decoder {
	return &Decoder{r: r, Limits: limits}
}

// Reset makes the decoder read from r, for a connection that changes its layer
// (STARTTLS, COMPRESS). What the old reader holds is lost, as RFC 9051 section
// 6.2.1 wants it.
func (d *Decoder) Reset(r *bufio.Reader) {
	*d = Decoder{Limits: d.Limits, UTF8: d.UTF8, Continue: d.Continue, r: r, command: d.command + 1}
}

// Buffered returns how many octets can be read without waiting for the client,
// which is 0 if it sent nothing behind the current line.
func (d *Decoder) Buffered() int { return d.r.Buffered() }

// Next passes over what is left of the current command and waits for the first
// line of the next one. It reports false if there is none, now and ever: Err
// tells why. The error of the last command is forgotten otherwise.
func (d *Decoder) Next() bool {
	d.promote()
	if err := d.Skip(); err != nil {
		d.err = err
		return false
	}
	d.command++
	d.err, d.tooLong = nil, nil
	d.before, d.memory, d.skipped = 0, 0, 0
	d.literals, d.depth = 0, 0
	if cap(d.long) > keepLong {
		d.long = nil
	}
	err := d.load()
	switch {
	case err == nil:
	case err.Fatal:
		d.fail(err)
		return false
	case err.Kind == Limit:
		// The client still gets an answer with its tag.
		d.tooLong = err
	default:
		d.fail(err)
	}
	return true
}

// keepLong is the largest buffer for long lines that an idle session keeps.
const keepLong = 4 << 10

// Err returns the first error of the current command, or nil.
func (d *Decoder) Err() error {
	if d.promote(); d.err != nil {
		return d.err
	}
	return nil
}

// promote makes a cut line the error that it is.
func (d *Decoder) promote() {
	if d.err == nil && d.tooLong != nil {
		d.err = d.tooLong
	}
}

// ready reports whether there is a line to read from. It is the first thing
// that every method asks.
func (d *Decoder) ready() bool {
	d.promote()
	if d.err == nil && d.state == inLiteral {
		d.finishLiteral()
	}
	return d.err == nil
}

// Peek returns the next octet without reading it, or 0 at the end of the line
// and after an error. No line holds an octet 0.
func (d *Decoder) Peek() byte {
	if !d.ready() || d.state != inLine || d.pos >= len(d.line) {
		return 0
	}
	return d.line[d.pos]
}

// Try reads c if it is the next octet.
func (d *Decoder) Try(c byte) bool {
	if d.Peek() != c || c == 0 {
		return false
	}
	d.pos++
	return true
}

// Special reads the octet c, for example '('.
func (d *Decoder) Special(c byte) {
	if !d.Try(c) {
		d.Expected(string([]byte{'"', c, '"'}))
	}
}

// SP reads one space.
func (d *Decoder) SP() {
	if !d.Try(' ') {
		d.Expected("a space")
	}
}

// TrySP reads one space if it is there.
func (d *Decoder) TrySP() bool { return d.Try(' ') }

// AtEnd reports whether the end of the command is next.
func (d *Decoder) AtEnd() bool {
	return d.ready() && d.state == inLine && d.pos == len(d.line) && !d.tail.nonSync
}

// CRLF reads the end of the command. A bare LF is taken for it too: some
// scripts and old programs send it, and since a line ends at LF in any case it
// can't be used to smuggle a command past anything.
func (d *Decoder) CRLF() {
	if !d.AtEnd() {
		d.Expected("the end of the command")
		return
	}
	d.pos = 0
	d.before += int64(len(d.line) + d.lineEnd)
	d.line = nil
	d.state = ended
}
