package message

import "bytes"

// header reads a header block and returns as much of it as counts, valid until
// the source moves on, and the length of the line end that it closes with. If
// a boundary cuts the block off before its empty line, the source is left at
// the boundary.
func (s *source) header(open boundaries) (block []byte, lineEnd int) {
	h := headerReader{source: s, start: s.offset(), keep: s.pos}
	for {
		h.trim()
		for len(s.rest()) < delimiterSize && h.more() {
		}
		rest := s.rest()
		if n := emptyLine(rest); n > 0 || len(rest) == 0 {
			s.skip(n)
			return h.block(), n
		}
		if index, _ := open.match(rest); index >= 0 {
			return h.block(), lineEnd
		}
		lineEnd = h.line()
	}
}

// A headerReader keeps a header block in the window while it is read, or its
// first MaxHeader octets aside once it is longer.
type headerReader struct {
	*source
	start int64  // of the block, in the message
	keep  int    // what the window must keep
	cut   []byte // the part that counts of a block that is too long
}

func (h *headerReader) trim() {
	if h.cut == nil && h.offset()-h.start > MaxHeader {
		h.cut = bytes.Clone(h.buf[h.keep : h.keep+MaxHeader])
	}
	if h.cut != nil {
		h.keep = h.pos
	}
}

func (h *headerReader) more() (ok bool) {
	h.keep, ok = h.source.more(h.keep)
	return ok
}

func (h *headerReader) block() []byte {
	h.trim()
	if h.cut != nil {
		return h.cut
	}
	return h.buf[h.keep:h.pos]
}

// line passes a line and returns the length of its line end, 0 at the end of
// the message.
func (h *headerReader) line() int {
	last := byte(0)
	for {
		rest := h.rest()
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			if i > 0 {
				last = rest[i-1]
			}
			h.pos += i + 1
			h.lines++
			if last == '\r' {
				return 2
			}
			return 1
		}
		if len(rest) > 0 {
			last = rest[len(rest)-1]
		}
		h.pos = len(h.buf)
		h.trim()
		if !h.more() {
			return 0
		}
	}
}
