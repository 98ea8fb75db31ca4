package directory

import (
	"context"
	"slices"

	"poststube/kv"
)

// memberships makes the members of the source's groups those that it says.
func (s *syncing) memberships(ctx context.Context, groups []SourceGroup) error {
	ours := make(map[ID]bool, len(s.known)) // everybody from the source
	for _, k := range s.known {
		ours[k.ID] = true
	}
	wanted := make(map[ID][]ID, len(groups))
	for _, g := range groups {
		k := s.known[g.Key]
		if k == nil || !k.listed || k.Kind != Group {
			continue // a problem has told why
		}
		members := make([]ID, 0, len(g.Members))
		for _, key := range g.Members {
			if m := s.known[key]; m != nil && m.listed && m.ID != k.ID {
				members = append(members, m.ID)
			}
		}
		slices.Sort(members)
		wanted[k.ID] = slices.Compact(members)
	}
	// First all that ends, so that a membership that turns round is no cycle.
	var join []func() error
	for _, k := range s.known {
		if k.Kind != Group {
			continue
		}
		have, err := s.d.memberIDs(ctx, k.ID)
		if err != nil {
			return err
		}
		var left, joined []ID
		for _, id := range have {
			if _, found := slices.BinarySearch(wanted[k.ID], id); ours[id] && !found {
				left = append(left, id)
			}
		}
		for _, id := range wanted[k.ID] {
			if _, found := slices.BinarySearch(have, id); !found {
				joined = append(joined, id)
			}
		}
		if len(left) > 0 {
			err := s.do(ctx, func(t *txn) error {
				s.done.Left += len(left)
				return t.removeMembers(k.ID, left)
			})
			if err != nil {
				return err
			}
		}
		// One by one: a cycle is the problem of one membership only.
		for _, id := range joined {
			join = append(join, func() error {
				return s.do(ctx, func(t *txn) error {
					err := t.addMembers(k.ID, []ID{id})
					if err == nil {
						s.done.Joined++
					}
					return err
				})
			})
		}
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	for _, j := range join {
		if err := j(); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

// memberIDs returns the ids of the direct members of a group, ascending.
func (d *Directory) memberIDs(ctx context.Context, group ID) ([]ID, error) {
	var ids []ID
	err := d.db.View(ctx, func(r kv.Reader) error {
		ids = ids[:0]
		prefix := idKey(tableMember, group)
		for pair := range r.Scan(prefix, after(prefix)) {
			ids = append(ids, lastID(pair.Key))
		}
		return r.Err()
	})
	return ids, err
}
