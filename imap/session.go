package imap

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"poststube/directory"
	"poststube/imap/inflate"
	"poststube/imap/wire"
	"poststube/mail"
)

// A session is one connection. A single goroutine owns it and all its fields;
// only stream may be used by others.
type session struct {
	srv    *Server
	id     uint64
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc

	remote netip.Addr
	stream *stream  // the connection below TLS
	conn   net.Conn // stream, or TLS over it
	secure bool     // nobody can listen: TLS, or the client is on this machine
	dec    *wire.Decoder
	enc    *wire.Encoder
	tag    string     // of the command that runs
	result Result     // of that command, so far
	turn   *mail.Turn // while this goroutine does work that may take long

	// deflate and inflate are above conn while there is compression, else nil.
	deflate *deflater
	inflate *inflate.Reader

	state
	live    live
	notify  *notification // nil: the client has never used NOTIFY
	dialect dialect
	client  string      // what the client says it is (ID)
	hidden  []string    // capabilities that are hidden from it
	bad     int         // commands that were answered with BAD
	reading bool        // another goroutine reads, in IDLE: it must not touch enc
	started time.Time   // since when a login is waited for
	pending atomic.Bool // there was no login yet

	connected time.Time
	shown     standing // to others
}

// state is where the session stands (RFC 9051 section 3), with what exists only
// there.
type state struct {
	in   states
	user *mail.User // after login
	// expires is when the session must end, if the login was with a token.
	expires time.Time
	box     *selection // while a mailbox is selected
	// groupPrefix is how the client writes groups in access identifiers, or ""
	// if it has not yet.
	groupPrefix string
}

// readBuffer is small because every waiting session has one. Messages and other
// large literals are read past it.
const readBuffer = 1 << 10

func newSession(srv *Server, conn net.Conn, config *tls.Config) *session {
	s := &session{
		srv:     srv,
		id:      srv.lastSession.Add(1),
		remote:  remoteAddr(conn),
		started: time.Now(),
	}
	s.connected = s.started
	s.in = notAuthenticated
	s.pending.Store(true)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.log = srv.log.With(slog.Uint64("session", s.id))
	s.stream = newStream(conn, srv.limits.StallTime)
	s.conn = s.stream
	if config != nil {
		s.conn, s.secure = tls.Server(s.stream, srv.bindable(config)), true
	}
	if !s.remote.IsValid() || s.remote.IsLoopback() {
		s.secure = true
	}
	s.stream.patience(srv.limits.StallTime, s.started.Add(srv.limits.LoginTime))
	s.dec = wire.NewDecoder(bufio.NewReaderSize(input{s}, readBuffer), wire.LimitsBeforeLogin())
	s.dec.Continue = s.askForLiteral
	s.enc = wire.NewEncoder(output{s})
	return s
}

// input is what the decoder reads from. Before a session waits for its client,
// it says all that it has to say.
type input struct{ s *session }

func (in input) Read(p []byte) (int, error) {
	s := in.s
	if !s.reading {
		if err := s.flush(); err != nil {
			return 0, err
		}
		if s.turn != nil {
			return s.readInTurn(p)
		}
	}
	return s.conn.Read(p)
}

// flush sends what there is to say and gives the buffer back, so that a session
// that waits costs little.
func (s *session) flush() error {
	err := s.enc.Flush()
	if s.deflate != nil && err == nil {
		err = s.deflate.Flush()
	}
	if buf := s.enc.Release(); cap(buf) > 0 && cap(buf) <= 4*portion {
		s.srv.buffers.Put(&buf)
	}
	return err
}

// speak gets the encoder a buffer, for a session that has waited.
func (s *session) speak() {
	if buf, ok := s.srv.buffers.Get().(*[]byte); ok && !s.enc.Adopt(*buf) {
		s.srv.buffers.Put(buf)
	}
}

