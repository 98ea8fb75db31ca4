package admin

import (
	"context"

	"poststube/directory"
	"poststube/mail"
)

// Moving is the part of Service that takes a whole account over, with Import
// between its two methods: a folder is prepared, then its messages come, then it
// is finished. All of it may be done again.
type Moving interface {
	// PrepareFolder makes the mailbox if it is not there, and tells what of
	// its source came before.
	PrepareFolder(ctx context.Context, f Folder) (FolderState, error)
	// FinishFolder does what must wait until the messages are there. A folder
	// that is not Subscribed stays as it is.
	FinishFolder(ctx context.Context, f Folder) error
}

// A Folder is a mailbox with what it was elsewhere.
type Folder struct {
	MailboxName
	// UIDValidity and UIDNext are those of its source, or 0.
	UIDValidity uint32 `json:"uid_validity,omitempty"`
	UIDNext     uint32 `json:"uid_next,omitempty"`
	Subscribed  bool   `json:"subscribed,omitempty"`
}

// FolderState is what an import finds.
type FolderState struct {
	// UIDsKept: the mailbox has the UIDVALIDITY of its source, so messages
	// should come with their UIDs, in ascending order.
	UIDsKept bool `json:"uids_kept"`
	// Known holds the mail.SourceHash of every message that was taken over
	// before, one behind the other.
	Known []byte `json:"known"`
}

// PrepareFolder implements Service.
func (l *Local) PrepareFolder(ctx context.Context, f Folder) (FolderState, error) {
	var s FolderState
	u, err := l.owner(ctx, f.Owner)
	if err != nil {
		return s, err
	}
	// The name comes from another server, where its owner chose it.
	if err := u.CheckOwnName(f.Name); err != nil {
		return s, err
	}
	if _, err := makeMailbox(ctx, u, f.Name, f.SpecialUse); err != nil {
		return s, err
	}
	if f.UIDValidity != 0 {
		if s.UIDsKept, err = u.AdoptUIDs(ctx, f.Name, f.UIDValidity, 0); err != nil {
			return s, err
		}
	}
	known, err := u.Imported(ctx, f.Name)
	s.Known = make([]byte, 0, len(known)*len(mail.SourceHash{}))
	for _, h := range known {
		s.Known = append(s.Known, h[:]...)
	}
	return s, err
}

// FinishFolder implements Service.
func (l *Local) FinishFolder(ctx context.Context, f Folder) error {
	u, err := l.owner(ctx, f.Owner)
	if err != nil {
		return err
	}
	if err := u.CheckOwnName(f.Name); err != nil {
		return err
	}
	if f.UIDValidity != 0 {
		// UIDs of messages that are gone at the source are not given again.
		if _, err := u.AdoptUIDs(ctx, f.Name, f.UIDValidity, f.UIDNext); err != nil {
			return err
		}
	}
	if f.Subscribed {
		return u.Subscribe(ctx, f.Name)
	}
	return nil
}

// makeMailbox makes the mailbox if there is none of that name, and tells whether
// it did.
func makeMailbox(ctx context.Context, u *mail.User, name string, uses []string) (made bool, err error) {
	_, err = u.Lookup(ctx, name)
	if mail.KindOf(err) == mail.NotFound {
		_, err = u.Create(ctx, name, uses)
		made = err == nil
	}
	return made, err
}

// show subscribes somebody to a mailbox that was made for them: many mail programs
// show no others.
func show(ctx context.Context, u *mail.User, name string) error {
	if u.Principal().Kind != directory.Person {
		return nil // groups do not read; what they share is subscribed by itself
	}
	return u.Subscribe(ctx, name)
}

// PrepareFolder implements Service.
func (c *Client) PrepareFolder(ctx context.Context, f Folder) (FolderState, error) {
	return exchange[FolderState, any](ctx, c, callPrepareFolder, f, nil)
}

// FinishFolder implements Service.
func (c *Client) FinishFolder(ctx context.Context, f Folder) error {
	return c.tell(ctx, callFinishFolder, f)
}
