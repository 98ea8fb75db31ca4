package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
)

// A tail is "{n}" or "{n+}" or "~{n}" or "~{n+}" at the end of a line: a
// literal follows. RFC 7888 section 3 wants it looked for at the end of every
// line, whatever comes before it.
type tail struct {
	found   bool
	start   int   // in the line, of "{" or "~"
	size    int64 // math.MaxInt64 if it is larger than number64 allows
	nonSync bool
	binary  bool
}

// parseTail looks for the announcement of a literal.
func parseTail(line []byte) tail {
	n := len(line)
	if n < 3 || line[n-1] != '}' {
		return tail{}
	}
	t := tail{found: true}
	i := n - 1
	if line[i-1] == '+' {
		t.nonSync = true
		i--
	}
	end := i
	for i > 0 && isDigit(line[i-1]) {
		i--
	}
	if i == end || i == 0 || line[i-1] != '{' {
		return tail{}
	}
	for _, c := range line[i:end] {
		digit := int64(c - '0')
		if t.size > (math.MaxInt64-digit)/10 {
			t.size = math.MaxInt64
			break
		}
		t.size = t.size*10 + digit
	}
	t.start = i - 1
	if t.start > 0 && line[t.start-1] == '~' {
		t.start--
		t.binary = true
	}
	return t
}

// load reads the next line. In the errors of kind Limit and Syntax the line has
// been read to its end, so that Skip finds the next command.
func (d *Decoder) load() *Error {
	d.pos = 0
	chunk, err := d.r.ReadSlice('\n')
	if err != nil || len(chunk) > d.Limits.Line {
		return d.loadLong(chunk, err)
	}
	return d.take(chunk)
}

// take makes raw, which ends with LF, the current line.
func (d *Decoder) take(raw []byte) *Error {
	line := raw[:len(raw)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	d.line, d.lineEnd = line, len(raw)-len(line)
	d.tail = parseTail(line)
	d.state = inLine
	d.memory += int64(len(raw))
	if i := bytes.IndexByte(line, 0); i >= 0 {
		return &Error{Kind: Syntax, Octet: d.before + int64(i) + 1, Text: "a NUL"}
	}
	if d.memory > d.Limits.Command {
		return &Error{Kind: Limit, Code: "TOOBIG", Text: "the command is too long"}
	}
	return nil
}

// loadLong reads on where the buffer of r ended before the line did. Of a line
// that is longer than the limit it keeps the beginning for Tag, and knows
// whether a literal follows.
func (d *Decoder) loadLong(chunk []byte, err error) *Error {
	d.long = append(d.long[:0], chunk...)
	for errors.Is(err, bufio.ErrBufferFull) && len(d.long) <= d.Limits.Line {
		chunk, err = d.r.ReadSlice('\n')
		d.long = append(d.long, chunk...)
	}
	if err == nil && len(d.long) <= d.Limits.Line {
		return d.take(d.long)
	}
	// The announcement of a literal takes 24 octets at most.
	var last [64]byte
	end := last[:copy(last[:], d.long[max(0, len(d.long)-32):])]
	for errors.Is(err, bufio.ErrBufferFull) {
		chunk, err = d.r.ReadSlice('\n')
		if fatal := d.spend(int64(len(chunk))); fatal != nil {
			d.state = ended
			return fatal
		}
		end = append(end[max(0, len(end)-32):], chunk[max(0, len(chunk)-32):]...)
	}
	if err != nil {
		d.state = ended
		return d.lost(err, len(d.long) > 0 || d.before > 0)
	}
	d.line, d.lineEnd = d.long[:min(len(d.long), d.Limits.Line)], 2
	d.tail = parseTail(bytes.TrimRight(end, "\r\n"))
	d.tail.start = -1 // not a place in what was kept
	d.state = inLine
	return &Error{Kind: Limit, Code: "TOOBIG", Text: "the command line is too long"}
}

// lost wraps an error of the reader. Within a command the end of the input is
// unexpected.
func (d *Decoder) lost(err error, within bool) *Error {
	if within && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Kind: IO, Text: "the connection is lost", Fatal: true, Err: err}
}

// spend counts octets that are thrown away. Too many are fatal: the session has
// to be closed, since the next command is too far off.
func (d *Decoder) spend(octets int64) *Error {
	if octets > d.Limits.Discard-d.skipped {
		return &Error{Kind: Limit, Code: "TOOBIG", Fatal: true, Text: "the command is far too large"}
	}
	d.skipped += octets
	return nil
}

// discard reads and throws away octets.
func (d *Decoder) discard(octets int64) *Error {
	if fatal := d.spend(octets); fatal != nil {
		return fatal
	}
	return d.drain(octets)
}

func (d *Decoder) drain(octets int64) *Error {
	for octets > 0 {
		n, err := d.r.Discard(int(min(octets, 1<<30)))
		octets -= int64(n)
		if err != nil {
			return d.lost(err, true)
		}
	}
	return nil
}

// Skip passes over what is left of the current command: the rest of its line,
// and as long as a line announces a literal that comes unasked, that literal
// and the line behind it. A literal that the client wants to be asked for is
// not asked for, so it does not come. The error of the command stays what it
// was.
//
// Skip returns nil if the next command can be read. Otherwise there is none,
// ever, and the connection must be closed, after a BYE unless the error is of
// kind IO.
func (d *Decoder) Skip() *Error {
	if d.fatal == nil {
		d.fatal = d.skip()
	}
	return d.fatal
}

func (d *Decoder) skip() *Error {
	for d.state != ended {
		if d.state == inLine {
			if !d.tail.found || !d.tail.nonSync {
				d.state = ended
				return nil
			}
			d.startLiteral()
		}
		if err := d.discard(d.left); err != nil {
			d.state, d.left = ended, 0
			return err
		}
		d.left = 0
		if err := d.load(); err != nil && err.Fatal {
			d.state = ended
			return err
		}
		// A bad line is passed over like a good one.
		if err := d.spend(int64(len(d.line))); err != nil {
			d.state = ended
			return err
		}
	}
	return nil
}
