package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"poststube/admin"
	"poststube/dovecotauth"
	"poststube/imap"
	"poststube/smtp"
	"poststube/socketmap"
)

// Version is told to clients and by `poststube version`.
const Version = "0.1"

// A Server is a node that runs.
type Server struct {
	store  *Store
	log    *slog.Logger
	imap   *imap.Server
	smtp   *smtp.Server
	addrs  []Address
	stop   context.CancelFunc // no new connections; sessions but IMAP's end when idle
	config Config             // Reload changes it under mu

	certificate *certificate
	metrics     *telemetry
	probe       probe
	web         *http.Server // of the listeners "metrics"
	stopping    atomic.Bool
	memory      *memory

	running sync.WaitGroup // sessions, those who accept them, and the control socket
	control net.Listener
	open    []listening
	stale   []string // sockets that the service manager need not keep any more

	mu    sync.Mutex
	conns map[net.Conn]struct{} // of sessions but IMAP's
}

// Start opens the store in dir and begins to serve, on the sockets that were
// passed on and on those it opens itself. ctx ends only the start: the server
// runs until Stop. An error that another start cannot cure is a Refusal.
func Start(ctx context.Context, dir string, c Config, log *slog.Logger, inherited ...Inherited) (*Server, error) {
	return startWithin(ctx, newMemory(c.Limits.Memory, log), dir, c, log, inherited)
}

// startWithin is Start with a bound of memory.
func startWithin(ctx context.Context, bound *memory, dir string, c Config, log *slog.Logger, inherited []Inherited) (*Server, error) {
	m := newTelemetry()
	store, err := openStore(ctx, dir, &c, log, hooks{m.commit, m.login})
	if err != nil {
		closeInherited(inherited)
		return nil, err
	}
	s := &Server{store: store, log: log, config: c, conns: make(map[net.Conn]struct{}), memory: bound, metrics: m}
	s.probe = probe{write: func() error { return store.db.Probe(context.Background()) }, now: time.Now}
	if err := s.start(dir, inherited); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return s, nil
}

func (s *Server) start(dir string, inherited []Inherited) error {
	if err := clearAside(dir); err != nil {
		s.log.Warn("the copy of a backup that a restore left behind cannot be removed: remove it by hand", "dir", filepath.Join(dir, asideDir), "err", err)
	}
	// All listen before any serves, so that a start that fails has done nothing.
	if err := s.listen(dir, inherited); err != nil {
		return err
	}
	if err := s.serve(dir); err != nil {
		s.closeListeners(true)
		return err
	}
	return nil
}

// listen opens the control socket and all listeners.
func (s *Server) listen(dir string, inherited []Inherited) (err error) {
	if s.control, err = listenUnix(ControlSocket(dir), 0o600); err != nil {
		closeInherited(inherited)
		return err
	}
	if s.open, s.stale, err = listenAll(&s.config, inherited, s.log); err != nil {
		s.control.Close()
		return err
	}
	for _, l := range s.open {
		s.addrs = append(s.addrs, l.Address)
	}
	return nil
}

// serve begins to accept.
func (s *Server) serve(dir string) error {
	cert, err := openCertificate(&s.config, dir, s.log)
	if err != nil {
		return err
	}
	s.certificate = cert
	c := &s.config
	tlsConfig := cert.config("imap")
	profiles, err := c.IMAP.profiles()
	if err != nil {
		return refuse(err)
	}
	s.imap = imap.NewServer(imap.Config{
		Engine: s.store.Engine, Directory: s.store.Directory, TLS: tlsConfig, Version: Version, Log: s.log,
		Limits: c.Limits.imap(), Profiles: profiles, Tight: s.memory.tight,
		OnCommand: s.metrics.command,
	})
	s.smtp = smtp.NewServer(smtp.Config{
		Engine: s.store.Engine, Hostname: c.hostName(), Log: s.log, Limits: c.Limits.lmtp(), Tight: s.memory.tight,
		Observer: s.metrics.lmtp(),
	})
	sasl := dovecotauth.NewServer(dovecotauth.Config{Directory: s.store.Directory, Log: s.log})
	maps := socketmap.NewServer(socketmap.Config{Directory: s.store.Directory, Log: s.log})
	s.metrics.registry.MustRegister(newStateCollector(s))
	s.web = s.newWeb()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	serve := map[string]func(net.Conn){
		"imap":      func(conn net.Conn) { s.imap.ServeConn(conn, nil) },
		"imaps":     func(conn net.Conn) { s.imap.ServeConn(conn, tlsConfig) },
		"lmtp":      func(conn net.Conn) { s.serveUntil(ctx, conn, s.smtp.ServeConn) },
		"sasl":      func(conn net.Conn) { s.serveUntil(ctx, conn, sasl.ServeConn) },
		"socketmap": func(conn net.Conn) { s.serveUntil(ctx, conn, maps.ServeConn) },
	}
	for _, l := range s.open {
		if l.Protocol == "metrics" {
			go s.serveWeb(l.socket)
			continue
		}
		one := s.metrics.counted(l.Protocol, serve[l.Protocol])
		// Stop waits for all that was accepted: who has got through hears a word.
		s.running.Go(func() {
			accept(ctx, l.socket, s.log, func(conn net.Conn) {
				s.running.Go(func() { one(conn) })
			})
		})
	}
	s.keepUp(ctx)
	s.running.Go(func() {
		service := s.store.Admin()
		service.Online = s.online()
		service.Retention = func() (deleted, log time.Duration) { r := s.retention(); return r.Deleted.std(), r.Log.std() }
		if err := admin.Serve(ctx, s.control, service, s.log); err != nil {
			s.log.Error("control socket failed", "err", err)
		}
	})
	return nil
}

func (s *Server) closeListeners(all bool) {
	s.control.Close()
	for _, l := range s.open {
		if all || l.Protocol != "metrics" { // which tells how a stop goes on
			l.socket.Close()
		}
	}
}

// ControlSocket is where the server on dir takes commands.
func ControlSocket(dir string) string { return filepath.Join(dir, "control.sock") }

func boundTo(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return "unix:" + l.Addr().String()
	}
	return l.Addr().String()
}

// Addresses returns where the server listens, with the ports that were chosen
// for port 0.
func (s *Server) Addresses() []Address { return s.addrs }

// Store returns the open store.
func (s *Server) Store() *Store { return s.store }

// Failed receives an error when the server can no longer do its work.
func (s *Server) Failed() <-chan error { return s.store.Failed }

// serveUntil runs one session of a protocol that ends its sessions when ctx is
// done; Stop waits for it.
func (s *Server) serveUntil(ctx context.Context, c net.Conn, serve func(context.Context, net.Conn)) {
	s.mu.Lock()
	if ctx.Err() != nil {
		s.mu.Unlock()
		c.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		s.running.Done()
	}()
	serve(ctx, c)
}

// Stop ends the server: nothing is accepted any more, clients finish the command
// or the message they are at and are told goodbye. After Limits.StopTime those
// that are left are cut off. Then the store is closed.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Limits.StopTime.std())
	defer cancel()
	s.stopping.Store(true)
	s.closeListeners(false)
	s.mu.Lock() // serveUntil looks at the context under it
	s.stop()
	s.mu.Unlock()
	var cut error
	if err := s.imap.Shutdown(ctx); err != nil {
		cut = fmt.Errorf("IMAP clients had to be cut off: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		s.running.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		s.mu.Lock()
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		<-gone
	}
	if cut != nil {
		s.log.Warn("stopped late", "err", cut)
	}
	s.web.Close() // which waits for nobody
	return s.store.Close()
}
