// Package smtp takes mail in: LMTP (RFC 2033), by which a mail transfer agent
// hands over messages for the mailboxes of this server.
//
// Start reading at Server.ServeConn and session.run; command.go has the
// commands, message.go what happens to a message. The package is a protocol of
// its own and not a wrapper around a library, because three things must hold
// that no library gives together: only <CRLF>.<CRLF> ends a message, replies to
// pipelined commands leave in one write, and a message flows into the engine
// without a goroutine or a copy in between (docs/decisions).
package smtp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"poststube/mail"
)

// An Engine takes deliveries. It is *mail.Engine; tests put failing ones in its
// place.
type Engine interface {
	CanDeliver(ctx context.Context, to string) error
	Upload(ctx context.Context, r io.Reader, size int64) (*mail.Upload, error)
	Deliver(ctx context.Context, env mail.Envelope, up *mail.Upload) []mail.Delivery
}

// Config is what a Server needs.
type Config struct {
	Engine   Engine
	Hostname string       // in the greeting and in Received fields
	Log      *slog.Logger // nil: slog.Default
	Now      func() time.Time
	// Tight tells whether the server has little memory left, so that no message is
	// begun. nil: never.
	Tight func() bool
	// Observer hears what becomes of mail.
	Observer Observer
	Limits
}

// An Observer hears what becomes of mail. Its functions may be nil; they are
// called by many goroutines and must not wait.
type Observer struct {
	// Recipient is called for the reply to each RCPT.
	Recipient func(code int)
	// Delivery is called for the reply to each recipient of a message.
	Delivery func(code int)
	// Message is called for each message of which at least one delivery was
	// tried: its size in octets, and how long the engine took until the
	// deliveries were durable.
	Message func(size int64, took time.Duration)
}

func (o *Observer) setDefaults() {
	if o.Recipient == nil {
		o.Recipient = func(int) {}
	}
	if o.Delivery == nil {
		o.Delivery = func(int) {}
	}
	if o.Message == nil {
		o.Message = func(int64, time.Duration) {}
	}
}

// Limits bounds what a client can ask for. A zero field means its default.
type Limits struct {
	// MaxMessage is the size of the largest message, in octets as the client
	// sends it; announced as SIZE (RFC 1870). Default 50 MiB.
	MaxMessage int64
	// MaxRecipients of one message. Default 1,000; RFC 5321 section
	// 4.5.3.1.8 demands 100.
	MaxRecipients int
	// MaxConnections at once; one more is told to come back. Default 1,000.
	MaxConnections int
	// MaxErrors is how many commands in a row may be refused for their
	// syntax or order until the server hangs up. Default 20.
	MaxErrors int
	// CommandTime is how long a client may be silent; RFC 5321 section
	// 4.5.3.2.7 demands 5 minutes, the default.
	CommandTime time.Duration
	// WriteTime is how long a client may not read. Default 2 minutes.
	WriteTime time.Duration
}

// maxLine is the longest command line, in octets with its CRLF. RFC 5321
// section 4.5.3.1.4 demands 512, extensions add to it.
const maxLine = 4096

func (l *Limits) setDefaults() {
	if l.MaxMessage == 0 {
		l.MaxMessage = 50 << 20
	}
	if l.MaxRecipients == 0 {
		l.MaxRecipients = 1000
	}
	if l.MaxConnections == 0 {
		l.MaxConnections = 1000
	}
	if l.MaxErrors == 0 {
		l.MaxErrors = 20
	}
	if l.CommandTime == 0 {
		l.CommandTime = 5 * time.Minute
	}
	if l.WriteTime == 0 {
		l.WriteTime = 2 * time.Minute
	}
}

// A Server speaks LMTP on connections that it is given. It is safe for
// concurrent use.
type Server struct {
	config  Config
	session atomic.Uint64 // the last one's number
	open    atomic.Int64  // connections

	mu       sync.Mutex
	sessions map[*session]struct{}
}

// NewServer returns a Server.
func NewServer(c Config) *Server {
	c.Limits.setDefaults()
	c.Observer.setDefaults()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Tight == nil {
		c.Tight = func() bool { return false }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Server{config: c, sessions: make(map[*session]struct{})}
}

// ServeConn speaks with one client until it leaves, and closes the connection.
// When ctx is done, a client between two messages is told that the server shuts
// down; one inside a message may finish it.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) {
	remote := remoteAddr(conn)
	id := s.session.Add(1)
	c := &session{
		server: s,
		ctx:    context.WithoutCancel(ctx),
		since:  s.config.Now(),
		link:   newLink(conn, s.config.CommandTime, s.config.WriteTime),
		origin: mail.Origin{Protocol: "lmtp", Remote: remote, Session: id},
		log:    s.config.Log.With("proto", "lmtp", "remote", remote, "session", id),
	}
	stop := context.AfterFunc(ctx, func() { c.link.drain(errShutdown) })
	defer stop()
	s.enter(c)
	defer s.leave(c)
	defer s.open.Add(-1)
	c.run(s.open.Add(1) > int64(s.config.MaxConnections))
}

// remoteAddr returns the client's address; invalid for a unix socket.
func remoteAddr(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
