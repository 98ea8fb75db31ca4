package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"poststube/kv"
)

// AddPerson adds a person. With an empty password nobody can log in as the
// person until SetPassword. The error wraps ErrInvalid for a bad name or
// password, or ErrExists.
func (d *Directory) AddPerson(ctx context.Context, name, password string) (Principal, error) {
	added, err := d.AddPeople(ctx, []NewPerson{{name, password}}, nil)
	if err != nil {
		return Principal{}, err
	}
	return added[0], nil
}

// A NewPerson is one line of AddPeople.
type NewPerson struct {
	Name, Password string
}

// AddPeople adds many people. All names are checked first, so nothing happens
// when one of them is bad or taken. The passwords are hashed on all processors
// (about 20 ms of one processor each) and stored in groups of a few hundred;
// progress, if not nil, is called after each group with the number of people
// that are stored. If an error comes later, the people added before it are
// returned with it and stay.
func (d *Directory) AddPeople(ctx context.Context, people []NewPerson, progress func(done int)) ([]Principal, error) {
	names, err := d.checkNew(ctx, people)
	if err != nil {
		return nil, err
	}
	const group = 256
	added := make([]Principal, 0, len(people))
	for len(added) < len(people) {
		from := len(added)
		to := min(from+group, len(people))
		creds, err := d.deriveAll(ctx, people[from:to])
		if err != nil {
			return added, err
		}
		var batch []Principal
		err = d.update(ctx, func(t *txn) error {
			batch = batch[:0]
			for i, name := range names[from:to] {
				p, err := d.addPrincipal(t, Person, name)
				if err != nil {
					return err
				}
				creds[i].generation = 1
				if err := t.Set(idKey(tableCredentials, p.ID), creds[i].encode()); err != nil {
					return err
				}
				batch = append(batch, p)
			}
			return nil
		})
		if err != nil {
			return added, err
		}
		added = append(added, batch...)
		if progress != nil {
			progress(len(added))
		}
	}
	return added, nil
}

// checkNew returns the clean names of people who can all be added.
func (d *Directory) checkNew(ctx context.Context, people []NewPerson) ([]string, error) {
	names := make([]string, len(people))
	seen := make(map[string]bool, len(people))
	for i, p := range people {
		name, err := CleanName(p.Name)
		if err == nil && p.Password != "" {
			if _, err = preparePassword(p.Password); err != nil {
				err = fmt.Errorf("%q: %w", p.Name, err)
			}
		}
		if err == nil && seen[name] {
			err = fmt.Errorf("the name %q: %w: it stands twice in the list", name, ErrExists)
		}
		if err != nil {
			return nil, err
		}
		names[i], seen[name] = name, true
	}
	err := d.db.View(ctx, func(r kv.Reader) error {
		for _, name := range names {
			if err := d.checkFree(r, Principal{Kind: Person, Name: name}); err != nil {
				return err
			}
		}
		return nil
	})
	return names, err
}

// deriveAll hashes passwords on all processors.
func (d *Directory) deriveAll(ctx context.Context, people []NewPerson) ([]credentials, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	creds := make([]credentials, len(people))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(d.policy.parallel, len(people)) {
		wg.Go(func() {
			for i := range next {
				c, err := d.derive(ctx, people[i].Password)
				if err != nil {
					cancel(fmt.Errorf("%q: %w", people[i].Name, err))
				}
				creds[i] = c
			}
		})
	}
	for i := range people {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return creds, context.Cause(ctx)
}

// SetPassword replaces the password of a person; an empty one locks the person
// out. Logins with the old password fail from the moment it returns; open
// sessions are woken by Topic and decide for themselves.
func (d *Directory) SetPassword(ctx context.Context, id ID, password string) error {
	c, err := d.derive(ctx, password)
	if err != nil {
		return err
	}
	return d.update(ctx, func(t *txn) error {
		if _, err := loadKind(t, id, Person); err != nil {
			return err
		}
		old, err := loadCredentials(t, id)
		if err != nil {
			return err
		}
		c.generation = old.generation + 1
		t.passwords = append(t.passwords, id)
		return t.Set(idKey(tableCredentials, id), c.encode())
	})
}

// Rename gives a person or group another name. The id, and with it rights,
// mail and memberships, stays. The error wraps ErrNotFound, ErrInvalid or
// ErrExists.
func (d *Directory) Rename(ctx context.Context, id ID, name string) (Principal, error) {
	name, err := CleanName(name)
	if err != nil {
		return Principal{}, err
	}
	var p Principal
	err = d.update(ctx, func(t *txn) error {
		var err error
		if p, err = loadPrincipal(t, id); err != nil {
			return err
		}
		if p.Name == name {
			return nil
		}
		if err := t.Delete(textKey(tableName, p.Name)); err != nil {
			return err
		}
		p.Name = name
		return d.setName(t, p)
	})
	return p, err
}

// Remove removes a person or a group with its addresses, memberships and
// password. Its id is never given again. Mail and rights are not this
// package's business: remove them first. The error wraps ErrNotFound.
func (d *Directory) Remove(ctx context.Context, id ID) error {
	return d.update(ctx, func(t *txn) error {
		p, err := loadPrincipal(t, id)
		if err != nil {
			return err
		}
		if err := leaveAll(t, p); err != nil {
			return err
		}
		if err := removeAddresses(t, id); err != nil {
			return err
		}
		t.named = append(t.named, id)
		return errors.Join(
			t.Delete(textKey(tableName, p.Name)),
			t.Delete(idKey(tablePrincipal, id)),
			t.Delete(idKey(tableCredentials, id)),
		)
	})
}

// addPrincipal gives out the next id.
func (d *Directory) addPrincipal(t *txn, kind Kind, name string) (Principal, error) {
	next, err := counter(t, "id", 1)
	if err != nil {
		return Principal{}, err
	}
	if next > uint64(^ID(0)) {
		return Principal{}, errors.New("directory: all ids have been given out")
	}
	if err := setCounter(t, "id", next+1); err != nil {
		return Principal{}, err
	}
	p := Principal{ID: ID(next), Kind: kind, Name: name}
	return p, d.setName(t, p)
}

// setName writes the records of p under a name that must be free.
func (d *Directory) setName(t *txn, p Principal) error {
	if err := d.checkFree(t, p); err != nil {
		return err
	}
	t.named = append(t.named, p.ID)
	if err := t.Set(idKey(tablePrincipal, p.ID), encodePrincipal(p)); err != nil {
		return err
	}
	return t.Set(textKey(tableName, p.Name), encodeName(p))
}

// checkFree tells whether p can have its name. The name of a person is an
// address too, so it must not lead to somebody else already.
func (d *Directory) checkFree(r kv.Reader, p Principal) error {
	switch other, err := loadName(r, p.Name); {
	case err == nil:
		return fmt.Errorf("the name %q: %w by a %s", p.Name, ErrExists, other.Kind)
	case !errors.Is(err, ErrNotFound):
		return err
	case p.Kind != Person:
		return nil
	}
	taken, err := d.foreignAddress(r, p)
	if err == nil && taken != "" {
		err = fmt.Errorf("the name %q: %w as address %q", p.Name, ErrExists, taken)
	}
	return err
}
