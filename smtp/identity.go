package smtp

import (
	"crypto/sha256"
	"hash"
	"io"

	"poststube/mail"
)

// A seal finds out which message this is, as it is read: a mailer that has heard
// no answer delivers the same octets from the same sender again, and the engine
// must not store them twice (RFC 1047). Only a message that some server has
// stamped with a Received field (RFC 5321 section 4.4) has an identity: what a
// script hands over twice may be meant twice.
type seal struct {
	sum    hash.Hash
	traced bool
	// header is true up to the end of the header; at is how many octets of
	// traceField the present line begins with, or -1 when it is another.
	header bool
	at     int
}

const traceField = "received:"

// reset begins a message.
func (s *seal) reset(from string) {
	if s.sum == nil {
		s.sum = sha256.New()
	}
	s.sum.Reset()
	io.WriteString(s.sum, from)
	s.sum.Write([]byte{0})
	s.traced, s.header, s.at = false, true, 0
}

// Write takes the next octets of the message, without those that are added here.
func (s *seal) Write(p []byte) (int, error) {
	for i := 0; i < len(p) && s.header; i++ {
		s.look(p[i])
	}
	return s.sum.Write(p)
}

func (s *seal) look(c byte) {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	switch {
	case c == '\n':
		s.at = 0
	case s.at < 0:
	case c == '\r' && s.at == 0: // an empty line
		s.header = false
	case c != traceField[s.at]:
		s.at = -1
	default:
		if s.at++; s.at == len(traceField) {
			s.traced, s.header = true, false
		}
	}
}

// identity returns which message it was, once it has been read.
func (s *seal) identity() (id mail.Identity) {
	if s.traced {
		var sum [sha256.Size]byte
		copy(id[:], s.sum.Sum(sum[:0]))
	}
	return id
}
