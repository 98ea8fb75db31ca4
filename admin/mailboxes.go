package admin

import (
	"context"
	"strconv"

	"poststube/directory"
	"poststube/mail"
)

// owner returns the way to somebody's mailboxes, with every right.
func (l *Local) owner(ctx context.Context, name string) (*mail.User, error) {
	p, err := l.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return l.Engine.AsAdmin(p, l.Reason), nil
}

// Mailboxes implements Service. What others share with the owner is left out.
func (l *Local) Mailboxes(ctx context.Context, owner string) ([]Mailbox, error) {
	u, err := l.owner(ctx, owner)
	if err != nil {
		return nil, err
	}
	infos, err := u.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	own := infos[:0]
	for _, in := range infos {
		if in.Namespace == mail.Personal && !in.NonExistent {
			own = append(own, in)
		}
	}
	list := make([]Mailbox, len(own))
	err = u.Statuses(ctx, own, mail.WantUnseen, func(i int, s mail.Status) {
		list[i] = mailboxOf(own[i], s)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Mailbox implements Service.
func (l *Local) Mailbox(ctx context.Context, box MailboxName) (Mailbox, error) {
	u, err := l.owner(ctx, box.Owner)
	if err != nil {
		return Mailbox{}, err
	}
	if err := l.Engine.Provision(ctx, u.Principal()); err != nil {
		return Mailbox{}, err
	}
	in, err := u.Lookup(ctx, box.Name)
	if err == nil && in.Namespace != mail.Personal {
		err = &mail.Error{Kind: mail.NotFound, Text: "this mailbox belongs to somebody else: name its owner"}
	}
	if err != nil {
		return Mailbox{}, l.suggest(ctx, err, box.Owner, box.Name)
	}
	s, err := u.Status(ctx, in.Name, mail.WantUnseen)
	return mailboxOf(in, s), err
}

func mailboxOf(in mail.Info, s mail.Status) Mailbox {
	return Mailbox{
		Name: in.Name, Messages: s.Exists, Unseen: s.Unseen, Size: s.Size, UIDValidity: s.UIDValidity, UIDNext: s.UIDNext,
		Subscribed: in.Subscribed, SpecialUse: in.SpecialUse,
	}
}

// Subscribe implements Service.
func (l *Local) Subscribe(ctx context.Context, change Subscription) error {
	p, err := l.findKind(ctx, directory.Person, change.Owner)
	if err != nil {
		return err
	}
	if err := l.Engine.Provision(ctx, p); err != nil {
		return err
	}
	u := l.Engine.AsAdmin(p, l.Reason)
	if !change.On {
		return u.Unsubscribe(ctx, change.Name)
	}
	// IMAP takes any name (RFC 9051 section 6.3.7); here it is a mistake.
	if _, err := u.Lookup(ctx, change.Name); err != nil {
		return l.suggest(ctx, err, change.Owner, change.Name)
	}
	return u.Subscribe(ctx, change.Name)
}

// CreateMailbox implements Service.
func (l *Local) CreateMailbox(ctx context.Context, box MailboxName) error {
	u, err := l.owner(ctx, box.Owner)
	if err != nil {
		return err
	}
	if _, err = u.Create(ctx, box.Name, box.SpecialUse); err != nil {
		return err
	}
	return show(ctx, u, box.Name)
}

// DeleteMailbox implements Service.
func (l *Local) DeleteMailbox(ctx context.Context, box MailboxName) error {
	u, err := l.owner(ctx, box.Owner)
	if err != nil {
		return err
	}
	return l.suggest(ctx, u.Delete(ctx, box.Name), box.Owner, box.Name)
}

// RenameMailbox implements Service.
func (l *Local) RenameMailbox(ctx context.Context, change Rename) error {
	u, err := l.owner(ctx, change.Owner)
	if err != nil {
		return err
	}
	return l.suggest(ctx, u.Rename(ctx, change.From, change.To), change.Owner, change.From)
}

// Check implements Service.
func (l *Local) Check(ctx context.Context, o CheckOptions, visit func(Problem) error) (Checked, error) {
	if l.CheckStore != nil {
		if err := l.CheckStore(ctx); ctx.Err() != nil {
			return Checked{}, fault(ctx.Err())
		} else if err != nil {
			if err := visit(Problem{Text: err.Error()}); err != nil {
				return Checked{}, err
			}
		}
	}
	problems, err := l.Directory.Check(ctx)
	if err != nil {
		problems = append(problems, "the directory cannot be read: "+err.Error())
	}
	for _, text := range problems {
		if err := visit(Problem{Text: text}); err != nil {
			return Checked{}, err
		}
	}
	var n mail.Checked
	for p, err := range l.Engine.Check(ctx, mail.CheckOptions{Bodies: o.Bodies, Count: &n}) {
		if err != nil {
			return Checked(n), fault(err)
		}
		owner := ""
		if p.Owner != 0 {
			owner = strconv.FormatUint(uint64(p.Owner), 10)
		}
		if who, err := l.Directory.ByID(ctx, p.Owner); err == nil {
			owner = who.Name
		}
		if err := visit(Problem{owner, p.Mailbox, p.UID, p.Text}); err != nil {
			return Checked(n), err
		}
	}
	return Checked(n), nil
}
