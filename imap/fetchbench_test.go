package imap

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob/dirblob"
	"poststube/directory"
	"poststube/kv/pebblekv"
	"poststube/mail"
	"poststube/notify/localbus"
)

// BenchmarkFetch fetches a mailbox of mail that looks like mail, over TCP, with a
// client in the same process that throws everything away. b/s of SetBytes is
// octets on the wire; msgs/s is what the goals are about.
func BenchmarkFetch(b *testing.B) {
	const messages = 20_000
	srv := newBenchServer(b, messages)
	for _, f := range []struct{ name, command string }{
		{"flags", "FETCH 1:* (UID FLAGS)"},
		{"list", "FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (REFERENCES LIST-ID IMPORTANCE)])"},
		{"bodies", "FETCH 1:* (UID BODY.PEEK[])"},
		{"headers", "FETCH 1:* BODY.PEEK[HEADER]"},
		{"texts", "FETCH 1:* BODY.PEEK[1]"},
		{"rare-field", "FETCH 1:* BODY.PEEK[HEADER.FIELDS (X-Rare)]"},
	} {
		b.Run(f.name, func(b *testing.B) {
			do := newLoopback(b, srv)
			do(f.command)
			b.ReportAllocs()
			b.ResetTimer()
			total := 0
			for range b.N {
				total += do(f.command)
			}
			b.SetBytes(int64(total / b.N))
			b.ReportMetric(float64(messages*b.N)/b.Elapsed().Seconds(), "msgs/s")
		})
	}
}

// newLoopback returns a client on a TCP connection, in which anna is logged in.
func newLoopback(b *testing.B, srv *Server) func(string) int {
	b.Helper()
	return newLoopbackOf(b, srv, "anna")
}

// newLoopbackOf is newLoopback for anybody.
func newLoopbackOf(b *testing.B, srv *Server, user string) func(string) int {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	return discarderOn(b, srv, user, client, server)
}

// newBenchServer returns a server on stores that don't look for misuse, with
// messages in anna's INBOX.
func newBenchServer(b *testing.B, messages int) *Server {
	b.Helper()
	ctx, quiet := context.Background(), slog.New(slog.DiscardHandler)
	db, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	blobs, err := dirblob.Open("blob", dirblob.Options{FS: vfs.NewMem(), Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	bus := localbus.New()
	dir, err := directory.Open(ctx, db, directory.Options{Bus: bus, Log: quiet, Argon: directory.ArgonParams{Time: 1, Memory: 64, Threads: 1}})
	if err != nil {
		b.Fatal(err)
	}
	engine, err := mail.Open(ctx, mail.Config{DB: db, Blobs: blobs, Bus: bus, Directory: dir, Log: quiet, MaxMailboxes: 10_000})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		dir.Close()
		for _, close := range []func() error{engine.Close, blobs.Close, db.Close} {
			if err := close(); err != nil {
				b.Error(err)
			}
		}
	})
	anna, err := dir.AddPerson(ctx, "anna", "secret")
	if err != nil {
		b.Fatal(err)
	}
	user := engine.As(anna, mail.Origin{Protocol: "bench"})
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 0; n < messages; {
		var msgs []mail.NewMessage
		for range min(500, messages-n) {
			n++
			text := benchMail(rng, n)
			up, err := engine.Upload(ctx, bytes.NewReader(text), int64(len(text)))
			if err != nil {
				b.Fatal(err)
			}
			defer up.Discard()
			flags := mail.Flags{}
			if n%3 > 0 {
				flags.System = mail.Seen
			}
			if n%20 == 0 {
				flags.System |= mail.Answered
			}
			msgs = append(msgs, mail.NewMessage{Upload: up, Flags: flags})
		}
		if _, err := user.Append(ctx, inbox, msgs); err != nil {
			b.Fatal(err)
		}
	}
	return NewServer(Config{Engine: engine, Directory: dir, Log: quiet})
}

// benchMail makes a message of some 7 KiB with the usual header and two
// alternatives.
func benchMail(rng *rand.Rand, n int) []byte {
	words := strings.Fields("the quick brown fox jumps over a lazy dog while mail about budgets and meetings piles up in folders")
	var body strings.Builder
	for size := 500 + rng.IntN(4000); body.Len() < size; {
		for range 10 {
			body.WriteString(words[rng.IntN(len(words))] + " ")
		}
		body.WriteString("\r\n")
	}
	return fmt.Appendf(nil, "Return-Path: <list-bounces@lists.example.com>\r\n"+
		"Received: from mx%[1]d.example.com (mx%[1]d.example.com [192.0.2.7])\r\n\tby mail.example.org (Postfix) with ESMTPS id 4F%[1]dX\r\n\tfor <anna@example.org>; Tue, 1 Apr 2025 08:12:%02[2]d +0200 (CEST)\r\n"+
		"Received: from localhost (localhost [127.0.0.1])\r\n\tby mx%[1]d.example.com (Postfix) with ESMTP id 9A%[1]dB;\r\n\tTue, 1 Apr 2025 08:12:%02[2]d +0200\r\n"+
		"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=sel;\r\n\tbh=g3zLYH4xKxcPrHOD18z9YfpQcnk/GaJedfustWU5uGs=; b=%[3]s\r\n"+
		"From: \"Sender %[1]d\" <sender%[4]d@example.com>\r\nTo: Anna <anna@example.org>, Ben <ben@example.org>\r\nCc: team@example.org\r\n"+
		"Subject: Re: [list] budget of project %[4]d and what follows from it\r\nDate: Tue, 1 Apr 2025 08:12:%02[2]d +0200\r\n"+
		"Message-ID: <msg.%[1]d@example.com>\r\nIn-Reply-To: <msg.%[5]d@example.com>\r\nReferences: <msg.1@example.com> <msg.%[5]d@example.com>\r\n"+
		"List-Id: Project list <project.lists.example.com>\r\nList-Unsubscribe: <mailto:leave@lists.example.com>\r\nX-Mailer: Example 1.0\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/alternative; boundary=\"=_b%[1]d\"\r\n\r\n"+
		"--=_b%[1]d\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%[6]s\r\n"+
		"--=_b%[1]d\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body><p>%[6]s</p></body></html>\r\n"+
		"--=_b%[1]d--\r\n", n, n%60, strings.Repeat("QUJDRA", 40), n%100, max(1, n-1), body.String())
}
