package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"poststube/directory"
	"poststube/mail"
)

// Config is what a server stands on. Engine and Directory are needed.
type Config struct {
	Engine    *mail.Engine
	Directory *directory.Directory
	// TLS is for STARTTLS; nil means that STARTTLS is not offered.
	TLS *tls.Config
	// Name and Version are told to clients by ID; empty means "poststube" and
	// no version.
	Name, Version string
	Limits        Limits
	Profiles      []Profile // nil: DefaultProfiles
	// Tight tells whether the server has little memory left, so that nothing that
	// needs much of it is begun. nil: never.
	Tight func() bool
	// OnCommand, if not nil, is called after each command by its session, with
	// the name that Commands lists, or "" for what is no command, and how long it
	// took from its first octet to its tagged answer. It must not wait.
	OnCommand func(name string, result Result, took time.Duration)
	Log       *slog.Logger // nil: slog.Default
}

// A Server serves IMAP on any number of listeners.
type Server struct {
	engine    *mail.Engine
	directory *directory.Directory
	tls       *tls.Config
	name      string
	version   string
	limits    Limits
	log       *slog.Logger
	tables    *tables
	census    *census
	profiles  []Profile
	tight     func() bool
	buffers   sync.Pool // *[]byte, the output buffers of sessions that wait

	compressors sync.Pool // *compressor
	tlsConfigs  sync.Map  // *tls.Config as given -> the one that bindable makes of it

	onCommand func(name string, result Result, took time.Duration)
	waiting   atomic.Int64 // sessions that wait for changes

	lastSession atomic.Uint64

	mu        sync.Mutex
	sessions  map[*session]struct{}
	listeners map[net.Listener]struct{}
	closing   bool
	running   sync.WaitGroup
}

// ErrClosed is what Serve answers after Shutdown.
var ErrClosed = errors.New("imap: the server is closed")

// NewServer returns a server that does not listen yet.
func NewServer(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Name == "" {
		c.Name = "poststube"
	}
	if c.Profiles == nil {
		c.Profiles = DefaultProfiles()
	}
	if c.Tight == nil {
		c.Tight = func() bool { return false }
	}
	if c.OnCommand == nil {
		c.OnCommand = func(string, Result, time.Duration) {}
	}
	limits := c.Limits.withDefaults()
	limits.MaxMessage = min(limits.MaxMessage, c.Engine.MaxMessage())
	return &Server{
		engine:    c.Engine,
		directory: c.Directory,
		tls:       c.TLS,
		name:      c.Name,
		version:   c.Version,
		limits:    limits,
		profiles:  c.Profiles,
		tight:     c.Tight,
		log:       c.Log,
		tables:    newTables(extensions()),
		census:    newCensus(limits),
		sessions:  make(map[*session]struct{}),
		listeners: make(map[net.Listener]struct{}),

		compressors: sync.Pool{New: newCompressor},
		onCommand:   c.OnCommand,
	}
}

// Serve takes connections from l until Shutdown, and then returns ErrClosed.
func (srv *Server) Serve(l net.Listener) error { return srv.listen(l, nil) }

// ServeTLS is Serve for IMAP over TLS from the first octet on (RFC 8314). l is a
// listener without TLS.
func (srv *Server) ServeTLS(l net.Listener, config *tls.Config) error { return srv.listen(l, config) }

func (srv *Server) listen(l net.Listener, config *tls.Config) error {
	srv.mu.Lock()
	if srv.closing {
		srv.mu.Unlock()
		return ErrClosed
	}
	srv.listeners[l] = struct{}{}
	srv.mu.Unlock()
	defer func() {
		srv.mu.Lock()
		delete(srv.listeners, l)
		srv.mu.Unlock()
	}()
	for {
		conn, err := l.Accept()
		if err == nil {
			go srv.ServeConn(conn, config)
			continue
		}
		srv.mu.Lock()
		closing := srv.closing
		srv.mu.Unlock()
		if closing {
			return ErrClosed
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			// Out of file descriptors or of memory: others will leave.
			srv.log.Error("accept failed", "proto", "imap", "err", err)
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// ServeConn serves one connection, over TLS if config is not nil, and returns
// when it has ended.
func (srv *Server) ServeConn(conn net.Conn, config *tls.Config) {
	s := newSession(srv, conn, config)
	srv.mu.Lock()
	if srv.closing {
		srv.mu.Unlock()
		// It was accepted in the moment of the end.
		s.turnAway("UNAVAILABLE", stoppingText)
		s.close()
		return
	}
	srv.sessions[s] = struct{}{}
	srv.running.Add(1)
	srv.mu.Unlock()
	defer func() {
		srv.mu.Lock()
		delete(srv.sessions, s)
		srv.mu.Unlock()
		srv.running.Done()
	}()
	s.serve()
}

// Shutdown stops listening, lets each session finish the command it is at, says
// BYE, and returns when all have gone. When ctx ends before that, connections
// are cut and Shutdown returns the error of ctx.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.mu.Lock()
	srv.closing = true
	for l := range srv.listeners {
		l.Close()
	}
	for s := range srv.sessions {
		s.stream.interrupt(errInterrupted)
	}
	srv.mu.Unlock()
	done := make(chan struct{})
	go func() {
		srv.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	srv.mu.Lock()
	for s := range srv.sessions {
		s.cancel()
		s.stream.Close()
	}
	srv.mu.Unlock()
	<-done
	return ctx.Err()
}

// remoteAddr returns the address of the client, or the zero Addr for a unix
// socket and the like.
func remoteAddr(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
