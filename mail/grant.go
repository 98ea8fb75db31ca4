package mail

import (
	"context"

	"poststube/acl"
	"poststube/directory"
)

// A Grant says that people can now see a mailbox that they could not.
type Grant struct {
	By     directory.Principal // who granted it; the owner, if an administrator did
	Owner  directory.Principal
	To     []Grantee
	Rights acl.Rights
}

// A Grantee is one person to whom a grant means something.
type Grantee struct {
	Person directory.Principal
	Name   string                // by which the person sees the mailbox
	Groups []directory.Principal // the group it was granted to, if it was one
}

// maxAnnounced bounds how many members of a group are told of a grant; larger
// groups see the mailbox appear and know from elsewhere.
const maxAnnounced = 200

// announce hands a grant to Config.OnGrant, if there is somebody to be told.
func (u *User) announce(ctx context.Context, who acl.Who, loc location, path string, rights acl.Rights) {
	e := u.engine
	if e.config.OnGrant == nil || who.Negative || !who.Named() {
		return
	}
	p, err := e.dir.ByID(ctx, directory.ID(who.ID))
	if err != nil {
		return
	}
	people, group := []directory.Principal{p}, []directory.Principal(nil)
	if p.Kind == directory.Group {
		group = []directory.Principal{p}
		if people = e.people(ctx, p, maxAnnounced); people == nil {
			return
		}
	}
	g := Grant{By: u.principal, Owner: loc.owner, Rights: rights}
	for _, person := range people {
		if person.ID != u.principal.ID && person.ID != loc.owner.ID {
			theirs := User{engine: e, principal: person}
			g.To = append(g.To, Grantee{Person: person, Name: theirs.nameOf(loc.owner, path), Groups: group})
		}
	}
	if len(g.To) > 0 {
		e.config.OnGrant(g)
	}
}

// people returns the persons in a group, also through others, or nil if they are
// more than limit.
func (e *Engine) people(ctx context.Context, group directory.Principal, limit int) (list []directory.Principal) {
	seen := map[directory.ID]bool{group.ID: true}
	for queue := []directory.Principal{group}; len(queue) > 0; queue = queue[1:] {
		members, err := e.dir.Members(ctx, queue[0].ID)
		if err != nil {
			return nil
		}
		for _, m := range members {
			if seen[m.ID] {
				continue
			}
			seen[m.ID] = true
			if m.Kind == directory.Group {
				queue = append(queue, m)
				continue
			}
			if list = append(list, m); len(list) > limit {
				return nil
			}
		}
	}
	return list
}
