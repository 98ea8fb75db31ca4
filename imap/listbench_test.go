package imap

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"poststube/acl"
	"poststube/mail"
)

// BenchmarkList lists 5,000 mailboxes: one's own, and those that somebody shares
// by an entry on each, or by one above them all. The first LIST of a session also
// begins to watch them. With "status" it asks how many messages are unseen too,
// of which each user has his own.
func BenchmarkList(b *testing.B) {
	const mailboxes = 5000
	srv := newBenchServer(b, 3)
	ctx := b.Context()
	people := map[string]*mail.User{}
	for _, name := range []string{"ella", "each", "tree"} {
		p, err := srv.directory.AddPerson(ctx, name, "secret")
		if err != nil {
			b.Fatal(err)
		}
		people[name] = srv.engine.As(p, mail.Origin{Protocol: "test"})
	}
	owner := people["ella"]
	for i := range mailboxes {
		name := fmt.Sprintf("Projects/%04d", i)
		if _, err := owner.Create(ctx, name, nil); err != nil {
			b.Fatal(err)
		}
		up, err := srv.engine.Upload(ctx, strings.NewReader("x: y\r\n\r\n"), 8)
		if err == nil {
			_, err = owner.Append(ctx, name, []mail.NewMessage{{Upload: up}})
		}
		if err != nil {
			b.Fatal(err)
		}
		grant(b, owner, name, "each")
	}
	grant(b, owner, "Projects", "tree")
	var unseen []statusItem
	for _, item := range baseStatusItems() {
		if item.name == "MESSAGES" || item.name == "UNSEEN" {
			unseen = append(unseen, item)
		}
	}
	for _, kind := range []struct {
		name   string
		status []statusItem
	}{{"names", nil}, {"status", unseen}} {
		for _, user := range []string{"ella", "each", "tree"} {
			b.Run(kind.name+"/"+user, func(b *testing.B) {
				for b.Loop() {
					s := newSession(srv, silentConn{}, nil)
					s.in, s.user = authenticated, people[user]
					r := &listRequest{patterns: []string{"*"}, extended: kind.status != nil, status: kind.status}
					if _, err := r.run(s); err != nil {
						b.Fatal(err)
					}
					if n := len(s.live.names); n < mailboxes {
						b.Fatalf("%d mailboxes", n)
					}
					s.enc.Flush()
					s.live.close()
				}
			})
		}
	}
}

func grant(b *testing.B, owner *mail.User, mailbox, who string) {
	id := acl.Identifier{Kind: acl.User, Name: who}
	if err := owner.SetACL(context.Background(), mailbox, id, acl.Modification{Rights: acl.Lookup | acl.Read}); err != nil {
		b.Fatal(err)
	}
}