// askForLiteral tells the client that its literal may come.
func (s *session) askForLiteral() error {
	s.enc.Continue("Ready for the literal")
	return s.flush()
}

// output is what the encoder writes to.
type output struct{ s *session }

func (out output) Write(p []byte) (int, error) {
	out.s.turn.Pause() // who waits for the client keeps no place
	return line(out).Write(p)
}

// line is what output writes to. It may be written to beside the session's own
// goroutine, which must not write then.
type line struct{ s *session }

func (l line) Write(p []byte) (int, error) {
	if d := l.s.deflate; d != nil {
		return d.Write(p)
	}
	return l.s.conn.Write(p)
}

// serve talks with the client until one of them ends it.
func (s *session) serve() {
	defer s.close()
	defer func() {
		if r := recover(); r != nil {
			// A bug costs this session, not the others, and is not hidden.
			s.log.Error("panic in a session", slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			s.bye("SERVERBUG", "Internal error, the server's log has the cause")
		}
	}()
	if s.srv.tight() {
		s.turnAway("UNAVAILABLE", tightText)
		return
	}
	if err := s.srv.census.arrive(s.remote); err != nil {
		s.turnAway("LIMIT", sentence(err.Error()))
		return
	}
	defer func() { s.srv.census.leave(s.remote, s.userID()) }()
	if tc, ok := s.conn.(*tls.Conn); ok {
		if err := tc.HandshakeContext(s.ctx); err != nil {
			s.log.Info("TLS handshake failed", slog.Any("remote", s.remote), slog.Any("err", err))
			return
		}
	}
	s.greet()
	for s.in != ended && s.await() && s.dec.Next() {
		s.command()
		s.show()
	}
	if s.in != ended {
		s.lost(s.dec.Err())
	}
}

// userID returns whose session it is, or 0 before login.
func (s *session) userID() directory.ID {
	if s.user == nil {
		return 0
	}
	return s.user.Principal().ID
}

// lost ends a session whose input ended with err: with a word why, unless the
// client has gone.
func (s *session) lost(err error) {
	switch {
	case errors.Is(err, errInterrupted):
		s.bye("UNAVAILABLE", stoppingText)
	case errors.Is(err, errShed):
		s.bye("UNAVAILABLE", tightText)
	case errors.Is(err, errKicked):
		s.bye("", "An administrator has ended this session")
	case errors.Is(err, os.ErrDeadlineExceeded) && s.in == notAuthenticated:
		s.bye("", "No login for too long")
	case errors.Is(err, os.ErrDeadlineExceeded) && !s.expires.IsZero() && !time.Now().Before(s.expires):
		s.bye("EXPIRED", "The token that you have logged in with has expired")
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.bye("", "No command for too long")
	case errors.Is(err, inflate.ErrData):
		s.bye("CLIENTBUG", "What came is not compressed by DEFLATE, or damaged")
	default:
		var e *wire.Error
		if errors.As(err, &e) && e.Kind != wire.IO {
			s.bye(e.Code, sentence(e.Error()))
		}
	}
}

// bye says why the server ends the session, and ends it.
func (s *session) bye(code, text string) {
	s.enc.Untagged(wire.BYE, code, text)
	s.in = ended
	s.flush() // the client may have gone already
}

// turnAway is bye for a connection that is one too many. There may be many of them,
// so they must not take the whole time of a login for their handshakes.
func (s *session) turnAway(code, text string) {
	s.stream.patience(turnAwayTime, time.Now().Add(turnAwayTime))
	s.bye(code, text)
}

const turnAwayTime = 5 * time.Second

const stoppingText = "The server is shutting down, please come back in a moment"

// close frees what the session holds.
func (s *session) close() {
	s.deselect()
	s.live.close()
	s.cancel()
	s.flush()
	s.conn.Close()
	if s.user != nil {
		s.log.Info("session ended", slog.Duration("after", time.Since(s.started).Round(time.Millisecond)))
	}
}
