package imap

import (
	"crypto/x509"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A stream is a session's connection with deadlines: each read and each write
// has its own, so a client that sends a message slowly but steadily is not cut
// off, and one that stops reading is.
type stream struct {
	net.Conn
	writeTime time.Duration
	// certificate is what the handshake has shown to the client, or nil.
	certificate *x509.Certificate

	mu       sync.Mutex
	readTime time.Duration // for each read
	until    time.Time     // for all reads, if not zero
	stopped  error         // why, after interrupt
}

func newStream(conn net.Conn, stall time.Duration) *stream {
	return &stream{Conn: conn, writeTime: stall, readTime: stall}
}

// What a read answers after interrupt.
var (
	errInterrupted = errors.New("imap: the server wants to end the session")
	errShed        = errors.New("imap: the server has too little memory for a session without a login")
	errKicked      = errors.New("imap: an administrator wants to end the session")
)

// patience sets how long one read may take and, if until is not zero, when all
// reading must be over.
func (s *stream) patience(d time.Duration, until time.Time) {
	s.mu.Lock()
	s.readTime, s.until = d, until
	s.mu.Unlock()
}

// interrupt makes the read that is under way and all later ones fail with
// why. It may be called by any goroutine; the first reason counts.
func (s *stream) interrupt(why error) {
	s.mu.Lock()
	if s.stopped == nil {
		s.stopped = why
	}
	s.Conn.SetReadDeadline(time.Unix(1, 0))
	s.mu.Unlock()
}

// arm sets the deadline of the next read.
func (s *stream) arm() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		return s.stopped
	}
	deadline := time.Now().Add(s.readTime)
	if !s.until.IsZero() && s.until.Before(deadline) {
		deadline = s.until
	}
	return s.Conn.SetReadDeadline(deadline)
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.arm(); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.stopped != nil {
			err = s.stopped
		}
	}
	return n, err
}

func (s *stream) Write(p []byte) (int, error) {
	if err := s.Conn.SetWriteDeadline(time.Now().Add(s.writeTime)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}
