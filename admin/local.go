package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	// Retention returns how long deleted messages and the change log are kept;
	// nil where no configuration says so.
	Retention func() (deleted, log time.Duration)
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
	if err != nil {
		return p, l.suggestName(ctx, fault(err), name)
	}
	return p, nil
}

// findKind is find for a person or for a group only.
func (l *Local) findKind(ctx context.Context, kind directory.Kind, name string) (directory.Principal, error) {
	p, err := l.find(ctx, name)
	if err == nil && p.Kind != kind {
		err = &mail.Error{Kind: mail.NotFound, Text: fmt.Sprintf("%s is a %s, not a %s", name, p.Kind, kind)}
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
		u, err := l.user(ctx, p)
		if err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	slices.SortFunc(users, func(a, b User) int { return cmp.Compare(a.Name, b.Name) })
	return users, nil
}

// user describes a person.
func (l *Local) user(ctx context.Context, p directory.Principal) (User, error) {
	u := User{Name: p.Name}
	groups, err := l.Directory.GroupsOf(ctx, p.ID)
	if err != nil {
		return u, fault(err)
	}
	for _, id := range groups {
		g, err := l.Directory.ByID(ctx, id)
		if err != nil {
			return u, fault(err)
		}
		u.Groups = append(u.Groups, g.Name)
	}
	slices.Sort(u.Groups)
	can, err := l.Directory.CanLogIn(ctx, p.ID)
	u.NoLogin = !can
	return u, fault(err)
}

// User implements Service.
func (l *Local) User(ctx context.Context, name string) (User, error) {
	p, err := l.findKind(ctx, directory.Person, name)
	if err != nil {
		return User{}, err
	}
	return l.user(ctx, p)
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
	if err := l.Engine.Retire(ctx, p); err != nil {
		return err
	}
	if err := l.Directory.Remove(ctx, p.ID); err != nil {
		if err := l.Engine.Reinstate(ctx, p); err != nil {
			return err
		}
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
		g, _, err := l.group(ctx, p)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups, nil
}

// group describes a group, and returns its direct members.
func (l *Local) group(ctx context.Context, p directory.Principal) (Group, []directory.Principal, error) {
	members, err := l.Directory.Members(ctx, p.ID)
	if err != nil {
		return Group{}, nil, fault(err)
	}
	g := Group{Name: p.Name, Members: make([]string, len(members))}
	for i, m := range members {
		g.Members[i] = m.Name
		if m.Kind == directory.Group {
			g.Members[i] = "group:" + m.Name
		}
	}
	slices.Sort(g.Members)
	return g, members, nil
}

// Group implements Service.
func (l *Local) Group(ctx context.Context, name string) (Group, error) {
	p, err := l.findKind(ctx, directory.Group, name)
	if err != nil {
		return Group{}, err
	}
	g, members, err := l.group(ctx, p)
	seen := map[directory.ID]bool{p.ID: true}
	for err == nil && len(members) > 0 {
		m := members[0]
		members = members[1:]
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		if m.Kind == directory.Person {
			g.People = append(g.People, m.Name)
			continue
		}
		var within []directory.Principal
		if _, within, err = l.group(ctx, m); err == nil {
			members = append(members, within...)
		}
	}
	slices.Sort(g.People)
	return g, err
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
