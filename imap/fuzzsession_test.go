package imap

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// panicCounter counts the panics that sessions recover from.
type panicCounter struct {
	slog.Handler
	panics atomic.Int32
}

func (h *panicCounter) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h *panicCounter) Enabled(context.Context, slog.Level) bool { return true }

func (h *panicCounter) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "panic in a session" {
		h.panics.Add(1)
	}
	return nil
}

// prefixes bring a session into each state.
var prefixes = []string{
	"",
	"x LOGIN anna secret\r\n",
	"x LOGIN anna secret\r\ny SELECT INBOX\r\n",
}

// FuzzSession sends arbitrary octets to a whole server in each state. The
// session must end when the client has gone, must not panic, and whatever it
// says must be lines.
func FuzzSession(f *testing.F) {
	for _, script := range dialogueLines(f) {
		f.Add(bytes.Join(script, nil))
	}
	f.Add([]byte("a IDLE\r\nDONE\r\nb LOGOUT\r\n"))
	log := &panicCounter{Handler: slog.DiscardHandler}
	srv := newLoggingServer(f, log)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, prefix := range prefixes {
			// Failed logins are answered after seconds. Package directory
			// fuzzes them; after a login these commands are refused, unless
			// UNAUTHENTICATE comes first.
			upper := bytes.ToUpper(in)
			if (prefix == "" || bytes.Contains(upper, []byte("UNAUTHENTICATE"))) && (bytes.Contains(upper, []byte("LOGIN")) || bytes.Contains(upper, []byte("AUTHENTICATE"))) {
				continue
			}
			out := talk(t, srv, append([]byte(prefix), in...))
			if n := log.panics.Load(); n > 0 {
				t.Fatalf("%d panics after %q%q", n, prefix, in)
			}
			// A write may be cut by the client's leaving; a line end may not. What
			// is compressed has no lines.
			if !bytes.Contains(upper, []byte("COMPRESS")) && bytes.Count(out, []byte("\n")) != bytes.Count(out, []byte("\r\n")) {
				t.Fatalf("a bare LF after %q%q: %q", prefix, in, out)
			}
		}
	})
}

// talk sends octets to a session of its own, closes the connection, and returns
// what was received until then.
func talk(t *testing.T, srv *Server, in []byte) []byte {
	t.Helper()
	client, server := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		srv.ServeConn(server, nil)
	}()
	var out bytes.Buffer
	received := make(chan struct{})
	go func() {
		defer close(received)
		io.Copy(&out, client)
	}()
	client.SetWriteDeadline(time.Now().Add(5 * time.Second))
	client.Write(in) // the server may close before it has read all
	client.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("the session goes on after %q", in)
	}
	<-received
	return out.Bytes()
}
