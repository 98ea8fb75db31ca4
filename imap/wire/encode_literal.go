package wire

import (
	"bytes"
	"io"
)

// Literal appends a literal of size octets from r, which must yield as many.
// Each NUL in it is written as "?". A reader that fails or ends too early is
// fatal, since the client was told the size: the error is kept, nothing more is
// written, and the connection must be closed.
func (e *Encoder) Literal(size int64, r io.Reader) *Encoder {
	return e.Byte('{').literal(size, r, false)
}

// Literal8 is Literal as a literal8, in which NUL stays (RFC 3516).
func (e *Encoder) Literal8(size int64, r io.Reader) *Encoder {
	return e.Raw("~{").literal(size, r, true)
}

// LiteralBytes appends b as a literal. A large one is written straight to the
// writer, without a copy.
func (e *Encoder) LiteralBytes(b []byte) *Encoder {
	if len(b) < flushAt/2 || bytes.IndexByte(b, 0) >= 0 {
		e.buf = appendLiteral(e.buf, b)
		return e
	}
	e.Byte('{').Int(len(b)).Raw("}\r\n")
	if e.Flush() == nil {
		_, err := e.w.Write(b)
		e.keep(err)
	}
	return e
}

func (e *Encoder) literal(size int64, r io.Reader, binary bool) *Encoder {
	e.Uint64(uint64(size)).Raw("}\r\n")
	idle := 0
	for size > 0 && e.err == nil {
		if len(e.buf) >= flushAt {
			e.Flush()
			continue
		}
		e.grow(int(min(size, flushAt)))
		room := e.buf[len(e.buf):cap(e.buf)]
		n, err := r.Read(room[:min(int64(len(room)), size)])
		if !binary {
			replaceNUL(room[:n])
		}
		e.buf = e.buf[:len(e.buf)+n]
		size -= int64(n)
		if n > 0 {
			idle = 0
		} else if idle++; idle == maxIdleReads && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil && size > 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			e.Flush()
			e.keep(err)
		}
	}
	return e
}

// maxIdleReads is after how many reads of nothing in a row a reader is taken
// for broken.
const maxIdleReads = 100

// grow makes room for at least 512 octets, and for want if the buffer does not
// get larger than it needs to be by that.
func (e *Encoder) grow(want int) {
	if cap(e.buf)-len(e.buf) >= min(want, 512) {
		return
	}
	bigger := make([]byte, len(e.buf), min(len(e.buf)+want, flushAt+512))
	copy(bigger, e.buf)
	e.buf = bigger
}

func (e *Encoder) keep(err error) {
	if e.err == nil {
		e.err = err
	}
}

func replaceNUL(b []byte) {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return
		}
		b[i] = '?'
		b = b[i+1:]
	}
}
