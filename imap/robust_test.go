package imap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestPanic: a bug in a command costs its session and is told, and the others go on.
func TestPanic(t *testing.T) {
	log := &panicCounter{}
	srv := newLoggingServer(t, log)
	boom := command{name: "BOOM", states: anyState, read: readNothing(func(*session) (answer, error) {
		var nobody *session
		return answer{code: nobody.tag}, nil
	})}
	srv.tables = newTables(append(extensions(), extension{name: "BOOM", commands: []command{boom}}))
	out := hear(t, srv, "a BOOM\r\nb NOOP\r\n")
	if !strings.Contains(out, "* BYE [SERVERBUG] ") || strings.Contains(out, "b OK") {
		t.Errorf("the session of a panic said %q", out)
	}
	if n := log.panics.Load(); n != 1 {
		t.Errorf("%d panics were logged", n)
	}
	if out := hear(t, srv, "a NOOP\r\nb LOGOUT\r\n"); !strings.Contains(out, "b OK") {
		t.Errorf("the next session said %q", out)
	}
}

// hear sends octets to a session of its own and returns what it says until it
// ends by itself.
func hear(t *testing.T, srv *Server, in string) string {
	t.Helper()
	client, server := net.Pipe()
	go srv.ServeConn(server, nil)
	go io.WriteString(client, in)
	out, err := io.ReadAll(client)
	if err != nil {
		t.Error(err)
	}
	return string(out)
}

// TestSlowReader: a client that asks for much and does not read is cut after
// two minutes, and holds no more than what the connection and one portion do.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newTestServer(t)
		client, server := net.Pipe()
		var ended atomic.Bool
		go func() {
			srv.ServeConn(server, nil)
			ended.Store(true)
		}()
		r := bufio.NewReader(client)
		greeting, err := r.ReadString('\n')
		if err != nil || !strings.HasPrefix(greeting, "* OK") {
			t.Fatalf("%q, %v", greeting, err)
		}
		fmt.Fprintf(client, "a LOGIN anna secret\r\n")
		if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "a OK") {
			t.Fatalf("%q, %v", line, err)
		}
		fmt.Fprintf(client, "b LIST \"\" *\r\n")
		time.Sleep(2*time.Minute - time.Second)
		synctest.Wait()
		if ended.Load() {
			t.Fatal("cut too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !ended.Load() {
			t.Fatal("not cut")
		}
		if _, err := io.Copy(io.Discard, r); err != nil && err != io.EOF && err != io.ErrClosedPipe {
			t.Error(err)
		}
	})
}

// TestShutdown: a session that waits for its client is told and gone at once.
// One that can't be told, because its client does not read, is cut when the
// context ends.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newTestServer(t)
		client, server := net.Pipe()
		go srv.ServeConn(server, nil)
		said := make(chan string)
		go func() {
			out, _ := io.ReadAll(client)
			said <- string(out)
		}()
		deaf, server := net.Pipe()
		go srv.ServeConn(server, nil)
		fmt.Fprintf(client, "a LOGIN anna secret\r\n")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		done := make(chan error)
		go func() { done <- srv.Shutdown(ctx) }()
		if out := <-said; !strings.Contains(out, "* BYE [UNAVAILABLE] ") {
			t.Errorf("the session said %q", out)
		}
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("Shutdown: %v after %v", err, time.Since(start))
		}
		late, server := net.Pipe()
		go srv.ServeConn(server, nil)
		if out, err := io.ReadAll(late); err != nil || !strings.HasPrefix(string(out), "* BYE [UNAVAILABLE] ") {
			t.Errorf("after Shutdown: %q, %v", out, err)
		}
		deaf.Close()
	})
}
