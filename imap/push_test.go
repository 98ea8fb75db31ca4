package imap

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"poststube/acl"
	"poststube/mail"
)

// BenchmarkPush delivers into a mailbox that many sessions watch in IDLE, over
// loopback, and waits until the last of them has been told: sessions of its owner,
// and of as many different people to whom it is shared, each with his own \Seen.
func BenchmarkPush(b *testing.B) {
	for _, watchers := range []int{1, 200, 2000} {
		b.Run(fmt.Sprintf("own/%d", watchers), func(b *testing.B) {
			w := newIdlers(b, watchers)
			for range watchers {
				w.connect("anna", inbox, "* ", " EXISTS")
			}
			benchmarkPush(b, w)
		})
		b.Run(fmt.Sprintf("shared/%d", watchers), func(b *testing.B) {
			w := newIdlers(b, watchers)
			team, names := w.team(watchers)
			rights := acl.Lookup | acl.Read | acl.Seen
			w.must(w.as("anna").SetACL(b.Context(), inbox, team, acl.Modification{Rights: rights}))
			for _, name := range names {
				w.connect(name, "Users/anna/INBOX", "* ", " EXISTS")
			}
			benchmarkPush(b, w)
		})
	}
}

func benchmarkPush(b *testing.B, w *idlers) {
	w.ready.Wait()
	anna := w.as("anna")
	for b.Loop() {
		up, err := w.srv.engine.Upload(context.Background(), strings.NewReader("x: y\r\n\r\n"), 8)
		w.must(err)
		w.commit(func() error {
			_, err := anna.Append(context.Background(), inbox, []mail.NewMessage{{Upload: up}})
			return err
		})
	}
	w.report()
}

// BenchmarkGrant grants rights to a group, and takes them away again, while all
// its members idle over loopback, and measures until the last of them has been
// told. With folders they see so many others of another group's at the same time.
func BenchmarkGrant(b *testing.B) {
	for _, c := range []struct{ members, folders int }{{1, 0}, {100, 0}, {1000, 0}, {1000, 1000}} {
		b.Run(fmt.Sprintf("%d_with_%d_folders", c.members, c.folders), func(b *testing.B) {
			w := newIdlers(b, c.members)
			team, names := w.team(c.members)
			w.folders(c.folders, team)
			for _, name := range names {
				w.connect(name, inbox, "* LIST ", "")
			}
			w.ready.Wait()
			anna := w.as("anna")
			set := func(r acl.Rights) {
				w.commit(func() error { return anna.SetACL(context.Background(), "Archive", team, acl.Modification{Rights: r}) })
			}
			for b.Loop() {
				set(acl.Lookup | acl.Read)
				set(acl.None)
			}
			w.report()
		})
	}
}
