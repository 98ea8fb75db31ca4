package directory

import (
	"context"
	"errors"
	"fmt"

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

// SetPassword replaces the password of a person; an empty one locks the person
// out. Logins with the old password fail from the moment it returns; open
// sessions are woken by Topic and decide for themselves.
func (d *Directory) SetPassword(ctx context.Context, id ID, password string) error {
	c, err := d.derive(ctx, password)
	if err != nil {
		return err
	}
	return d.update(ctx, func(t *txn) error {
		p, err := loadKind(t, id, Person)
		if err == nil {
			err = keepsPassword(t, p)
		}
		if err != nil {
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

// CanLogIn tells whether a person has a password. The error wraps ErrNotFound or
// ErrKind.
func (d *Directory) CanLogIn(ctx context.Context, id ID) (can bool, err error) {
	err = d.db.View(ctx, func(r kv.Reader) error {
		if _, err := loadKind(r, id, Person); err != nil {
			return err
		}
		c, err := loadCredentials(r, id)
		can = c.usable()
		return err
	})
	return can, err
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
	err = d.update(ctx, func(t *txn) (err error) {
		p, err = d.rename(t, id, name)
		return err
	})
	return p, err
}

// rename is Rename to a clean name.
func (d *Directory) rename(t *txn, id ID, name string) (Principal, error) {
	p, err := loadPrincipal(t, id)
	if err != nil || p.Name == name {
		return p, err
	}
	old := p.Name
	p.Name = name
	if err := d.checkFree(t, p); err != nil {
		return p, err
	}
	if err := t.Delete(textKey(tableName, old)); err != nil {
		return p, err
	}
	return p, d.setName(t, p)
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
		if err := errors.Join(t.forgetExternal(id), t.unbind(id)); err != nil {
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
	if next >= uint64(NoID) {
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
