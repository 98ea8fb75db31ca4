package admin

import (
	"iter"
	"strings"
	"testing"

	"poststube/mail"
)

// TestFolders holds both implementations to the same contract.
func TestFolders(t *testing.T) {
	t.Run("local", func(t *testing.T) { testFolders(t, newLocal(t, 1<<20)) })
	t.Run("client", func(t *testing.T) { testFolders(t, listen(t, newLocal(t, 1<<20))) })
}

func testFolders(t *testing.T, s Service) {
	ctx := t.Context()
	_, err := s.AddUsers(ctx, []NewUser{{"anna", ""}, {"ben", ""}}, nil)
	must(t, err)
	f := Folder{MailboxName: MailboxName{Owner: "anna", Name: "Old/Mail"}, UIDValidity: 99, UIDNext: 50, Subscribed: true}
	state, err := s.PrepareFolder(ctx, f)
	must(t, err)
	if !state.UIDsKept || len(state.Known) != 0 {
		t.Errorf("a new folder: %+v", state)
	}
	messages := func(sources ...string) iter.Seq2[Message, error] {
		return func(yield func(Message, error) bool) {
			for i, source := range sources {
				if !yield(Message{Source: source, UID: uint32(10 * (i + 1)), Flags: []string{"k", "no(good"}, Body: strings.NewReader("Subject: x\r\n\r\n")}, nil) {
					return
				}
			}
		}
	}
	done, err := s.Import(ctx, f.MailboxName, messages("a", "b"), nil)
	must(t, err)
	if done.Messages != 2 || done.Known != 0 || done.FirstUID != 10 || done.LastUID != 20 || done.UIDValidity != 99 || len(done.Dropped) != 1 {
		t.Errorf("first: %+v", done)
	}
	done, err = s.Import(ctx, f.MailboxName, messages("a", "b", "c"), nil)
	must(t, err)
	if done.Messages != 1 || done.Known != 2 || done.Octets != 14 || done.LastUID != 30 {
		t.Errorf("second: %+v", done)
	}
	must(t, s.FinishFolder(ctx, f))
	state, err = s.PrepareFolder(ctx, f)
	must(t, err)
	if size := len(mail.SourceHash{}); !state.UIDsKept || len(state.Known) != 3*size {
		t.Errorf("again: kept %v, %d octets", state.UIDsKept, len(state.Known))
	}
	boxes, err := s.Mailboxes(ctx, "anna")
	must(t, err)
	found := false
	for _, b := range boxes {
		if b.Name == "Old/Mail" {
			found = b.UIDNext == 50 && b.UIDValidity == 99 && b.Subscribed && b.Messages == 3
		}
	}
	if !found {
		t.Errorf("mailboxes %+v", boxes)
	}
	f.UIDValidity = 98
	if state, err = s.PrepareFolder(ctx, f); err != nil || state.UIDsKept {
		t.Errorf("another UIDVALIDITY: %+v, %v", state, err)
	}
	// The way of an administrator does not lead to others' mailboxes.
	f.Name = "Users/ben/INBOX"
	_, err = s.PrepareFolder(ctx, f)
	wantKind(t, err, mail.Invalid)
	wantKind(t, s.FinishFolder(ctx, f), mail.Invalid)
	f.Owner = "nobody"
	_, err = s.PrepareFolder(ctx, f)
	wantKind(t, err, mail.NotFound)
	wantKind(t, s.FinishFolder(ctx, f), mail.NotFound)
}
