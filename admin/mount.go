package admin

import (
	"context"

	"poststube/directory"
	"poststube/mail"
)

// person returns somebody's way to mail, with no more rights than theirs.
func (l *Local) person(ctx context.Context, name string) (*mail.User, error) {
	p, err := l.findKind(ctx, directory.Person, name)
	if err != nil {
		return nil, err
	}
	return l.Engine.As(p, mail.Origin{Protocol: "cli"}), nil
}

// Mounts implements Service.
func (l *Local) Mounts(ctx context.Context, person string) ([]Mount, error) {
	u, err := l.person(ctx, person)
	if err != nil {
		return nil, err
	}
	mounts, err := u.Mounts(ctx)
	list := make([]Mount, len(mounts))
	for i, m := range mounts {
		list[i] = Mount(m)
	}
	return list, err
}

// SetMount implements Service.
func (l *Local) SetMount(ctx context.Context, change MountChange) error {
	u, err := l.person(ctx, change.Person)
	if err != nil {
		return err
	}
	if change.Mailbox.Owner == "" {
		return u.Unmount(ctx, change.Name)
	}
	owner, err := l.find(ctx, change.Mailbox.Owner)
	if err != nil {
		return err
	}
	return u.Mount(ctx, u.NameOf(owner, change.Mailbox.Path), change.Name)
}

// Mounts implements Service.
func (c *Client) Mounts(ctx context.Context, person string) ([]Mount, error) {
	return exchange[[]Mount, any](ctx, c, callMounts, person, nil)
}

// SetMount implements Service.
func (c *Client) SetMount(ctx context.Context, change MountChange) error {
	return c.tell(ctx, callSetMount, change)
}
