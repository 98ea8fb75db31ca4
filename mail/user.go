package mail

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync/atomic"

	"poststube/acl"
	"poststube/directory"
)

// A User is one principal's way to the engine. All that is done through it is
// done with that principal's rights and under that name. It is safe for
// concurrent use.
type User struct {
	engine    *Engine
	principal directory.Principal
	origin    Origin
	client    atomic.Pointer[string]
	admin     bool   // every right in the principal's own account
	reason    string // why the admin acts
	delivery  bool   // puts messages into mailboxes as nobody
	quiet     bool   // Config.OnGrant does not hear of grants
}

// As is the one door to the engine: it returns p's way to mail.
func (e *Engine) As(p directory.Principal, o Origin) *User {
	return &User{engine: e, principal: p, origin: o}
}

// AsAdmin returns a way to one owner's mailboxes with every right, for commands
// of the administrator. The reason is kept in the change log.
func (e *Engine) AsAdmin(owner directory.Principal, reason string) *User {
	return &User{engine: e, principal: owner, origin: Origin{Protocol: "admin"}, admin: true, reason: reason}
}

// Principal tells who the user is.
func (u *User) Principal() directory.Principal { return u.principal }

// SetClient records what the client calls itself, for the audit trail.
func (u *User) SetClient(name string) { u.client.Store(&name) }

// Quiet keeps Config.OnGrant from hearing of what the user grants, for rights
// that people have had already, elsewhere. It must be called before the user is
// shared.
func (u *User) Quiet() { u.quiet = true }

// originText is how the change log says from where the user acted.
func (u *User) originText() string {
	parts := []string{u.origin.Protocol}
	if u.origin.Remote.IsValid() {
		parts = append(parts, u.origin.Remote.String())
	}
	if c := u.client.Load(); c != nil && *c != "" {
		parts = append(parts, *c)
	}
	if u.reason != "" {
		parts = append(parts, u.reason)
	}
	return strings.Join(parts, " ")
}

// identity returns whom rights entries can mean by this user, now.
func (u *User) identity(ctx context.Context) (acl.Subject, error) {
	s := acl.Subject{User: uint32(u.principal.ID), Authenticated: true}
	if u.admin || u.delivery {
		return s, nil
	}
	groups, err := u.engine.dir.GroupsOf(ctx, u.principal.ID)
	if err != nil {
		return s, err
	}
	s.Groups = make([]uint32, len(groups))
	for i, g := range groups {
		s.Groups[i] = uint32(g)
	}
	return s, nil
}

// A location is a name that a user gave, taken apart: whose tree, and the path
// in it.
type location struct {
	owner directory.Principal
	path  string
	space Namespace
}

// nobody stands for owners who do not exist. They have an empty tree, so that
// whatever is asked of it is answered as of somebody's of which nothing is to be
// seen, at the same cost: names of people are not to be guessed this way.
const nobody = directory.NoID

// locate finds whose mailbox a name means. The path is not looked up; name is
// clean. Under the prefixes an owner who does not exist is nobody, to the
// administrator NotFound.
func (u *User) locate(ctx context.Context, name string) (location, error) {
	for _, x := range [...]struct {
		space  Namespace
		prefix string
		kind   directory.Kind
	}{
		{OtherUsers, u.engine.config.OtherUsersPrefix, directory.Person},
		{Shared, u.engine.config.SharedPrefix, directory.Group},
	} {
		rest, ok := strings.CutPrefix(name, x.prefix)
		if !ok {
			continue
		}
		owner, path, _ := strings.Cut(rest, separator)
		p, err := u.engine.dir.ByName(ctx, owner)
		switch {
		case err != nil && !errors.Is(err, directory.ErrNotFound) && !errors.Is(err, directory.ErrInvalid):
			return location{}, err
		case err == nil && p.Kind == x.kind:
		case u.admin:
			return location{}, errNoMailbox()
		default:
			p = directory.Principal{ID: nobody, Kind: x.kind, Name: owner}
		}
		return location{owner: p, path: path, space: x.space}, nil
	}
	return location{owner: u.principal, path: name, space: Personal}, nil
}

// nameOf is locate's inverse: how the user calls a path in an owner's tree.
func (u *User) nameOf(owner directory.Principal, path string) string {
	var prefix string
	switch {
	case owner.ID == u.principal.ID:
		return path
	case owner.Kind == directory.Group:
		prefix = u.engine.config.SharedPrefix
	default:
		prefix = u.engine.config.OtherUsersPrefix
	}
	if path == "" {
		return prefix + owner.Name
	}
	return prefix + owner.Name + separator + path
}

// NameOf is how the user calls the mailbox with a path in an owner's tree; the
// empty path is the root. It does not tell whether there is one.
func (u *User) NameOf(owner directory.Principal, path string) string { return u.nameOf(owner, path) }

// reservedName tells whether a personal mailbox may not have the name, since
// it would hide a namespace.
func (u *User) reservedName(path string) bool {
	first, _, _ := strings.Cut(path, separator)
	return strings.EqualFold(first+separator, u.engine.config.OtherUsersPrefix) || strings.EqualFold(first+separator, u.engine.config.SharedPrefix)
}

// resolve cleans a name and finds whose it is.
func (u *User) resolve(ctx context.Context, op, name string) (location, error) {
	clean, err := cleanPath(name)
	if err != nil {
		return location{}, err
	}
	loc, err := u.locate(ctx, clean)
	if err != nil {
		return location{}, u.engine.failure(ctx, op, err)
	}
	if loc.space == Personal {
		if loc, err = u.follow(ctx, loc); err != nil {
			return location{}, err
		}
	}
	if loc.owner.ID != u.principal.ID && !u.admin {
		return loc, nil // where nothing was made, nothing was granted
	}
	return loc, u.engine.Provision(ctx, loc.owner)
}

// find returns the mailbox at a location if the user may know of it.
func (t *txn) find(loc location) (*account, *node, error) {
	a, err := t.account(loc.owner.ID)
	if err != nil {
		return nil, nil, err
	}
	n := a.tree.find(loc.path)
	if n == nil || n.num == rootNum {
		return a, nil, errNoMailbox()
	}
	return a, n, nil
}

func mailboxTopic(id MailboxID) string {
	b := make([]byte, 0, 9)
	b = append(b, 'm')
	b = binary.BigEndian.AppendUint32(b, uint32(id.Owner))
	return string(binary.BigEndian.AppendUint32(b, id.Num))
}

func treeTopic(owner directory.ID) string {
	return string(binary.BigEndian.AppendUint32([]byte{'t'}, uint32(owner)))
}

// accessTopic is published when entries that mention a principal change, and
// when something of the principal's own does that is neither mail nor a mailbox.
// For people and groups it is the topic that also tells of their membership, so
// that a session waits for one topic a group.
func accessTopic(who acl.Who) string {
	if who.Named() {
		return directory.Topic(directory.ID(who.ID))
	}
	return everyoneTopic
}

// everyoneTopic is published when entries for anyone and the like change.
const everyoneTopic = "everyone"

func userTopic(id directory.ID) string { return accessTopic(acl.Who{Kind: acl.User, ID: uint32(id)}) }
