package message

import "bytes"

// A boundaries stack holds the boundary parameters of the multiparts that are
// open, outermost first.
type boundaries [][]byte

// match finds the boundary that a line starts with, given the octets at its
// start; index is -1 for none. As RFC 2046 section 5.1.1 says, it is enough
// that the line begins with the delimiter. Where one boundary is the prefix of
// another the longest counts, among equals the innermost. closing is set for
// the delimiter that ends the multipart.
func (b boundaries) match(line []byte) (index int, closing bool) {
	index = -1
	if len(line) < 2 || line[0] != '-' || line[1] != '-' {
		return index, false
	}
	line = line[2:]
	longest := -1
	for i := len(b) - 1; i >= 0; i-- {
		if len(b[i]) > longest && bytes.HasPrefix(line, b[i]) {
			index, longest = i, len(b[i])
		}
	}
	if index >= 0 {
		closing = bytes.HasPrefix(line[longest:], closingDashes)
	}
	return index, closing
}

var (
	closingDashes = []byte("--")
	delimiter     = []byte("\n--")
)

// delimiterSize is how many octets of a line decide whether it is a boundary.
const delimiterSize = 2 + MaxBoundary + 2

// A stop says where a part ends and why.
type stop struct {
	end     int64 // the line end before the boundary is not part of it
	lines   int64 // line feeds of the message before end
	index   int   // the boundary that ended it, -1 at the end of the message
	closing bool  // no part follows the boundary
}

// body passes the octets of a body up to the next boundary that is open or the
// end of the message. It must be called at the start of a line; afterwards the
// source is behind the boundary's line.
func (s *source) body(open boundaries) stop {
	if len(open) == 0 {
		return s.toEnd()
	}
	if st, ok := s.boundaryHere(open, 0); ok {
		return st
	}
	for {
		rest := s.rest()
		i := bytes.Index(rest, delimiter)
		if i < 0 {
			// The last octets may be the start of a line end and delimiter.
			pass := max(len(rest)-len("\r\n-"), 0)
			s.skip(pass)
			if _, ok := s.more(s.pos); !ok {
				return s.toEnd()
			}
			continue
		}
		lineEnd := 1
		if i > 0 && rest[i-1] == '\r' {
			i--
			lineEnd = 2
		}
		s.skip(i)
		s.want(lineEnd + delimiterSize)
		if st, ok := s.boundaryHere(open, lineEnd); ok {
			return st
		}
		s.skip(lineEnd)
	}
}

// boundaryHere looks for a boundary lineEnd octets ahead, where a line starts.
// If there is one it passes its line.
func (s *source) boundaryHere(open boundaries, lineEnd int) (stop, bool) {
	line := s.want(lineEnd + delimiterSize)
	if len(line) < lineEnd {
		return stop{}, false
	}
	index, closing := open.match(line[lineEnd:])
	if index < 0 {
		return stop{}, false
	}
	st := stop{end: s.offset(), lines: s.lines, index: index, closing: closing}
	s.skip(lineEnd)
	st.closing = !s.skipLine() || closing
	return st, true
}

// toEnd passes everything that is left.
func (s *source) toEnd() stop {
	for {
		s.skip(len(s.buf) - s.pos)
		if _, ok := s.more(s.pos); !ok {
			return stop{end: s.offset(), lines: s.lines, index: -1}
		}
	}
}
