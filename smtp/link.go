package smtp

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A link is the connection to the client: commands and messages come in through
// in, replies are collected in out. Before it waits for the client it sends
// what it has collected, so the replies to a group of pipelined commands (RFC
// 2920) leave together, and none is ever held back while the client waits.
type link struct {
	conn      net.Conn
	in        *bufio.Reader
	out       []byte
	readTime  time.Duration
	writeTime time.Duration
	err       error // what ended reading; final

	mu       sync.Mutex
	idle     bool  // waiting for a client that is not inside a message
	draining error // why, or nil
}

var (
	// errShutdown ends a session that is between two messages.
	errShutdown = errors.New("smtp: the server shuts down")
	// errKicked does so because an administrator wants it.
	errKicked = errors.New("smtp: an administrator ends the session")
	// errTimeout ends a session whose client is silent.
	errTimeout = errors.New("smtp: the client was silent for too long")
	// Command lines that are none; the session goes on.
	errLongLine = &refusal{500, "5.5.2", "the line is too long"}
	errLineEnd  = &refusal{500, "5.5.2", "lines must end in CRLF, and hold no other CR, LF or NUL"}
)

func newLink(c net.Conn, read, write time.Duration) *link {
	l := &link{conn: c, readTime: read, writeTime: write}
	l.in = bufio.NewReaderSize((*source)(l), 16<<10)
	return l
}

// source is the link as the io.Reader below its buffer: where a session waits.
type source link

func (s *source) Read(p []byte) (int, error) {
	l := (*link)(s)
	if l.err != nil {
		return 0, l.err
	}
	if l.err = l.flush(); l.err != nil {
		return 0, l.err
	}
	if l.err = l.arm(); l.err != nil {
		return 0, l.err
	}
	n, err := l.conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errTimeout
		l.mu.Lock()
		if l.draining != nil && l.idle {
			err = l.draining
		}
		l.mu.Unlock()
	}
	l.err = err
	return n, err
}

// arm sets the deadline of the next read.
func (l *link) arm() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining != nil && l.idle {
		return l.draining
	}
	return l.conn.SetReadDeadline(time.Now().Add(l.readTime))
}

// setIdle tells whether the session is between two messages.
func (l *link) setIdle(idle bool) {
	l.mu.Lock()
	l.idle = idle
	l.mu.Unlock()
}

// drain ends the session when it is, or next becomes, idle. Any goroutine may
// call it; the first reason counts.
func (l *link) drain(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining == nil {
		l.draining = why
	}
	if l.idle {
		// An error here means that the connection is gone, which the read
		// under way finds out as well.
		_ = l.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// flush sends the replies collected.
func (l *link) flush() error {
	if len(l.out) == 0 {
		return nil
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.writeTime)); err != nil {
		return err
	}
	_, err := l.conn.Write(l.out)
	l.out = l.out[:0]
	return err
}

// readLine returns the next command line without its CRLF, valid until the next
// read. A *refusal leaves the link at the start of the next line.
func (l *link) readLine() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	for long := false; ; long = true {
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			_, err = l.in.ReadSlice('\n')
			continue
		case err != nil:
			return nil, err
		case long || len(line) > maxLine:
			return nil, errLongLine
		}
		text, ok := bytes.CutSuffix(line, crlf)
		if !ok || bytes.ContainsAny(text, "\r\x00") {
			return nil, errLineEnd
		}
		return text, nil
	}
}

var crlf = []byte("\r\n")
