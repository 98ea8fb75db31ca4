package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"poststube/kv"
)

// Sync takes over whom the source knows now. Those that are new are added, with a
// new name renamed; those that it has lost are kept with all that is theirs, but
// are in none of its groups and cannot log in; those that come back are as before.
// Memberships between its people and groups become what the source says; members
// that were added here, and did not come from it, stay.
//
// What cannot be taken over, such as a name that is taken, is a problem of the
// result and hinders nothing else. The error means that nothing, or not all, was
// done: the source could not be asked, or the store failed. A source that
// suddenly knows nobody is an error, too.
func (d *Directory) Sync(ctx context.Context) (*Synced, error) {
	if d.source == nil {
		return nil, fmt.Errorf("%w: no source of people and groups is configured", ErrNotFound)
	}
	d.syncing.Lock()
	defer d.syncing.Unlock()
	roster, err := d.source.Roster(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s who there is: %w", d.source.Name(), err)
	}
	s := syncing{d: d, source: d.source.Name(), done: new(Synced), names: make(map[string]bool)}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	if len(roster.People) == 0 && s.active > 0 {
		return nil, fmt.Errorf("%w: %s suddenly knows no people at all; nothing was changed", ErrInvalid, s.source)
	}
	err = s.principals(ctx, roster)
	if err == nil {
		err = s.memberships(ctx, roster.Groups)
	}
	return s.done, err
}

// A syncing is one Sync.
type syncing struct {
	d      *Directory
	source string
	known  map[string]*knownPrincipal // by key
	active int                        // people among them that are not gone
	names  map[string]bool            // in this roster
	done   *Synced
	ops    []syncOp
}

// A knownPrincipal is one that came from the source before.
type knownPrincipal struct {
	Principal
	external
	listed bool // in this roster
}

// A syncOp is one change. It checks before it writes, so that one that finds a
// problem has written nothing.
type syncOp func(t *txn) error

// problem tells whether an error of an op is one that hinders nothing else.
func problem(err error) bool {
	return errors.Is(err, ErrExists) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrCycle) || errors.Is(err, ErrKind) || errors.Is(err, ErrNotFound)
}

// load reads whom the source is known for.
func (s *syncing) load(ctx context.Context) error {
	s.known = make(map[string]*knownPrincipal)
	return s.d.db.View(ctx, func(r kv.Reader) error {
		var list []*knownPrincipal
		prefix := idKey(tableExternalOf)
		for pair := range r.Scan(prefix, after(prefix)) {
			x, err := decodeExternal(pair.Value)
			if err != nil {
				return err
			}
			if x.source == s.source {
				list = append(list, &knownPrincipal{Principal: Principal{ID: lastID(pair.Key)}, external: *x})
			}
		}
		if err := r.Err(); err != nil {
			return err
		}
		for _, k := range list {
			var err error
			if k.Principal, err = loadPrincipal(r, k.ID); err != nil {
				return err
			}
			s.known[k.key] = k
			if k.Kind == Person && !k.gone {
				s.active++
			}
		}
		return nil
	})
}

// flush commits the ops.
func (s *syncing) flush(ctx context.Context) error {
	ops, before := s.ops, *s.done
	s.ops = nil
	if len(ops) == 0 {
		return nil
	}
	return s.d.update(ctx, func(t *txn) error {
		*s.done = before // of a try before this one
		for _, op := range ops {
			if err := op(t); problem(err) {
				s.done.Problems = append(s.done.Problems, err.Error())
			} else if err != nil {
				return err
			}
		}
		return nil
	})
}

// do keeps an op for the next commit, which holds a few hundred.
func (s *syncing) do(ctx context.Context, op syncOp) error {
	if s.ops = append(s.ops, op); len(s.ops) < 256 {
		return nil
	}
	return s.flush(ctx)
}

// principals brings people and groups up to date.
func (s *syncing) principals(ctx context.Context, r Roster) error {
	// The lost come first, since their names may have been given to others.
	listed := make(map[string]bool, len(r.People)+len(r.Groups))
	for i := range r.People {
		listed[r.People[i].Key] = true
	}
	for i := range r.Groups {
		listed[r.Groups[i].Key] = true
	}
	for _, k := range s.known {
		if !listed[k.key] && !k.gone {
			if err := s.do(ctx, s.lose(k)); err != nil {
				return err
			}
		}
	}
	for _, p := range r.People {
		if err := s.principal(ctx, Person, p.Key, p.Name, p.Addresses); err != nil {
			return err
		}
		s.done.People++
	}
	for _, g := range r.Groups {
		if err := s.principal(ctx, Group, g.Key, g.Name, g.Addresses); err != nil {
			return err
		}
		s.done.Groups++
	}
	return s.flush(ctx)
}

