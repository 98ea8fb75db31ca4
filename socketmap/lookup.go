package socketmap

import (
	"context"
	"errors"
	"slices"
	"strings"

	"poststube/directory"
)

// recipient returns the name of whoever receives for an address.
func (s *Server) recipient(ctx context.Context, addr string) (string, error) {
	r, err := s.config.Directory.Resolve(ctx, addr)
	return r.Name, err
}

var errTooMany = errors.New("the group has too many members for the reply of a socketmap")

// senders returns the login names of those who may send as an address.
func (s *Server) senders(ctx context.Context, addr string) (string, error) {
	r, err := s.config.Directory.Resolve(ctx, addr)
	if err != nil {
		return "", err
	}
	if r.Kind == directory.Person {
		return r.Name, nil
	}
	names, err := s.people(ctx, r.Principal)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", directory.ErrNotFound // nobody
	}
	return strings.Join(names, ","), nil
}

// people returns the names of all people in a group and in the groups that are
// members of it, sorted.
func (s *Server) people(ctx context.Context, group directory.Principal) ([]string, error) {
	size := len("OK ")
	seen := map[directory.ID]bool{group.ID: true}
	var names []string
	for queue := []directory.ID{group.ID}; len(queue) > 0; queue = queue[1:] {
		members, err := s.config.Directory.Members(ctx, queue[0])
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			switch {
			case seen[m.ID]:
				continue
			case m.Kind == directory.Group:
				queue = append(queue, m.ID)
			default:
				names = append(names, m.Name)
				if size += len(m.Name) + 1; size > s.config.MaxReply {
					return nil, errTooMany
				}
			}
			seen[m.ID] = true
		}
	}
	slices.Sort(names)
	return names, nil
}
