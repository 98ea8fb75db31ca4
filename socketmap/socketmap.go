// Package socketmap answers what a mail transfer agent wants to know about
// addresses: the protocol of Postfix's socketmap_table(5), which Sendmail also
// speaks. A request and its reply are netstrings:
//
//	19:recipients a@b.test,
//	7:OK anna,
//
// There are two maps. "recipients" has the addresses that receive here; what it
// gives for one is the name of the person or the group. "senders" has who may
// send as an address: the person to whom it leads, or all people in the group to
// which it leads, with commas between their names.
//
// Start reading at Server.ServeConn; netstring.go has the framing.
package socketmap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
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
	// MaxConnections at once; one more is closed. Default 1,000: Postfix keeps
	// one for each of its processes.
	MaxConnections int
	// MaxReply is the longest reply in octets; Postfix takes 100,000 unless
	// socketmap_max_reply_size says otherwise, which is the default here.
	MaxReply int
	// WriteTime is how long a client may not read. Default 10 seconds.
	WriteTime time.Duration
}

func (l *Limits) setDefaults() {
	if l.MaxConnections == 0 {
		l.MaxConnections = 1000
	}
	if l.MaxReply == 0 {
		l.MaxReply = 100_000
	}
	if l.WriteTime == 0 {
		l.WriteTime = 10 * time.Second
	}
}

// A Server answers on connections that it is given. It is safe for concurrent
// use.
type Server struct {
	config Config
	open   atomic.Int64 // connections
}

// NewServer returns a Server.
func NewServer(c Config) *Server {
	c.setDefaults()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Server{config: c}
}

// ServeConn answers one client, which asks one question after the other, until
// it leaves or ctx is done, and closes the connection.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	log := s.config.Log.With("proto", "socketmap")
	defer s.open.Add(-1)
	if s.open.Add(1) > int64(s.config.MaxConnections) {
		log.Warn("too many connections", "limit", s.config.MaxConnections)
		return
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer func() { // a bug in one connection does not end the server
		if p := recover(); p != nil {
			log.Error("session failed", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	in := bufio.NewReaderSize(conn, 1<<10)
	for {
		request, err := readNetstring(in)
		if err == nil {
			err = s.reply(conn, s.answer(ctx, request))
		}
		switch {
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return
		case err != nil:
			log.Warn("connection ended", "err", err)
			return
		}
	}
}

func (s *Server) reply(conn net.Conn, answer string) error {
	if err := conn.SetWriteDeadline(time.Now().Add(s.config.WriteTime)); err != nil {
		return err
	}
	_, err := conn.Write(appendNetstring(nil, answer))
	return err
}

// answer looks one request up: the name of the map, a space, the key.
func (s *Server) answer(ctx context.Context, request string) string {
	name, key, ok := strings.Cut(request, " ")
	if !ok {
		return "PERM the request has no key"
	}
	var value string
	var err error
	switch name {
	case "recipients":
		value, err = s.recipient(ctx, key)
	case "senders":
		value, err = s.senders(ctx, key)
	default:
		return "PERM there is no such map: there are recipients and senders"
	}
	switch {
	case err == nil:
		return "OK " + value
	case unknown(err):
		return "NOTFOUND "
	case errors.Is(err, errTooMany):
		return "PERM " + err.Error()
	}
	s.config.Log.Error("address could not be looked up", "proto", "socketmap", "map", name, "err", err)
	return "TEMP the store cannot be read"
}

// unknown tells whether a key leads to nobody. What is no address is among it:
// Postfix tries parts of addresses, such as "@example.org".
func unknown(err error) bool {
	return errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrNotServed) || errors.Is(err, directory.ErrInvalid)
}
