package admin

import (
	"context"

	"poststube/acl"
)

// AddTeam implements Service. What was begun is taken back if a step fails.
func (l *Local) AddTeam(ctx context.Context, t Team) (Team, error) {
	preset, err := acl.PresetByName(t.Preset)
	if err != nil {
		return t, invalid(err)
	}
	group, err := l.Directory.AddGroup(ctx, t.Name)
	if err != nil {
		return t, fault(err)
	}
	t.Name, t.Preset = group.Name, preset.Name
	if err := l.equipTeam(ctx, t, preset.Rights); err != nil {
		if undo := l.Directory.RemoveGroup(ctx, group.ID); undo != nil {
			return t, fault(undo)
		}
		return t, err
	}
	return t, nil
}

func (l *Local) equipTeam(ctx context.Context, t Team, rights acl.Rights) error {
	for _, address := range t.Addresses {
		if err := l.AddAddress(ctx, AddressChange{t.Name, address}); err != nil {
			return err
		}
	}
	if len(t.Members) > 0 {
		if err := l.AddMembers(ctx, Membership{Group: t.Name, Names: t.Members}); err != nil {
			return err
		}
	}
	// At the root, so that it holds for every mailbox of the team, also for
	// those made later.
	u, err := l.owner(ctx, t.Name)
	if err != nil {
		return err
	}
	return u.SetACL(ctx, "", acl.Identifier{Kind: acl.Group, Name: t.Name}, acl.Modification{Rights: rights})
}

// Addresses implements Service.
func (l *Local) Addresses(ctx context.Context, name string) ([]string, error) {
	p, err := l.find(ctx, name)
	if err != nil {
		return nil, err
	}
	list, err := l.Directory.Addresses(ctx, p.ID)
	if list == nil {
		list = []string{} // in JSON, too
	}
	return list, fault(err)
}

// AddAddress implements Service.
func (l *Local) AddAddress(ctx context.Context, change AddressChange) error {
	p, err := l.find(ctx, change.Name)
	if err != nil {
		return err
	}
	return fault(l.Directory.AddAddress(ctx, p.ID, change.Address))
}

// RemoveAddress implements Service.
func (l *Local) RemoveAddress(ctx context.Context, change AddressChange) error {
	p, err := l.find(ctx, change.Name)
	if err != nil {
		return err
	}
	return fault(l.Directory.RemoveAddress(ctx, p.ID, change.Address))
}
