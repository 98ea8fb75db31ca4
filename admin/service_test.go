package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"poststube/directory"
	"poststube/mail"
	"poststube/notify/localbus"
	"poststube/storetest"
)

func newLocal(t *testing.T, maxMessage int64) *Local {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus := localbus.New()
	db := storetest.NewKV(t)
	dir, err := directory.Open(t.Context(), db, directory.Options{
		Bus: bus, Log: log, SCRAMIterations: -1, Argon: directory.ArgonParams{Time: 1, Memory: 64, Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := mail.Open(t.Context(), mail.Config{DB: db, Blobs: storetest.NewBlob(t), Bus: bus, Directory: dir, Log: log, MaxMessage: maxMessage})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dir.Close)
	return &Local{Directory: dir, Engine: engine, Reason: "test"}
}

// listen serves s on a socket and returns a client of it.
func listen(t *testing.T, s Service) *Client {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, s, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return &Client{Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.Addr().String())
	}}
}

// TestServices holds both implementations to the same contract.
func TestServices(t *testing.T) {
	for name, open := range map[string]func(*testing.T) Service{
		"local":  func(t *testing.T) Service { return newLocal(t, 1<<20) },
		"client": func(t *testing.T) Service { return listen(t, newLocal(t, 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("people", func(t *testing.T) { testPeople(t, open(t)) })
			t.Run("mailboxes", func(t *testing.T) { testMailboxes(t, open(t)) })
			t.Run("transfer", func(t *testing.T) { testTransfer(t, open(t)) })
			t.Run("broken source", func(t *testing.T) { testBrokenSource(t, open(t)) })
			t.Run("visitor gives up", func(t *testing.T) { testVisitor(t, open(t)) })
			t.Run("cancelled", func(t *testing.T) { testCancelled(t, open(t)) })
		})
	}
}

// wantKind fails unless err has the kind and a sentence.
func wantKind(t *testing.T, err error, kind mail.Kind) {
	t.Helper()
	var e *mail.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Text == "" {
		t.Errorf("error %v, want kind %v", err, kind)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func testPeople(t *testing.T, s Service) {
	ctx := t.Context()
	calls := 0
	added, err := s.AddUsers(ctx, []NewUser{{"ben", "secret"}, {"anna", "secret"}, {"clara", ""}}, func(done int) { calls++ })
	must(t, err)
	equal(t, added, []User{{Name: "ben"}, {Name: "anna"}, {Name: "clara"}})
	if calls == 0 {
		t.Error("no progress was reported")
	}
	_, err = s.AddUsers(ctx, []NewUser{{"dora", "x"}, {"anna", "x"}}, nil)
	wantKind(t, err, mail.Exists)
	_, err = s.AddUsers(ctx, []NewUser{{"do:ra", "x"}}, nil)
	wantKind(t, err, mail.Invalid)

	must(t, s.AddGroup(ctx, "sales"))
	must(t, s.AddGroup(ctx, "all"))
	wantKind(t, s.AddGroup(ctx, "anna"), mail.Exists)
	must(t, s.AddMembers(ctx, Membership{"sales", []string{"anna", "ben"}}))
	must(t, s.AddMembers(ctx, Membership{"all", []string{"sales", "clara"}}))
	wantKind(t, s.AddMembers(ctx, Membership{"sales", []string{"all"}}), mail.Invalid) // a cycle
	wantKind(t, s.AddMembers(ctx, Membership{"anna", []string{"ben"}}), mail.NotFound)
	wantKind(t, s.AddMembers(ctx, Membership{"sales", []string{"nobody"}}), mail.NotFound)

	users, err := s.Users(ctx)
	must(t, err)
	equal(t, users, []User{
		{Name: "anna", Groups: []string{"all", "sales"}}, {Name: "ben", Groups: []string{"all", "sales"}},
		{Name: "clara", Groups: []string{"all"}, NoLogin: true},
	})
	groups, err := s.Groups(ctx)
	must(t, err)
	equal(t, groups, []Group{{Name: "all", Members: []string{"clara", "group:sales"}}, {Name: "sales", Members: []string{"anna", "ben"}}})

	must(t, s.SetPassword(ctx, NewUser{"clara", "new"}))
	wantKind(t, s.SetPassword(ctx, NewUser{"sales", "new"}), mail.NotFound)
	wantKind(t, s.SetPassword(ctx, NewUser{"nobody", "new"}), mail.NotFound)
	must(t, s.RemoveMembers(ctx, Membership{"sales", []string{"ben"}}))
	must(t, s.RemoveUser(ctx, "ben"))
	wantKind(t, s.RemoveUser(ctx, "ben"), mail.NotFound)
	must(t, s.RemoveGroup(ctx, "all"))
	wantKind(t, s.RemoveGroup(ctx, "anna"), mail.NotFound)
	groups, err = s.Groups(ctx)
	must(t, err)
	equal(t, groups, []Group{{Name: "sales", Members: []string{"anna"}}})
}

func testMailboxes(t *testing.T, s Service) {
	ctx := t.Context()
	_, err := s.AddUsers(ctx, []NewUser{{"anna", "secret"}}, nil)
	must(t, err)
	must(t, s.AddGroup(ctx, "sales"))
	must(t, s.CreateMailbox(ctx, MailboxName{Owner: "anna", Name: "Projects/A"}))
	wantKind(t, s.CreateMailbox(ctx, MailboxName{Owner: "anna", Name: "Projects/A"}), mail.Exists)
	wantKind(t, s.CreateMailbox(ctx, MailboxName{Owner: "nobody", Name: "x"}), mail.NotFound)
	must(t, s.RenameMailbox(ctx, Rename{"anna", "Projects/A", "Projects/B"}))
	wantKind(t, s.RenameMailbox(ctx, Rename{"anna", "Projects/A", "x"}), mail.NotFound)
	must(t, s.CreateMailbox(ctx, MailboxName{Owner: "sales", Name: "Offers"}))

	names := func(owner string) (names []string) {
		boxes, err := s.Mailboxes(ctx, owner)
		must(t, err)
		for _, b := range boxes {
			names = append(names, b.Name)
		}
		return names
	}
	if got := strings.Join(names("anna"), " "); !strings.Contains(got, "Projects/B") || strings.Contains(got, "Projects/A") || !strings.HasPrefix(got, "INBOX ") {
		t.Errorf("anna has %s", got)
	}
	if got := strings.Join(names("sales"), " "); !strings.Contains(got, "Offers") || strings.Contains(got, "Projects") {
		t.Errorf("sales has %s", got)
	}
	must(t, s.DeleteMailbox(ctx, MailboxName{Owner: "anna", Name: "Projects/B"}))
	wantKind(t, s.DeleteMailbox(ctx, MailboxName{Owner: "anna", Name: "Projects/B"}), mail.NotFound)
	_, err = s.Mailboxes(ctx, "nobody")
	wantKind(t, err, mail.NotFound)
}

// message returns the n-th message of a test; some are too large for a record.
func message(n int) string {
	text := fmt.Sprintf("Subject: %d\r\n\r\n", n)
	if n%50 == 7 {
		text += strings.Repeat(strings.Repeat("z", 98)+"\r\n", 1000)
	}
	return text
}

func testTransfer(t *testing.T, s Service) {
	ctx := t.Context()
	_, err := s.AddUsers(ctx, []NewUser{{"anna", "secret"}}, nil)
	must(t, err)
	const n = 600
	date := func(i int) time.Time { return time.Date(2024, 1, 1, 0, 0, i, 0, time.UTC) }
	flags := func(i int) []string {
		if i%2 == 0 {
			return []string{`\Seen`, `\Flagged`, "$Junk"}
		}
		return nil
	}
	src := func(yield func(Message, error) bool) {
		for i := range n {
			body := message(i)
			if i == 42 {
				body = strings.Repeat("x", 2<<20) // more than the engine takes
			}
			if !yield(Message{Date: date(i), Flags: flags(i), Body: strings.NewReader(body)}, nil) {
				return
			}
		}
	}
	var heard []int
	done, err := s.Import(ctx, MailboxName{Owner: "anna", Name: "Old/Mail"}, src, func(d Imported) { heard = append(heard, d.Messages) })
	must(t, err)
	if done.Messages != n-1 || done.FirstUID != 1 || done.LastUID != n-1 || len(done.Skipped) != 1 || done.Skipped[0].Number != 43 || done.UIDValidity == 0 {
		t.Errorf("imported %+v", done)
	}
	if len(heard) < 2 || heard[len(heard)-1] != n-1 {
		t.Errorf("progress was %v", heard)
	}

	i := 0
	err = s.Export(ctx, MailboxName{Owner: "anna", Name: "Old/Mail"}, func(m Message) error {
		if i == 42 {
			i++
		}
		b, err := io.ReadAll(m.Body)
		must(t, err)
		if string(b) != message(i) || !m.Date.Equal(date(i)) {
			t.Errorf("message %d came back as %.40q of %v", i, b, m.Date)
		}
		if want := flags(i); len(m.Flags) != len(want) || len(want) > 0 && !reflect.DeepEqual(m.Flags, want) {
			t.Errorf("message %d came back with %q", i, m.Flags)
		}
		i++
		return nil
	})
	must(t, err)
	if i != n {
		t.Errorf("%d messages came back", i)
	}
	wantKind(t, s.Export(ctx, MailboxName{Owner: "anna", Name: "none"}, nil), mail.NotFound)
	_, err = s.Import(ctx, MailboxName{Owner: "nobody", Name: "INBOX"}, src, nil)
	wantKind(t, err, mail.NotFound)
	checked, err := s.Check(ctx, CheckOptions{Bodies: true}, func(p Problem) error { return fmt.Errorf("problem: %+v", p) })
	must(t, err)
	if checked.Owners == 0 || checked.Mailboxes == 0 || checked.Messages == 0 || checked.Octets == 0 {
		t.Errorf("looked at %+v", checked)
	}
}

// testBrokenSource: an error of the source ends the import and is returned;
// what was stored before stays, and nothing half.
func testBrokenSource(t *testing.T, s Service) {
	ctx := t.Context()
	_, err := s.AddUsers(ctx, []NewUser{{"anna", "secret"}}, nil)
	must(t, err)
	broken := errors.New("broken")
	box := MailboxName{Owner: "anna", Name: "INBOX"}
	for name, src := range map[string]iter.Seq2[Message, error]{
		"between messages": func(yield func(Message, error) bool) {
			_ = yield(Message{Body: strings.NewReader("A: b\r\n\r\n")}, nil) && yield(Message{}, broken)
		},
		"inside a message": func(yield func(Message, error) bool) {
			half := io.MultiReader(strings.NewReader("A: b\r\n\r\nhalf"), iotest.ErrReader(broken))
			_ = yield(Message{Body: strings.NewReader("A: b\r\n\r\n")}, nil) && yield(Message{Body: half}, nil)
		},
	} {
		if _, err := s.Import(ctx, box, src, nil); !errors.Is(err, broken) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	boxes, err := s.Mailboxes(ctx, "anna")
	must(t, err)
	if n := boxes[0].Messages; n > 2 {
		t.Errorf("%d messages are there, at most 2 came whole", n)
	}
	must(t, s.Export(ctx, box, func(m Message) error {
		b, err := io.ReadAll(m.Body)
		if string(b) != "A: b\r\n\r\n" {
			t.Errorf("message %q is there", b)
		}
		return err
	}))
}

// testVisitor: the error of a visitor comes back as it is.
func testVisitor(t *testing.T, s Service) {
	ctx := t.Context()
	_, err := s.AddUsers(ctx, []NewUser{{"anna", "secret"}}, nil)
	must(t, err)
	box := MailboxName{Owner: "anna", Name: "INBOX"}
	src := func(yield func(Message, error) bool) {
		for i := range 50 {
			if !yield(Message{Body: strings.NewReader(message(i))}, nil) {
				return
			}
		}
	}
	_, err = s.Import(ctx, box, src, nil)
	must(t, err)
	enough, seen := errors.New("enough"), 0
	err = s.Export(ctx, box, func(Message) error {
		if seen++; seen == 3 {
			return enough
		}
		return nil // bodies need not be read
	})
	if !errors.Is(err, enough) || seen != 3 {
		t.Errorf("error %v after %d messages", err, seen)
	}
}

func testCancelled(t *testing.T, s Service) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.AddUsers(ctx, []NewUser{{"anna", "secret"}}, nil)
	must(t, err)
	src := func(yield func(Message, error) bool) {
		for i := 0; ; i++ {
			if i == 300 {
				cancel()
			}
			if i > 1e6 || !yield(Message{Body: strings.NewReader("A: b\r\n\r\n")}, nil) {
				return
			}
		}
	}
	if _, err := s.Import(ctx, MailboxName{Owner: "anna", Name: "INBOX"}, src, nil); err == nil {
		t.Error("an endless import was not ended by its context")
	}
}

// TestClientWithoutServer: the error says what is the matter.
func TestClientWithoutServer(t *testing.T) {
	c := &Client{Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(t.TempDir(), "none"))
	}}
	_, err := c.Users(t.Context())
	wantKind(t, err, mail.Unavailable)
}

// TestEveryCall: the table of calls and the methods of Service are the same in
// number, so no method can be forgotten on the socket.
func TestEveryCall(t *testing.T) {
	if methods := reflect.TypeFor[Service]().NumMethod(); len(calls()) != methods {
		t.Errorf("%d calls for %d methods", len(calls()), methods)
	}
}

// FuzzConverse: whatever comes through the socket, the server answers or hangs
// up, and stays whole.
func FuzzConverse(f *testing.F) {
	f.Add([]byte("q\x13{\"call\":\"user.list\"}"))
	f.Add([]byte("q\x2f{\"call\":\"import\",\"arg\":{\"owner\":\"a\",\"name\":\"b\"}}m\x02{}d\x03abce\x00e\x00"))
	f.Add([]byte("q\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := newLocal(t, 1<<20)
		a, b := net.Pipe()
		go func() {
			_, _ = b.Write(in) // the server may hang up before the end
			b.Close()
		}()
		go func() { _, _ = io.Copy(io.Discard, b) }()
		_ = converse(t.Context(), s, calls(), newFrames(a)) // an error is what most inputs deserve
		a.Close()
		if _, err := s.Users(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
