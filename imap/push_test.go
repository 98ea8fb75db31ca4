package imap

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"poststube/mail"
)

// BenchmarkPush delivers into a mailbox that many sessions watch in IDLE, over
// loopback, and waits until the last of them has been told.
func BenchmarkPush(b *testing.B) {
	for _, watchers := range []int{1, 200, 2000} {
		b.Run(fmt.Sprint(watchers), func(b *testing.B) { benchmarkPush(b, watchers) })
	}
}

func benchmarkPush(b *testing.B, watchers int) {
	srv := newTestServer(b)
	srv.census.limits.SessionsPerUser = watchers
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go srv.Serve(l)
	defer srv.Shutdown(b.Context())
	var told, ready sync.WaitGroup
	for range watchers {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		ready.Add(1)
		go func() {
			fmt.Fprintf(conn, "a LOGIN anna secret\r\nb SELECT INBOX\r\nc IDLE\r\n")
			r := bufio.NewReader(conn)
			idling := false
			for {
				line, err := r.ReadSlice('\n')
				switch {
				case err != nil:
					return
				case line[0] == '+':
					idling = true
					ready.Done()
				case idling && strings.HasSuffix(string(line), " EXISTS\r\n"):
					told.Done()
				}
			}
		}()
	}
	ready.Wait()
	anna, err := srv.directory.ByName(b.Context(), "anna")
	if err != nil {
		b.Fatal(err)
	}
	user := srv.engine.As(anna, mail.Origin{Protocol: "test"})
	for b.Loop() {
		told.Add(watchers)
		up, err := srv.engine.Upload(context.Background(), strings.NewReader("x: y\r\n\r\n"), 8)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := user.Append(context.Background(), inbox, []mail.NewMessage{{Upload: up}}); err != nil {
			b.Fatal(err)
		}
		told.Wait()
	}
}
