package imap

import (
	"context"
	"fmt"
	"testing"

	"poststube/acl"
	"poststube/mail"
)

// BenchmarkList lists 5,000 mailboxes: one's own, and those that somebody shares
// by an entry on each, or by one above them all. The first LIST of a session also
// begins to watch them.
func BenchmarkList(b *testing.B) {
	const mailboxes = 5000
	srv := newTestServer(b)
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
		grant(b, owner, name, "each")
	}
	grant(b, owner, "Projects", "tree")
	for _, user := range []string{"ella", "each", "tree"} {
		b.Run(user, func(b *testing.B) {
			for b.Loop() {
				s := newSession(srv, silentConn{}, nil)
				s.in, s.user = authenticated, people[user]
				r := &listRequest{patterns: []string{"*"}}
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

func grant(b *testing.B, owner *mail.User, mailbox, who string) {
	id := acl.Identifier{Kind: acl.User, Name: who}
	if err := owner.SetACL(context.Background(), mailbox, id, acl.Modification{Rights: acl.Lookup | acl.Read}); err != nil {
		b.Fatal(err)
	}
}
