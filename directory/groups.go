package directory

import (
	"context"
	"errors"
	"fmt"

	"poststube/kv"
)

// AddGroup adds a group without members. People and groups share one name
// space. The error wraps ErrInvalid or ErrExists.
func (d *Directory) AddGroup(ctx context.Context, name string) (Principal, error) {
	name, err := CleanName(name)
	if err != nil {
		return Principal{}, err
	}
	var p Principal
	err = d.update(ctx, func(t *txn) (err error) {
		p, err = d.addPrincipal(t, Group, name)
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	return p, nil
}

// RemoveGroup is Remove for a group; it fails with ErrKind for a person.
func (d *Directory) RemoveGroup(ctx context.Context, id ID) error {
	if err := d.needKind(ctx, id, Group); err != nil {
		return err
	}
	return d.Remove(ctx, id)
}

func (d *Directory) needKind(ctx context.Context, id ID, kind Kind) error {
	return d.db.View(ctx, func(r kv.Reader) error {
		_, err := loadKind(r, id, kind)
		return err
	})
}

// AddMembers makes people and groups members of a group, all or none. Who is a
// member already stays one. The error wraps ErrNotFound, ErrKind, or ErrCycle
// when a group would contain itself over any number of steps.
func (d *Directory) AddMembers(ctx context.Context, group ID, members ...ID) error {
	return d.update(ctx, func(t *txn) error { return t.addMembers(group, members) })
}

func (t *txn) addMembers(group ID, members []ID) error {
	g, err := loadKind(t, group, Group)
	if err != nil {
		return err
	}
	above := map[ID]bool{} // computed when the first group comes
	for _, id := range members {
		m, err := loadPrincipal(t, id)
		if err != nil {
			return err
		}
		if m.Kind == Group {
			if len(above) == 0 {
				if err := climb(t, group, above); err != nil {
					return err
				}
			}
			if above[id] {
				return fmt.Errorf("%q cannot become a member of %q: %w", m.Name, g.Name, ErrCycle)
			}
		}
		if err := t.join(g, m); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMembers takes people and groups out of a group. Who is no direct
// member is ignored. The error wraps ErrNotFound or ErrKind if group is none.
func (d *Directory) RemoveMembers(ctx context.Context, group ID, members ...ID) error {
	return d.update(ctx, func(t *txn) error { return t.removeMembers(group, members) })
}

func (t *txn) removeMembers(group ID, members []ID) error {
	if _, err := loadKind(t, group, Group); err != nil {
		return err
	}
	for _, id := range members {
		kind, err := t.Get(idKey(tableMember, group, id))
		if errors.Is(err, kv.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := t.leave(group, id, Kind(kind[0])); err != nil {
			return err
		}
	}
	return nil
}

// Members returns the direct members of a group in the order of their ids. The
// error wraps ErrNotFound or ErrKind.
func (d *Directory) Members(ctx context.Context, group ID) ([]Principal, error) {
	var members []Principal
	err := d.db.View(ctx, func(r kv.Reader) error {
		if _, err := loadKind(r, group, Group); err != nil {
			return err
		}
		var keys [][]byte
		prefix := idKey(tableMember, group)
		for pair := range r.Scan(prefix, after(prefix)) {
			keys = append(keys, idKey(tablePrincipal, lastID(pair.Key)))
		}
		if err := r.Err(); err != nil {
			return err
		}
		members = make([]Principal, 0, len(keys))
		for i, value := range r.GetMany(keys) {
			p, err := decodePrincipal(lastID(keys[i]), value)
			if err != nil {
				return err
			}
			members = append(members, p)
		}
		return nil
	})
	return members, err
}

// join writes the edge from m to g in both directions.
func (t *txn) join(g, m Principal) error {
	key := idKey(tableMember, g.ID, m.ID)
	if _, err := t.Get(key); err == nil || !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	t.touch(m.ID, m.Kind)
	return errors.Join(
		t.Set(key, []byte{byte(m.Kind)}),
		t.Set(idKey(upTable(m.Kind), m.ID, g.ID), nil),
	)
}

// leave removes the edge from m to g in both directions.
func (t *txn) leave(g, m ID, kind Kind) error {
	t.touch(m, kind)
	return errors.Join(
		t.Delete(idKey(tableMember, g, m)),
		t.Delete(idKey(upTable(kind), m, g)),
	)
}

func (t *txn) touch(m ID, kind Kind) {
	t.joined = append(t.joined, m)
	t.nested = t.nested || kind == Group
}

// upTable is the table that holds the direct groups of a person or group.
func upTable(kind Kind) byte {
	if kind == Group {
		return tableParent
	}
	return tableGroupOf
}

// leaveAll takes p out of all its groups, and all members out of p.
func leaveAll(t *txn, p Principal) error {
	type edge struct {
		group, member ID
		kind          Kind
	}
	var edges []edge
	up := idKey(upTable(p.Kind), p.ID)
	for pair := range t.Scan(up, after(up)) {
		edges = append(edges, edge{lastID(pair.Key), p.ID, p.Kind})
	}
	down := idKey(tableMember, p.ID)
	for pair := range t.Scan(down, after(down)) {
		edges = append(edges, edge{p.ID, lastID(pair.Key), Kind(pair.Value[0])})
	}
	if err := t.Err(); err != nil {
		return err
	}
	for _, e := range edges {
		if err := t.leave(e.group, e.member, e.kind); err != nil {
			return err
		}
	}
	return nil
}
