package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"poststube/directory"
	"poststube/mail"
)

// Local is a Service on the store of this process.
type Local struct {
	Directory *directory.Directory
	Engine    *mail.Engine
	// Reason is kept with each change in the change log.
	Reason string
	// Online is what the running server tells; nil where none runs.
	Online *Online
	// CheckStore verifies the files below the engine; nil where there are none.
	CheckStore func(ctx context.Context) error
	// Save makes a backup; nil where that cannot be done.
	Save func(ctx context.Context, to BackupTo, progress func(Backup)) (Backup, error)
}

var _ Service = (*Local)(nil)

// fault gives an error of the directory a kind; errors of the engine have one.
func fault(err error) error {
	var known *mail.Error
	kind := mail.Internal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, directory.ErrNotFound):
		kind = mail.NotFound
	case errors.Is(err, directory.ErrExists):
		kind = mail.Exists
	case errors.Is(err, directory.ErrInvalid), errors.Is(err, directory.ErrKind), errors.Is(err, directory.ErrCycle), errors.Is(err, directory.ErrNotServed):
		kind = mail.Invalid
	case errors.Is(err, context.Canceled):
		kind = mail.Unavailable
	}
	return &mail.Error{Kind: kind, Text: err.Error()}
}

// find returns the person or group of that name.
func (l *Local) find(ctx context.Context, name string) (directory.Principal, error) {
	p, err := l.Directory.ByName(ctx, name)
	return p, fault(err)
}

// findKind is find for a person or for a group only.
func (l *Local) findKind(ctx context.Context, kind directory.Kind, name string) (directory.Principal, error) {
	p, err := l.find(ctx, name)
	if err == nil && p.Kind != kind {
		err = &mail.Error{Kind: mail.NotFound, Text: name + " is a " + p.Kind.String() + ", not a " + kind.String()}
	}
	return p, err
}

// AddUsers implements Service.
func (l *Local) AddUsers(ctx context.Context, users []NewUser, progress func(done int)) ([]User, error) {
	people := make([]directory.NewPerson, len(users))
	for i, u := range users {
		people[i] = directory.NewPerson{Name: u.Name, Password: u.Password}
	}
	added, err := l.Directory.AddPeople(ctx, people, progress)
	list := make([]User, len(added))
	for i, p := range added {
		list[i] = User{Name: p.Name}
	}
	return list, fault(err)
}

// Users implements Service.
func (l *Local) Users(ctx context.Context) ([]User, error) {
	users := []User{}
	for p, err := range l.Directory.List(ctx) {
		if err != nil {
			return nil, fault(err)
		}
		if p.Kind != directory.Person {
			continue
		}
		u := User{Name: p.Name}
		groups, err := l.Directory.GroupsOf(ctx, p.ID)
		if err != nil {
			return nil, fault(err)
		}
		for _, id := range groups {
			g, err := l.Directory.ByID(ctx, id)
			if err != nil {
				return nil, fault(err)
			}
			u.Groups = append(u.Groups, g.Name)
		}
		slices.Sort(u.Groups)
		users = append(users, u)
	}
	slices.SortFunc(users, func(a, b User) int { return cmp.Compare(a.Name, b.Name) })
	return users, nil
}

// SetPassword implements Service.
func (l *Local) SetPassword(ctx context.Context, user NewUser) error {
	p, err := l.findKind(ctx, directory.Person, user.Name)
	if err != nil {
		return err
	}
	return fault(l.Directory.SetPassword(ctx, p.ID, user.Password))
}

// RemoveUser implements Service.
func (l *Local) RemoveUser(ctx context.Context, name string) error {
	p, err := l.findKind(ctx, directory.Person, name)
	if err != nil {
		return err
	}
	return l.remove(ctx, p)
}

// remove takes somebody out of the directory, so that no mail comes and nobody
// logs in, and then removes mail and rights. What an interruption leaves, the
// next purge removes.
func (l *Local) remove(ctx context.Context, p directory.Principal) error {
	if err := l.Directory.Remove(ctx, p.ID); err != nil {
		return fault(err)
	}
	return l.Engine.Remove(ctx, p)
}

// AddGroup implements Service.
func (l *Local) AddGroup(ctx context.Context, name string) error {
	_, err := l.Directory.AddGroup(ctx, name)
	return fault(err)
}

// Groups implements Service.
func (l *Local) Groups(ctx context.Context) ([]Group, error) {
	groups := []Group{}
	for p, err := range l.Directory.List(ctx) {
		if err != nil {
			return nil, fault(err)
		}
		if p.Kind != directory.Group {
			continue
		}
		members, err := l.Directory.Members(ctx, p.ID)
		if err != nil {
			return nil, fault(err)
		}
		g := Group{Name: p.Name, Members: make([]string, len(members))}
		for i, m := range members {
			g.Members[i] = m.Name
			if m.Kind == directory.Group {
				g.Members[i] = "group:" + m.Name
			}
		}
		slices.Sort(g.Members)
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups, nil
}

// RemoveGroup implements Service.
func (l *Local) RemoveGroup(ctx context.Context, name string) error {
	p, err := l.findKind(ctx, directory.Group, name)
	if err != nil {
		return err
	}
	return l.remove(ctx, p)
}

// AddMembers implements Service.
func (l *Local) AddMembers(ctx context.Context, change Membership) error {
	return l.changeMembers(ctx, change, l.Directory.AddMembers)
}

// RemoveMembers implements Service.
func (l *Local) RemoveMembers(ctx context.Context, change Membership) error {
	return l.changeMembers(ctx, change, l.Directory.RemoveMembers)
}

func (l *Local) changeMembers(ctx context.Context, change Membership, do func(context.Context, directory.ID, ...directory.ID) error) error {
	g, err := l.findKind(ctx, directory.Group, change.Group)
	if err != nil {
		return err
	}
	ids := make([]directory.ID, len(change.Names))
	for i, name := range change.Names {
		p, err := l.find(ctx, name)
		if err != nil {
			return err
		}
		ids[i] = p.ID
	}
	return fault(do(ctx, g.ID, ids...))
}
