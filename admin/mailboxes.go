package admin

import (
	"context"
	"strconv"

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
		list[i] = Mailbox{
			Name: own[i].Name, Messages: s.Exists, Unseen: s.Unseen, Size: s.Size, UIDValidity: s.UIDValidity, UIDNext: s.UIDNext,
			Subscribed: own[i].Subscribed, SpecialUse: own[i].SpecialUse,
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// CreateMailbox implements Service.
func (l *Local) CreateMailbox(ctx context.Context, box MailboxName) error {
	u, err := l.owner(ctx, box.Owner)
	if err != nil {
		return err
	}
	_, err = u.Create(ctx, box.Name, box.SpecialUse)
	return err
}

// DeleteMailbox implements Service.
func (l *Local) DeleteMailbox(ctx context.Context, box MailboxName) error {
	u, err := l.owner(ctx, box.Owner)
	if err != nil {
		return err
	}
	return u.Delete(ctx, box.Name)
}

// RenameMailbox implements Service.
func (l *Local) RenameMailbox(ctx context.Context, change Rename) error {
	u, err := l.owner(ctx, change.Owner)
	if err != nil {
		return err
	}
	return u.Rename(ctx, change.From, change.To)
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
	var n mail.Checked
	for p, err := range l.Engine.Check(ctx, mail.CheckOptions{Bodies: o.Bodies, Count: &n}) {
		if err != nil {
			return Checked(n), fault(err)
		}
		owner := strconv.FormatUint(uint64(p.Owner), 10)
		if who, err := l.Directory.ByID(ctx, p.Owner); err == nil {
			owner = who.Name
		}
		if err := visit(Problem{owner, p.Mailbox, p.UID, p.Text}); err != nil {
			return Checked(n), err
		}
	}
	return Checked(n), nil
}
