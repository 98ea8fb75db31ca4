package admin

import (
	"strings"
	"testing"
	"time"

	"poststube/mail"
)

// fill gives anna three messages in Archive, of which two are gone.
func fill(t *testing.T, s Service) {
	t.Helper()
	_, err := s.AddUsers(t.Context(), []NewUser{{"anna", "secret"}, {"ben", ""}}, nil)
	must(t, err)
	src := func(yield func(Message, error) bool) {
		for range 3 {
			if !yield(Message{Body: strings.NewReader("Subject: hello\r\n\r\nhello\r\n")}, nil) {
				return
			}
		}
	}
	_, err = s.Import(t.Context(), MailboxName{Owner: "anna", Name: "Old"}, src, nil)
	must(t, err)
	must(t, s.DeleteMailbox(t.Context(), MailboxName{Owner: "anna", Name: "Old"}))
	_, err = s.Import(t.Context(), MailboxName{Owner: "anna", Name: "Archive"}, src, nil)
	must(t, err)
}

func TestUpkeep(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *Local) Service{
		"local":  func(_ *testing.T, l *Local) Service { return l },
		"client": func(t *testing.T, l *Local) Service { return listen(t, l) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, l := t.Context(), newLocal(t, 1<<20)
			s := open(t, l)
			fill(t, s)
			_, err := s.Purge(ctx, Purge{})
			wantKind(t, err, mail.Invalid) // nobody knows the retention
			l.Retention = func() (time.Duration, time.Duration) { return time.Hour, time.Hour }
			done, err := s.Purge(ctx, Purge{})
			must(t, err)
			equal(t, done, Purged{})
			_, err = s.Purge(ctx, Purge{Owner: "anna", Mailbox: "Archiv"})
			wantKind(t, err, mail.NotFound)
			if text := mail.Text(err); !strings.Contains(text, `did you mean "Archive"?`) {
				t.Error(text)
			}
			_, err = s.Purge(ctx, Purge{Owner: "nobody"})
			wantKind(t, err, mail.NotFound)
			_, err = s.Purge(ctx, Purge{Owner: "anna", Mailbox: "Archive", UIDs: "x"})
			wantKind(t, err, mail.Invalid)
			soon := -time.Minute // what was deleted in this very second, too
			done, err = s.Purge(ctx, Purge{OlderThan: &soon, Preview: true})
			must(t, err)
			equal(t, done, Purged{Messages: 3, Mailboxes: 1, Octets: 3 * 25, Preview: true})
			done, err = s.Purge(ctx, Purge{Owner: "ben", OlderThan: &soon})
			must(t, err)
			equal(t, done, Purged{})
			done, err = s.Purge(ctx, Purge{Owner: "anna", OlderThan: &soon})
			must(t, err)
			equal(t, done, Purged{Messages: 3, Mailboxes: 1, Octets: 3 * 25})

			heard := 0
			p, err := s.RebuildIndex(ctx, "", func(IndexProgress) { heard++ })
			must(t, err)
			equal(t, p, IndexProgress{2, 2})
			equal(t, heard, 2)
			list, err := s.IndexStates(ctx, "")
			must(t, err)
			if len(list) != 2 || list[0].Owner != "anna" || list[0].Emails != 3 || list[0].Waiting != 0 || list[0].Octets == 0 {
				t.Errorf("%+v", list)
			}
			must(t, s.DropIndex(ctx, "anna"))
			list, err = s.IndexStates(ctx, "anna")
			must(t, err)
			equal(t, list, []IndexState{{Owner: "anna", Waiting: 6}})
			wantKind(t, s.DropIndex(ctx, "nobody"), mail.NotFound)
			_, err = s.RebuildIndex(ctx, "nobody", nil)
			wantKind(t, err, mail.NotFound)
		})
	}
}

func TestDetails(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *Local) Service{
		"local":  func(_ *testing.T, l *Local) Service { return l },
		"client": func(t *testing.T, l *Local) Service { return listen(t, l) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s := open(t, newLocal(t, 1<<20))
			fill(t, s)
			must(t, s.AddGroup(ctx, "sales"))
			must(t, s.AddGroup(ctx, "all"))
			must(t, s.AddMembers(ctx, Membership{"sales", []string{"anna", "ben"}}))
			must(t, s.AddMembers(ctx, Membership{"all", []string{"sales", "ben"}}))
			u, err := s.User(ctx, "Anna")
			must(t, err)
			equal(t, u, User{Name: "anna", Groups: []string{"all", "sales"}})
			u, err = s.User(ctx, "ben")
			must(t, err)
			equal(t, u, User{Name: "ben", Groups: []string{"all", "sales"}, NoLogin: true})
			_, err = s.User(ctx, "sales")
			wantKind(t, err, mail.NotFound)
			_, err = s.User(ctx, "bne")
			if text := mail.Text(err); !strings.Contains(text, `did you mean "ben"?`) {
				t.Error(text)
			}
			g, err := s.Group(ctx, "all")
			must(t, err)
			equal(t, g, Group{Name: "all", Members: []string{"ben", "group:sales"}, People: []string{"anna", "ben"}})

			b, err := s.Mailbox(ctx, MailboxName{Owner: "anna", Name: "archive"})
			wantKind(t, err, mail.NotFound)
			b, err = s.Mailbox(ctx, MailboxName{Owner: "anna", Name: "Archive"})
			must(t, err)
			if b.Messages != 3 || b.Unseen != 3 || b.Size != 75 || b.UIDNext != 4 || len(b.SpecialUse) != 1 || !b.Subscribed {
				t.Errorf("%+v", b)
			}
			// What is made for somebody is shown to them.
			must(t, s.CreateMailbox(ctx, MailboxName{Owner: "anna", Name: "New"}))
			_, err = s.Import(ctx, MailboxName{Owner: "anna", Name: "Newer"}, func(func(Message, error) bool) {}, nil)
			must(t, err)
			for _, name := range []string{"New", "Newer"} {
				if b, err := s.Mailbox(ctx, MailboxName{Owner: "anna", Name: name}); err != nil || !b.Subscribed {
					t.Errorf("%+v %v", b, err)
				}
			}
			must(t, s.Subscribe(ctx, Subscription{Owner: "anna", Name: "Archive"}))
			b, err = s.Mailbox(ctx, MailboxName{Owner: "anna", Name: "Archive"})
			must(t, err)
			if b.Subscribed {
				t.Error("still subscribed")
			}
			must(t, s.Subscribe(ctx, Subscription{Owner: "anna", Name: "Archive", On: true}))
			wantKind(t, s.Subscribe(ctx, Subscription{Owner: "anna", Name: "Archiv", On: true}), mail.NotFound)
		})
	}
}
