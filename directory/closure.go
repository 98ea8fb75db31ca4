package directory

import (
	"context"
	"slices"

	"poststube/kv"
)

// A graph holds the direct groups of each group that has any.
type graph map[ID][]ID

// GroupsOf returns the ids of all groups that a person or group belongs to,
// directly or through other groups, in ascending order. An id that does not
// exist belongs to none. The slice is shared: it must not be modified.
//
// The answer is cached; once AddMembers, RemoveMembers or Remove has returned,
// it shows the change.
func (d *Directory) GroupsOf(ctx context.Context, id ID) ([]ID, error) {
	if err := d.refresh(ctx); err != nil {
		return nil, err
	}
	if ids, ok := d.closures.get(id); ok {
		return ids, nil
	}
	mark, graphMark := d.closures.mark(), d.parents.mark()
	var closure []ID
	err := d.db.View(ctx, func(r kv.Reader) error {
		parents, ok := d.parents.get(struct{}{})
		if !ok {
			var err error
			if parents, err = loadGraph(r); err != nil {
				return err
			}
			d.parents.put(struct{}{}, parents, graphMark)
		}
		direct, err := directGroups(r, tableGroupOf, id)
		if err != nil {
			return err
		}
		closure = parents.closure(append(direct, parents[id]...))
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.closures.put(id, closure, mark)
	return closure, nil
}

// closure returns the groups and everything above them, sorted.
func (g graph) closure(groups []ID) []ID {
	seen := make(map[ID]bool, len(groups))
	for len(groups) > 0 {
		id := groups[len(groups)-1]
		groups = groups[:len(groups)-1]
		if !seen[id] {
			seen[id] = true
			groups = append(groups, g[id]...)
		}
	}
	all := make([]ID, 0, len(seen))
	for id := range seen {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func loadGraph(r kv.Reader) (graph, error) {
	g := make(graph)
	prefix := idKey(tableParent)
	for pair := range r.Scan(prefix, after(prefix)) {
		child := lastID(pair.Key[:len(pair.Key)-4])
		g[child] = append(g[child], lastID(pair.Key))
	}
	return g, r.Err()
}

func directGroups(r kv.Reader, table byte, id ID) ([]ID, error) {
	var ids []ID
	prefix := idKey(table, id)
	for pair := range r.Scan(prefix, after(prefix)) {
		ids = append(ids, lastID(pair.Key))
	}
	return ids, r.Err()
}

// climb puts group and all groups above it into seen.
func climb(r kv.Reader, group ID, seen map[ID]bool) error {
	todo := []ID{group}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		up, err := directGroups(r, tableParent, id)
		if err != nil {
			return err
		}
		todo = append(todo, up...)
	}
	return nil
}
