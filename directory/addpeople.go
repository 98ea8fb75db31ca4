package directory

import (
	"context"
	"fmt"
	"sync"

	"poststube/kv"
)

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
