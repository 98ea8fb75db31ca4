package imap

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/directory"
	"poststube/mail"
	"poststube/notify/localbus"
	"poststube/storetest"
)

// newTestServer returns a server on stores in memory with the user anna, whose
// INBOX holds three messages.
func newTestServer(tb testing.TB) *Server { return newLoggingServer(tb, slog.DiscardHandler) }

func newLoggingServer(tb testing.TB, log slog.Handler) *Server {
	tb.Helper()
	ctx := context.Background()
	db, bus := storetest.NewKV(tb), localbus.New()
	dir, err := directory.Open(ctx, db, directory.Options{
		Bus: bus, Log: slog.New(slog.DiscardHandler), Argon: directory.ArgonParams{Time: 1, Memory: 64, Threads: 1},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(dir.Close)
	engine, err := mail.Open(ctx, mail.Config{DB: db, Blobs: storetest.NewBlob(tb), Bus: bus, Directory: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	anna, err := dir.AddPerson(ctx, "anna", "secret")
	if err != nil {
		tb.Fatal(err)
	}
	srv := NewServer(Config{Engine: engine, Directory: dir, Log: slog.New(log)})
	fill(tb, srv, anna, 3)
	return srv
}

// fill puts n small messages into the INBOX of a user.
func fill(tb testing.TB, srv *Server, who directory.Principal, n int) {
	tb.Helper()
	ctx := context.Background()
	user := srv.engine.As(who, mail.Origin{Protocol: "test"})
	const text = "Subject: one\r\n\r\n1\r\n"
	for n > 0 {
		var msgs []mail.NewMessage
		for range min(n, 1000) {
			up, err := srv.engine.Upload(ctx, strings.NewReader(text), int64(len(text)))
			if err != nil {
				tb.Fatal(err)
			}
			msgs = append(msgs, mail.NewMessage{Upload: up})
		}
		if _, err := user.Append(ctx, inbox, msgs); err != nil {
			tb.Fatal(err)
		}
		n -= len(msgs)
	}
}

// readAll returns the contents of the files that match.
func readAll(tb testing.TB, pattern string) []string {
	tb.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}