// lose is what happens to somebody whom the source does not know any more.
func (s *syncing) lose(k *knownPrincipal) syncOp {
	return func(t *txn) error {
		x := k.external
		x.gone = true
		s.done.Gone = append(s.done.Gone, k.Name)
		t.named = append(t.named, k.ID)
		return t.setExternal(k.ID, &x)
	}
}

// principal brings one person or group up to date.
func (s *syncing) principal(ctx context.Context, kind Kind, key, name string, addresses []string) error {
	clean, err := CleanName(name)
	if err == nil && key == "" {
		err = fmt.Errorf("%w: %q has no key", ErrInvalid, name)
	}
	if err == nil && s.names[clean] {
		err = fmt.Errorf("the name %q: %w: %s has it twice", clean, ErrExists, s.source)
	}
	if err != nil {
		s.done.Problems = append(s.done.Problems, err.Error())
		return nil
	}
	s.names[clean] = true
	k := s.known[key]
	if k == nil {
		return s.do(ctx, s.add(kind, key, clean, addresses))
	}
	k.listed = true
	if k.Kind != kind {
		s.done.Problems = append(s.done.Problems, fmt.Sprintf("%q was a %s and is a %s in %s now: remove it here first", k.Name, k.Kind, kind, s.source))
		return nil
	}
	if k.gone || k.Name != clean {
		if err := s.do(ctx, s.restore(k, clean)); err != nil {
			return err
		}
	}
	if !slices.Equal(k.addresses, addresses) {
		return s.do(ctx, s.readdress(k, addresses))
	}
	return nil
}

// add adds somebody, or makes somebody of that name who is here already the
// source's, if that is allowed.
func (s *syncing) add(kind Kind, key, name string, addresses []string) syncOp {
	return func(t *txn) error {
		p, err := loadName(t, name)
		switch {
		case errors.Is(err, ErrNotFound):
			if p, err = s.d.addPrincipal(t, kind, name); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			x, err := loadExternal(t, p.ID)
			if err != nil {
				return err
			}
			if x != nil && x.source == s.source {
				return fmt.Errorf("the %s %q of %s: %w by another %s of that name, whom it has lost: rename or remove that one", kind, name, s.source, ErrExists, p.Kind)
			}
			if x != nil || p.Kind != kind || !s.d.adopt {
				return fmt.Errorf("the %s %q of %s: %w by a %s that is not from there", kind, name, s.source, ErrExists, p.Kind)
			}
		}
		k := &knownPrincipal{Principal: p, external: external{source: s.source, key: key}, listed: true}
		if err := t.setExternal(p.ID, &k.external); err != nil {
			return err
		}
		s.known[key] = k
		s.done.Added = append(s.done.Added, name)
		return s.address(t, k, addresses)
	}
}

// restore gives somebody the present name, and what was lost with the source.
func (s *syncing) restore(k *knownPrincipal, name string) syncOp {
	return func(t *txn) error {
		if k.Name != name {
			if _, err := s.d.rename(t, k.ID, name); err != nil {
				return err
			}
			s.done.Renamed = append(s.done.Renamed, k.Name+" -> "+name)
		}
		if !k.gone {
			return nil
		}
		s.done.Back = append(s.done.Back, name)
		x := k.external
		x.gone = false
		return t.setExternal(k.ID, &x)
	}
}

func (s *syncing) readdress(k *knownPrincipal, addresses []string) syncOp {
	return func(t *txn) error { return s.address(t, k, addresses) }
}

// address gives somebody the addresses that the source says, and takes those back
// that it no longer does. One that is taken is a problem of its own.
func (s *syncing) address(t *txn, k *knownPrincipal, addresses []string) error {
	x, err := loadExternal(t, k.ID)
	if err != nil || x == nil {
		return err
	}
	for _, a := range x.addresses {
		if !slices.Contains(addresses, a) {
			if err := t.removeAddress(k.ID, a); err != nil && !problem(err) {
				return err
			}
		}
	}
	for _, a := range addresses {
		if err := s.d.addAddress(t, k.ID, a); problem(err) {
			s.done.Problems = append(s.done.Problems, err.Error())
		} else if err != nil {
			return err
		}
	}
	x.addresses = addresses
	return t.setExternal(k.ID, x)
}
