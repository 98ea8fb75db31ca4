package imap

import (
	"context"
	"time"

	"poststube/mail"
)

// What a server does that has little memory left (Config.Tight): connections are
// refused, those without a login are ended, and commands that may need much memory
// are not begun. Sessions go on reading, storing flags, and hearing of new mail.

const tightText = "The server has little memory left, please try again later"

func errTight() error { return no("UNAVAILABLE", tightText) }

// Shed ends the sessions without a login, for a server that has little memory
// left. They hear BYE.
func (srv *Server) Shed() {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	for s := range srv.sessions {
		if s.pending.Load() {
			s.stream.interrupt(errShed)
		}
	}
}

// Sizes of what is read of a command while memory is tight.
const (
	tightLiteral = 4 << 10
	tightCommand = 128 << 10
)

// bound sets how much of the next command is read into memory.
func (s *session) bound() {
	if s.in == notAuthenticated {
		return
	}
	s.dec.Limits = s.srv.limits.Command
	if s.srv.tight() {
		l := &s.dec.Limits
		l.Literal, l.Command = min(l.Literal, tightLiteral), min(l.Command, tightCommand)
	}
}

// takeTurn begins work that may take long. Until endTurn, whatever is written stops
// its clock.
func (s *session) takeTurn(limit time.Duration) (context.Context, *mail.Turn) {
	ctx, turn := s.user.WithTurn(s.ctx, limit)
	s.turn = turn
	return ctx, turn
}

func (s *session) endTurn() {
	s.turn.End()
	s.turn = nil
}

// readInTurn reads what a command goes on with, such as the octets of a message: who
// sends them as quickly as they are taken must not keep a processor busy.
func (s *session) readInTurn(p []byte) (int, error) {
	s.turn.Pause()
	n, err := s.conn.Read(p)
	if err == nil {
		err = s.turn.Step(s.ctx)
	}
	return n, err
}
