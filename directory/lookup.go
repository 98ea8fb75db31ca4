package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"poststube/kv"
)

// ByID returns the principal with an id, or an error that wraps ErrNotFound.
func (d *Directory) ByID(ctx context.Context, id ID) (Principal, error) {
	if err := d.refresh(ctx); err != nil {
		return Principal{}, err
	}
	if p, ok := d.byID.get(id); ok {
		return p, nil
	}
	mark := d.byID.mark()
	var p Principal
	err := d.db.View(ctx, func(r kv.Reader) (err error) {
		p, err = loadPrincipal(r, id)
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	d.byID.put(id, p, mark)
	return p, nil
}

// ByName returns the person or group with a name, in any spelling that
// CleanName maps to it; "anna@example.org" also finds "anna" when example.org
// is served here. The error wraps ErrNotFound or ErrInvalid.
func (d *Directory) ByName(ctx context.Context, name string) (Principal, error) {
	clean, err := CleanName(name)
	if err != nil {
		return Principal{}, err
	}
	if err := d.refresh(ctx); err != nil {
		return Principal{}, err
	}
	if p, ok := d.byName.get(clean); ok {
		return p, nil
	}
	if _, ok := d.noName.get(clean); ok { // so that the second time costs as little as for somebody
		return Principal{}, fmt.Errorf("%q: %w", name, ErrNotFound)
	}
	mark, noMark := d.byName.mark(), d.noName.mark()
	var p Principal
	err = d.db.View(ctx, func(r kv.Reader) (err error) {
		p, err = loadName(r, clean)
		if short := d.shortName(clean); short != clean && errors.Is(err, ErrNotFound) {
			p, err = loadName(r, short)
		}
		return err
	})
	if errors.Is(err, ErrNotFound) {
		d.noName.put(clean, struct{}{}, noMark)
	}
	if err != nil {
		return Principal{}, fmt.Errorf("%q: %w", name, err)
	}
	d.byName.put(clean, p, mark)
	return p, nil
}

// List yields all people and groups in the order of their names. It reads in
// pages, so the caller may take its time; changes made meanwhile show or not.
func (d *Directory) List(ctx context.Context) iter.Seq2[Principal, error] {
	const page = 256
	return func(yield func(Principal, error) bool) {
		lo, hi := textKey(tableName, ""), after(textKey(tableName, ""))
		for {
			batch := make([]Principal, 0, page)
			err := d.db.View(ctx, func(r kv.Reader) error {
				for pair := range r.Scan(lo, hi) {
					p, err := decodeName(string(pair.Key[2:]), pair.Value)
					if err != nil {
						return err
					}
					if batch = append(batch, p); len(batch) == page {
						break
					}
				}
				return r.Err()
			})
			if err != nil {
				yield(Principal{}, err)
				return
			}
			for _, p := range batch {
				if !yield(p, nil) {
					return
				}
			}
			if len(batch) < page {
				return
			}
			lo = append(textKey(tableName, batch[page-1].Name), 0)
		}
	}
}

func loadPrincipal(r kv.Reader, id ID) (Principal, error) {
	b, err := r.Get(idKey(tablePrincipal, id))
	if errors.Is(err, kv.ErrNotFound) {
		return Principal{}, fmt.Errorf("id %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Principal{}, err
	}
	return decodePrincipal(id, b)
}

// loadName takes a clean name.
func loadName(r kv.Reader, name string) (Principal, error) {
	b, err := r.Get(textKey(tableName, name))
	if errors.Is(err, kv.ErrNotFound) {
		return Principal{}, ErrNotFound
	}
	if err != nil {
		return Principal{}, err
	}
	return decodeName(name, b)
}

// loadKind is loadPrincipal for callers that need a person or a group.
func loadKind(r kv.Reader, id ID, kind Kind) (Principal, error) {
	p, err := loadPrincipal(r, id)
	if err == nil && p.Kind != kind {
		err = fmt.Errorf("%q is a %s, not a %s: %w", p.Name, p.Kind, kind, ErrKind)
	}
	return p, err
}
