package smtp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A dotReader reads the message that follows DATA: it takes the dots off that
// the client has put before lines that begin with one, and ends where, and only
// where, <CRLF>.<CRLF> does (RFC 5321 sections 4.1.1.4 and 4.5.2). Servers that
// also took <LF>.<LF> or the like for the end let a sender smuggle a second
// message past whatever checked the first (CVE-2023-51764 and others).
type dotReader struct {
	in    *bufio.Reader
	state dotState
}

type dotState uint8

const (
	lineStart dotState = iota // the next octet begins a line
	inLine
	afterCR // the next octet decides whether a line ends here
	atEnd
)

var crlfDot = []byte("\r\n.")

func (r *dotReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.state == atEnd {
			return n, io.EOF
		}
		if n > 0 && r.in.Buffered() == 0 {
			return n, nil // hand on what there is before waiting for more
		}
		if r.state == lineStart {
			if err := r.dot(); err != nil {
				return n, noEOF(err)
			}
			continue
		}
		if _, err := r.in.Peek(1); err != nil {
			return n, noEOF(err)
		}
		w, _ := r.in.Peek(min(r.in.Buffered(), len(p)-n))
		w = w[:r.span(w)]
		n += copy(p[n:], w)
		r.in.Discard(len(w))
	}
	return n, nil
}

// dot looks at the first octets of a line.
func (r *dotReader) dot() error {
	b, err := r.in.Peek(1)
	if err != nil {
		return err
	}
	r.state = inLine
	if b[0] != '.' {
		return nil
	}
	// At least a CRLF must follow, so more octets may be waited for.
	if b, err = r.in.Peek(2); err != nil {
		return err
	}
	if b[1] == '\r' {
		if b, err = r.in.Peek(3); err != nil {
			return err
		}
		if b[2] == '\n' {
			r.in.Discard(3)
			r.state = atEnd
			return nil
		}
	}
	r.in.Discard(1)
	return nil
}

// span returns how many octets of w, which is not empty and does not begin a
// line, are content, and sets the state behind them.
func (r *dotReader) span(w []byte) int {
	if r.state == afterCR {
		r.state = inLine
		if w[0] == '\n' {
			r.state = lineStart
			return 1
		}
	}
	if i := bytes.Index(w, crlfDot); i >= 0 {
		r.state = lineStart
		return i + 2
	}
	switch {
	case bytes.HasSuffix(w, crlf):
		r.state = lineStart
	case w[len(w)-1] == '\r':
		r.state = afterCR
	}
	return len(w)
}

// discard reads on to the end of the message.
func (r *dotReader) discard() error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// noEOF makes the end of a connection an error: a message ends by its own mark.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// content is the message as the engine reads it: what comes from src, as long as
// it keeps the rules of RFC 5321 section 2.3.8 for line ends and the size limit.
// Why it was cut short stays in err, however the engine wraps it.
type content struct {
	src    io.Reader
	max    int64
	size   int64
	lastCR bool
	err    error
}

func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.src.Read(p)
	at, what := c.bare(p[:n])
	if what == "" && c.lastCR && errors.Is(err, io.EOF) {
		at, what = n-1, "CR"
	}
	switch {
	case what != "":
		c.err = bareLineEnd(c.size+int64(at), what)
	case c.size+int64(n) > c.max:
		c.err = errTooBig
	case err != nil && !errors.Is(err, io.EOF):
		c.err = err
	}
	c.size += int64(n)
	if c.err != nil {
		return 0, c.err
	}
	return n, err
}

// bare looks at the next octets of the message for a CR or LF outside of CRLF,
// and tells which it found, and where: at -1 for a CR that ended the octets
// before.
func (c *content) bare(b []byte) (at int, what string) {
	if len(b) == 0 {
		return 0, ""
	}
	start := 0
	if c.lastCR {
		if b[0] != '\n' {
			return -1, "CR"
		}
		start = 1
	}
	c.lastCR = len(b) > start && b[len(b)-1] == '\r'
	for i := start; i < len(b); {
		lf := bytes.IndexByte(b[i:], '\n')
		line, more := b[i:], lf >= 0
		switch {
		case more && (lf == 0 || line[lf-1] != '\r'):
			return i + lf, "LF"
		case more:
			line = line[:lf-1]
		case c.lastCR:
			line = line[:len(line)-1]
		}
		if k := bytes.IndexByte(line, '\r'); k >= 0 {
			return i + k, "CR"
		}
		if !more {
			break
		}
		i += lf + 1
	}
	return 0, ""
}

func bareLineEnd(at int64, what string) error {
	return &refusal{554, "5.6.0", fmt.Sprintf("bare %s at octet %d of the message: lines must end in CRLF", what, at)}
}
