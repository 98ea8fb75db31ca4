package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"poststube/kv"
)

// bound returns the person who has logged in with a subject before.
func (d *Directory) bound(ctx context.Context, subject string) (p Principal, err error) {
	err = d.db.View(ctx, func(r kv.Reader) error {
		b, err := r.Get(textKey(tableSubject, subject))
		if errors.Is(err, kv.ErrNotFound) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		id, err := decodeID(b)
		if err == nil {
			p, err = loadKind(r, id, Person)
		}
		return err
	})
	return p, err
}

// bind finds the person of a name that a token says, or makes one, and gives them
// its subject. From then on the subject counts and the name does not: neither who
// gets a new name there, nor who gets the old one, finds another's mail. The
// error wraps ErrExists if the person has another subject.
func (d *Directory) bind(ctx context.Context, c Claims) (p Principal, err error) {
	name, err := CleanName(c.Name)
	if err != nil {
		return p, err
	}
	found, err := d.ByName(ctx, name)
	if errors.Is(err, ErrNotFound) && d.createFromTokens {
		found, err = Principal{}, nil
	}
	if err != nil {
		return p, err
	}
	err = d.update(ctx, func(t *txn) error {
		if found.ID == 0 {
			if p, err = d.addPrincipal(t, Person, name); err != nil {
				return err
			}
		} else if p, err = loadKind(t, found.ID, Person); err != nil {
			return err
		}
		switch other, err := t.Get(idKey(tableSubjectOf, p.ID)); {
		case err == nil && string(other) != c.Subject:
			return fmt.Errorf("the person %q: %w by another subject", p.Name, ErrExists)
		case err != nil && !errors.Is(err, kv.ErrNotFound):
			return err
		}
		return errors.Join(t.Set(textKey(tableSubject, c.Subject), appendID(nil, p.ID)), t.Set(idKey(tableSubjectOf, p.ID), []byte(c.Subject)))
	})
	return p, err
}

// unbind forgets the subject of somebody who is removed.
func (t *txn) unbind(id ID) error {
	subject, err := t.Get(idKey(tableSubjectOf, id))
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(t.Delete(textKey(tableSubject, string(subject))), t.Delete(idKey(tableSubjectOf, id)))
}

// claimGroups makes the memberships of a person in groups that came from tokens
// those that a token says.
func (d *Directory) claimGroups(ctx context.Context, p Principal, names []string, from Origin) error {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	var missing []string // groups that are not here
	var join, leave []ID
	err := d.db.View(ctx, func(r kv.Reader) error {
		missing, join, leave = nil, nil, nil
		direct, err := directGroups(r, tableGroupOf, p.ID)
		if err != nil {
			return err
		}
		var wanted []ID
		for _, name := range names {
			b, err := r.Get(externalKey(oidcSource, name))
			if errors.Is(err, kv.ErrNotFound) {
				missing = append(missing, name)
				continue
			}
			if err != nil {
				return err
			}
			id, err := decodeID(b)
			if err != nil {
				return err
			}
			if wanted = append(wanted, id); !slices.Contains(direct, id) {
				join = append(join, id)
			}
		}
		for _, id := range direct {
			x, err := loadExternal(r, id)
			if err != nil {
				return err
			}
			if x != nil && x.source == oidcSource && !slices.Contains(wanted, id) {
				leave = append(leave, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !d.createFromTokens && !d.adoptFromTokens {
		missing = nil
	}
	for _, name := range missing {
		id, err := d.tokenGroup(ctx, name)
		if problem(err) {
			d.log.LogAttrs(ctx, slog.LevelWarn, "a group of a token is left out", slog.String("user", p.Name), slog.Any("problem", err))
			continue
		}
		if err != nil {
			return err
		}
		join = append(join, id)
	}
	if len(join)+len(leave) == 0 {
		return nil
	}
	return d.update(ctx, func(t *txn) error {
		for _, g := range leave {
			if err := t.removeMembers(g, []ID{p.ID}); err != nil {
				return err
			}
		}
		for _, g := range join {
			if err := t.addMembers(g, []ID{p.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// tokenGroup makes the group that tokens call name, or takes one of that name that
// was added here, if that is allowed.
func (d *Directory) tokenGroup(ctx context.Context, name string) (id ID, err error) {
	// Keycloak writes the path of a group; spaces can't be in names here.
	clean, err := CleanName(strings.Join(strings.Fields(strings.TrimPrefix(name, "/")), "-"))
	if err != nil {
		return 0, err
	}
	err = d.update(ctx, func(t *txn) error {
		p, err := loadName(t, clean)
		switch {
		case errors.Is(err, ErrNotFound) && !d.createFromTokens:
			return err
		case errors.Is(err, ErrNotFound):
			p, err = d.addPrincipal(t, Group, clean)
		case err == nil:
			var x *external
			if x, err = loadExternal(t, p.ID); err == nil && (x != nil || p.Kind != Group || !d.adoptFromTokens) {
				err = fmt.Errorf("the group %q of a token: %w by a %s that is not from there", clean, ErrExists, p.Kind)
			}
		}
		if err != nil {
			return err
		}
		id = p.ID
		return t.setExternal(id, &external{source: oidcSource, key: name})
	})
	return id, err
}
