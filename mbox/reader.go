package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// A Reader reads the messages of a folder, or of a file that holds one message
// without a "From " line before it.
type Reader struct {
	br     *bufio.Reader
	offset int64

	started bool
	folder  bool   // the file began with a "From " line
	next    Meta   // of the separator that ended the last message
	more    bool   // next is valid
	err     error  // what ended the input, io.EOF at its proper end
	line    []byte // the piece of a line read ahead, if any
	atStart bool   // line begins a line

	msg *Message
}

// A Message is one message of a folder: what the folder knows of it, and an
// io.Reader of its bytes that is valid until Next is called again.
type Message struct {
	Meta
	r     *Reader
	out   []byte // bytes ready to be read
	store []byte // the memory of out
	blank []byte // an empty line held back: a separator may follow
	wasCR bool   // the last piece of a cut line ended in CR
	done  bool
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{br: bufio.NewReaderSize(r, 64<<10)}
}

// Offset is the number of octets of the input read so far, for progress.
func (r *Reader) Offset() int64 { return r.offset }

// Next goes on to the next message, skipping what is unread of the present one.
// It returns io.EOF after the last.
func (r *Reader) Next() (*Message, error) {
	if !r.started {
		r.start()
	}
	if r.msg != nil {
		if _, err := io.Copy(io.Discard, r.msg); err != nil {
			return nil, err
		}
	}
	if !r.more {
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return nil, r.err
		}
		return nil, io.EOF
	}
	r.more = false
	var store []byte
	if r.msg != nil {
		store = r.msg.store[:0]
	}
	r.msg = &Message{Meta: r.next, r: r, store: store}
	r.msg.header()
	return r.msg, nil
}

// start looks at the first line. Blank lines before it are skipped.
func (r *Reader) start() {
	r.started = true
	for {
		r.advance()
		text := trimEOL(r.line)
		switch {
		case r.err != nil:
			return
		case len(text) == 0:
			continue
		case bytes.HasPrefix(text, []byte("From ")):
			// The first line is a separator even if its date cannot be read.
			r.next, _ = parseFrom(text)
			r.folder, r.more = true, true
			r.advance()
		case isField(text):
			r.more = true
		default:
			r.err = ErrFormat
		}
		return
	}
}

// advance reads the next line, or the next piece of one longer than the buffer,
// into r.line.
func (r *Reader) advance() {
	whole := len(r.line) == 0 || r.line[len(r.line)-1] == '\n'
	line, err := r.br.ReadSlice('\n')
	r.offset += int64(len(line))
	r.line, r.atStart = line, whole
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if len(line) == 0 {
		r.err = err
	}
}

// header reads the header, takes out what belongs to the folder, and leaves the
// rest ready to be read.
func (m *Message) header() {
	r := m.r
	taken := false // the field whose lines come is the folder's
	for r.err == nil && len(m.store) < MaxHeader {
		line := r.line
		text := trimEOL(line)
		switch {
		case !r.atStart: // goes on with a line longer than the buffer
			if taken {
				r.advance()
				continue
			}
		case len(text) == 0: // the header ends; the body's loop takes the line
			m.out = m.store
			return
		case text[0] == ' ' || text[0] == '\t':
			if taken {
				r.advance()
				continue
			}
		case r.folder && quoted(text):
			taken = false
			line = bytes.TrimPrefix(line, gt)
		case r.folder:
			if taken = m.take(text); taken {
				r.advance()
				continue
			}
		}
		m.store = m.appendLine(m.store, line)
		r.advance()
	}
	m.out = m.store
}

// appendLine appends a line, or a piece of one, with CRLF where it had LF.
func (m *Message) appendLine(dst, line []byte) []byte {
	n := len(line)
	cr := m.wasCR
	m.wasCR = n > 0 && line[n-1] == '\r'
	if n == 0 || line[n-1] != '\n' || n > 1 && line[n-2] == '\r' || n == 1 && cr {
		return append(dst, line...)
	}
	dst = append(dst, line[:n-1]...)
	return append(dst, '\r', '\n')
}

// Read reads the bytes of the message.
func (m *Message) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(m.out) == 0 {
		if m.done {
			if err := m.r.err; err != nil && !errors.Is(err, io.EOF) {
				return 0, err
			}
			return 0, io.EOF
		}
		m.fill(len(p))
	}
	n := copy(p, m.out)
	m.out = m.out[n:]
	return n, nil
}

// fill prepares about want octets, or finds the end of the message.
func (m *Message) fill(want int) {
	r := m.r
	buf := m.store[:0]
	want = min(want, 32<<10)
	for !m.done && len(buf) < want {
		if r.err != nil {
			m.done = true
			// The writer of a folder puts an empty line after each message.
			if !r.folder {
				buf = append(buf, m.blank...)
			}
			break
		}
		line := r.line
		if r.folder && r.atStart {
			switch text := trimEOL(line); {
			case len(text) == 0:
				if m.blank != nil {
					buf = append(buf, m.blank...)
				}
				m.blank = crlf
				r.advance()
				continue
			case m.blank != nil && line[0] == 'F':
				if meta, ok := parseFrom(text); ok {
					m.done = true
					r.next, r.more = meta, true
					r.advance()
					continue
				}
			case line[0] == '>' && quoted(text):
				line = line[1:]
			}
		}
		buf = append(buf, m.blank...)
		m.blank = nil
		buf = m.appendLine(buf, line)
		r.advance()
	}
	m.store, m.out = buf, buf
}

var (
	crlf = []byte("\r\n")
	gt   = []byte(">")
)

// trimEOL returns line without LF or CRLF at its end.
func trimEOL(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, crlf[1:]), crlf[:1])
}
