package wire

import (
	"bytes"
	"io"
	"math"
)

// A Literal is the announcement of a literal: "{n}", "{n+}" or "~{n}" at the
// end of a line. Nothing was read of the literal itself, and if the client
// waits to be asked for it, it was not asked.
type Literal struct {
	Size    int64 // octets
	NonSync bool  // "+": it comes unasked (RFC 7888)
	Binary  bool  // "~": a literal8, which may hold NUL (RFC 3516)
}

// Literal reads the announcement of a literal, for content that is too large
// for memory. The caller looks at its size and then either calls Accept and
// reads the content, or refuses it by Fail and Skip.
func (d *Decoder) Literal() Literal {
	if !d.ready() {
		return Literal{}
	}
	t := d.tail
	switch {
	case d.state != inLine || !t.found || t.start != d.pos:
		d.Expected("a literal")
	case d.lineEnd != 2:
		d.Expected("CRLF behind the size of a literal")
	case t.size == math.MaxInt64:
		d.Expected("a literal of less than 2^63 octets")
	case d.literals >= d.Limits.Literals:
		d.limit("TOOBIG", "too many literals")
	default:
		d.literals++
		return Literal{Size: t.size, NonSync: t.nonSync, Binary: t.binary}
	}
	return Literal{}
}

// Accept asks for the literal that Literal returned just before, and returns
// its content, followed by io.EOF. What is not read of it is thrown away with
// the next piece that is read from the decoder. The reader reports the errors
// of the connection as the decoder's Err does, and a NUL in a literal that is
// not a literal8.
func (d *Decoder) Accept(l Literal) io.Reader {
	if d.ready() && d.state == inLine && d.tail.found && d.pos == d.tail.start {
		d.ask(l)
	}
	return &content{d: d, command: d.command, number: d.literals, binary: l.Binary}
}

// ask starts to read a literal, after "+" if the client waits for that.
func (d *Decoder) ask(l Literal) {
	if !l.NonSync && d.Continue != nil {
		if err := d.Continue(); err != nil {
			d.fail(d.lost(err, true))
			return
		}
	}
	d.startLiteral()
}

// startLiteral moves from the end of a line into the literal behind it.
func (d *Decoder) startLiteral() {
	d.before += int64(len(d.line) + d.lineEnd)
	d.pos = 0
	d.left = d.tail.size
	d.line = nil
	d.state = inLiteral
}

// finishLiteral throws away what was not read of a literal that was accepted,
// and reads the line behind it.
func (d *Decoder) finishLiteral() {
	err := d.drain(d.left)
	if err == nil {
		d.before += d.tail.size
		d.left = 0
		err = d.load()
	}
	if err != nil {
		if err.Fatal {
			d.state = ended
		}
		d.fail(err)
	}
}

// inMemory reads the literal that is next into memory.
func (d *Decoder) inMemory(binary bool) []byte {
	at := d.offset()
	l := d.Literal()
	switch {
	case d.err != nil:
		return nil
	case l.Binary && !binary:
		d.fail(&Error{Kind: Syntax, Octet: at, Text: "expected a literal without ~"})
		return nil
	case l.Size > d.Limits.Literal:
		d.limit("TOOBIG", "the literal is too large")
		return nil
	case l.Size > d.Limits.Command-d.memory:
		d.limit("TOOBIG", "the literals of the command are too large together")
		return nil
	}
	if d.ask(l); d.err != nil {
		return nil
	}
	buf := make([]byte, l.Size)
	n, err := io.ReadFull(d.r, buf)
	d.left -= int64(n)
	d.memory += int64(n)
	if err != nil {
		d.state = ended
		d.fail(d.lost(err, true))
		return nil
	}
	if i := bytes.IndexByte(buf, 0); i >= 0 && !l.Binary {
		d.fail(&Error{Kind: Syntax, Octet: d.before + int64(i) + 1, Text: "a NUL in a literal"})
		return nil
	}
	return buf
}

// content is the reader of a literal.
type content struct {
	d       *Decoder
	command uint64
	number  int // of the literal in its command
	binary  bool
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	d := c.d
	switch {
	case d.command != c.command || d.literals != c.number:
		return 0, io.ErrClosedPipe // the decoder has gone on
	case d.err != nil:
		return 0, d.err
	case d.state != inLiteral || d.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	at := d.before + d.tail.size - d.left
	n, err := d.r.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if i := bytes.IndexByte(p[:n], 0); i >= 0 && !c.binary {
		d.fail(&Error{Kind: Syntax, Octet: at + int64(i) + 1, Text: "a NUL in a literal"})
		return i, d.err
	}
	if err != nil {
		d.state = ended
		d.fail(d.lost(err, true))
		return n, d.err
	}
	return n, nil
}
