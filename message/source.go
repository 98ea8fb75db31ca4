package message

import (
	"bytes"
	"io"
)

// windowSize is how much of a large message is held in memory while its
// bodies are passed over.
const windowSize = 64 << 10

// A source reads a message front to back through a window of bounded size and
// counts the line feeds it passes.
type source struct {
	r     io.ReaderAt
	size  int64
	buf   []byte // octets [base, base+len(buf)) of the message
	base  int64
	pos   int // next octet, as an index into buf
	lines int64
	err   error
}

func newSource(r io.ReaderAt, size int64) *source {
	return &source{r: r, size: size, buf: make([]byte, 0, min(size, windowSize))}
}

// newMemorySource reads a message that is in memory already, without a copy.
func newMemorySource(b []byte) *source {
	return &source{size: int64(len(b)), buf: b}
}

// offset is the place of the next octet in the message.
func (s *source) offset() int64 { return s.base + int64(s.pos) }

// rest returns the octets at hand.
func (s *source) rest() []byte { return s.buf[s.pos:] }

// more reads further octets and reports whether there were any. It keeps those
// from keep on, an index into the window not beyond pos, and returns where
// keep is now.
func (s *source) more(keep int) (int, bool) {
	next := s.base + int64(len(s.buf))
	if s.err != nil || next >= s.size {
		return keep, false
	}
	if keep > 0 {
		n := copy(s.buf, s.buf[keep:])
		s.buf = s.buf[:n]
		s.base += int64(keep)
		s.pos -= keep
	}
	if len(s.buf) == cap(s.buf) {
		grown := make([]byte, len(s.buf), 2*cap(s.buf))
		copy(grown, s.buf)
		s.buf = grown
	}
	free := s.buf[len(s.buf):cap(s.buf)]
	if left := s.size - next; int64(len(free)) > left {
		free = free[:left]
	}
	n, err := s.r.ReadAt(free, next)
	s.buf = s.buf[:len(s.buf)+n]
	if n < len(free) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF // the message is shorter than size
		}
		s.err = err
	}
	return 0, n > 0
}

// want makes n octets available, fewer only at the end of the message.
func (s *source) want(n int) []byte {
	for len(s.buf)-s.pos < n {
		if _, ok := s.more(s.pos); !ok {
			break
		}
	}
	return s.rest()
}

// skip passes n octets that are at hand, counting lines.
func (s *source) skip(n int) {
	s.lines += int64(bytes.Count(s.buf[s.pos:s.pos+n], newline))
	s.pos += n
}

var newline = []byte{'\n'}

// skipLine passes the rest of the current line, however long. It is false if
// the message ends before the line does.
func (s *source) skipLine() bool {
	for {
		if i := bytes.IndexByte(s.rest(), '\n'); i >= 0 {
			s.pos += i + 1
			s.lines++
			return true
		}
		s.pos = len(s.buf)
		if _, ok := s.more(s.pos); !ok {
			return false
		}
	}
}
