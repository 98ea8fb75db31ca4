// Package dovecotauth lets other programs ask this server who somebody is: it
// speaks the server's side of Dovecot's authentication protocol, version 1, as
// the submission services of Postfix (smtpd_sasl_type = dovecot) and Exim
// (driver = dovecot) do on the client's side.
//
// The protocol is described in Dovecot's documentation, "Authentication
// Protocol". It has lines of fields with tabs between them. The server begins:
//
//	VERSION  1  2
//	MECH     PLAIN  plaintext
//	SPID     4242
//	CUID     1
//	COOKIE   5d0c…
//	DONE
//
// and then answers each AUTH and CONT of the client with CONT, OK or FAIL, which
// carry the number of the request, since any number may run at once. The part
// between two servers of Dovecot, by which a login process hands a user on, is
// not there: an AUTH without "nologin" is answered like one with it.
//
// Start reading at Server.ServeConn; line.go has the grammar, request.go what
// happens to a request. Passwords, penalties and log lines are those of package
// directory, the same as for IMAP.
package dovecotauth

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"poststube/directory"
)

// Config is what a Server needs.
type Config struct {
	Directory *directory.Directory
	Log       *slog.Logger // nil: slog.Default
	Limits
}

// Limits bounds what a client can ask for. A zero field means its default.
type Limits struct {
	// MaxConnections at once; one more is closed. Default 1,000: Postfix
	// keeps one for each of its smtpd processes.
	MaxConnections int
	// MaxRequests of one connection at once; one more fails for the time
	// being. Default 100.
	MaxRequests int
	// AnswerTime is how long a request waits for the directory, whose
	// penalties for wrong passwords grow to 15 seconds. It must be shorter than the
	// patience of clients: Postfix waits 10 seconds and takes the server for
	// broken then. Default 9 seconds.
	AnswerTime time.Duration
	// ResponseTime is how long a request waits for the client's next
	// response. Default 2 minutes.
	ResponseTime time.Duration
	// WriteTime is how long a client may not read. Default 10 seconds.
	WriteTime time.Duration
}

func (l *Limits) setDefaults() {
	if l.MaxConnections == 0 {
		l.MaxConnections = 1000
	}
	if l.MaxRequests == 0 {
		l.MaxRequests = 100
	}
	if l.AnswerTime == 0 {
		l.AnswerTime = 9 * time.Second
	}
	if l.ResponseTime == 0 {
		l.ResponseTime = 2 * time.Minute
	}
	if l.WriteTime == 0 {
		l.WriteTime = 10 * time.Second
	}
}

// A Server answers on connections that it is given. It is safe for concurrent
// use.
type Server struct {
	config Config
	pid    int
	last   atomic.Uint64 // the last connection's number
	open   atomic.Int64  // connections
}

// NewServer returns a Server.
func NewServer(c Config) *Server {
	c.setDefaults()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Server{config: c, pid: os.Getpid()}
}

// ServeConn answers one client until it leaves or ctx is done, and closes the
// connection. Requests that are under way then are dropped.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	number := s.last.Add(1)
	log := s.config.Log.With("proto", "dovecot-auth", "session", number)
	defer s.open.Add(-1)
	if s.open.Add(1) > int64(s.config.MaxConnections) {
		log.Warn("too many connections", "limit", s.config.MaxConnections)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c := &session{server: s, conn: conn, ctx: ctx, log: log, requests: make(map[uint32]*request)}
	c.run(number)
	conn.Close() // before requests that end with ctx answer
	cancel()
	c.running.Wait()
}
