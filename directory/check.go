package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"poststube/kv"
)

// Check reads everything that the directory keeps and tells what does not fit
// together: names without people, people without names, memberships and
// addresses that are known in one direction only or belong to nobody. It changes
// nothing.
func (d *Directory) Check(ctx context.Context) (problems []string, err error) {
	err = d.db.View(ctx, func(r kv.Reader) error {
		a, err := audit(r)
		problems = a.problems()
		return err
	})
	return problems, err
}

// Repair mends what Check finds, from whatever of two records is left, and
// returns what it did. Passwords cannot be mended: whose is lost needs a new one.
// Nothing else may use the store meanwhile, and it must be opened anew.
func (d *Directory) Repair(ctx context.Context) (done []string, err error) {
	err = d.db.Update(kv.WithReserve(ctx), []string{lock}, func(t kv.Tx) error {
		a, err := audit(t)
		if err != nil {
			return err
		}
		done = done[:0]
		for _, f := range a.faults {
			if f.set {
				err = t.Set(f.key, f.value)
			} else {
				err = t.Delete(f.key)
			}
			if err != nil {
				return err
			}
			done = append(done, f.text)
		}
		return nil
	})
	for _, forget := range []func(){d.byID.clear, d.byName.clear, d.byAddress.clear, d.closures.clear, d.parents.clear} {
		forget()
	}
	return done, err
}

// Recover makes a person for an id that has mail and no record any more. The name
// tells what happened; nobody can log in until a password is set.
func (d *Directory) Recover(ctx context.Context, id ID) (p Principal, err error) {
	p = Principal{ID: id, Kind: Person}
	err = d.update(ctx, func(t *txn) error {
		for n := 1; ; n++ {
			p.Name = fmt.Sprintf("recovered-%d", id)
			if n > 1 {
				p.Name += fmt.Sprintf("-%d", n)
			}
			if err := d.checkFree(t, p); !errors.Is(err, ErrExists) {
				return errors.Join(err, d.setName(t, p))
			}
		}
	})
	return p, err
}

// A fault is something that does not fit, and what mends it: to set a key or to
// delete it.
type fault struct {
	text  string
	set   bool
	key   []byte
	value []byte
}

// An auditor compares all records with each other.
type auditor struct {
	r      kv.Reader
	people map[ID]Principal
	last   ID // the highest id that anything has
	faults []fault
}

func (a *auditor) problems() (list []string) {
	for _, f := range a.faults {
		list = append(list, f.text)
	}
	return list
}

func (a *auditor) missing(key, value []byte, format string, args ...any) {
	a.faults = append(a.faults, fault{fmt.Sprintf(format, args...), true, bytes.Clone(key), value})
}

func (a *auditor) stray(key []byte, format string, args ...any) {
	a.faults = append(a.faults, fault{fmt.Sprintf(format, args...), false, bytes.Clone(key), nil})
}

func audit(r kv.Reader) (*auditor, error) {
	a := &auditor{r: r, people: map[ID]Principal{}}
	for _, step := range []func() error{a.principals, a.names, a.credentials, a.addresses, a.memberships, a.sources, a.state, a.strangers} {
		if err := step(); err != nil {
			return a, err
		}
	}
	return a, nil
}

// each visits a table; tail is the key behind the table's name.
func (a *auditor) each(table byte, visit func(key, tail, value []byte) error) error {
	prefix := []byte{'d', table}
	for p := range a.r.Scan(prefix, after(prefix)) {
		if err := visit(p.Key, p.Key[2:], p.Value); err != nil {
			return err
		}
	}
	return a.r.Err()
}

func (a *auditor) has(key []byte) bool {
	_, err := a.r.Get(key)
	return err == nil
}

func (a *auditor) principals() error {
	return a.each(tablePrincipal, func(key, tail, value []byte) error {
		if len(tail) != 4 {
			a.stray(key, "a record of a person or group has a damaged key")
			return nil
		}
		p, err := decodePrincipal(lastID(tail), value)
		if err != nil || p.Kind != Person && p.Kind != Group {
			a.stray(key, "the record of person or group %d cannot be read", lastID(tail))
			return nil
		}
		a.people[p.ID], a.last = p, max(a.last, p.ID)
		return nil
	})
}

func (a *auditor) names() error {
	named := map[ID]bool{}
	err := a.each(tableName, func(key, tail, value []byte) error {
		p, err := decodeName(string(tail), value)
		known, there := a.people[p.ID]
		switch {
		case err != nil:
			a.stray(key, "the name %q cannot be read", tail)
		case !there:
			a.missing(idKey(tablePrincipal, p.ID), encodePrincipal(p), "the name %q stands for %d, who has no record", tail, p.ID)
			a.people[p.ID], a.last, named[p.ID] = p, max(a.last, p.ID), true
		case known != p:
			a.stray(key, "the name %q stands for %d, whose name is %q", tail, p.ID, known.Name)
		default:
			named[p.ID] = true
		}
		return nil
	})
	for id, p := range a.people {
		if !named[id] {
			a.missing(textKey(tableName, p.Name), encodeName(p), "%s %q, %d, is not found by the name", p.Kind, p.Name, id)
		}
	}
	return err
}

func (a *auditor) credentials() error {
	return a.each(tableCredentials, func(key, tail, value []byte) error {
		if _, err := decodeCredentials(value); err != nil {
			a.stray(key, "a password of %d cannot be read: set a new one", lastID(tail))
		} else if p := a.people[lastID(tail)]; p.Kind != Person {
			a.stray(key, "there is a password for %d, who is no person", lastID(tail))
		}
		return nil
	})
}

func (a *auditor) addresses() error {
	err := a.each(tableAddress, func(key, tail, value []byte) error {
		id, err := decodeID(value)
		if _, there := a.people[id]; err != nil || !there {
			a.stray(key, "the address %q belongs to nobody", tail)
		} else if back := append(idKey(tableAddressOf, id), tail...); !a.has(back) {
			a.missing(back, nil, "the address %q is not among those of %q", tail, a.people[id].Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.each(tableAddressOf, func(key, tail, value []byte) error {
		if len(tail) < 4 {
			a.stray(key, "an address has a damaged key")
			return nil
		}
		id, name := lastID(tail[:4]), tail[4:]
		if _, there := a.people[id]; !there {
			a.stray(key, "%d, who is not there, has the address %q", id, name)
			return nil
		}
		to, err := a.r.Get(textKey(tableAddress, string(name)))
		switch {
		case errors.Is(err, kv.ErrNotFound):
			a.missing(textKey(tableAddress, string(name)), appendID(nil, id), "the address %q of %q leads to nobody", name, a.people[id].Name)
		case err != nil:
			return err
		case len(to) == 4 && lastID(to) != id:
			a.stray(key, "the address %q of %q leads to %d", name, a.people[id].Name, lastID(to))
		}
		return nil
	})
}

func (a *auditor) memberships() error {
	err := a.each(tableMember, func(key, tail, value []byte) error {
		if len(tail) != 8 || len(value) != 1 {
			a.stray(key, "a membership is damaged")
			return nil
		}
		group, member := a.people[lastID(tail[:4])], a.people[lastID(tail)]
		if group.Kind != Group || member.ID == 0 {
			a.stray(key, "%d is a member of %d, and one of them is not there", lastID(tail), lastID(tail[:4]))
			return nil
		}
		if Kind(value[0]) != member.Kind {
			a.missing(key, []byte{byte(member.Kind)}, "%q is a member of %q as what it is not", member.Name, group.Name)
		}
		if back := idKey(upTable(member.Kind), member.ID, group.ID); !a.has(back) {
			a.missing(back, nil, "%q is a member of %q, and does not know", member.Name, group.Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, table := range []byte{tableGroupOf, tableParent} {
		err := a.each(table, func(key, tail, value []byte) error {
			if len(tail) != 8 {
				a.stray(key, "a membership is damaged")
				return nil
			}
			member, group := a.people[lastID(tail[:4])], a.people[lastID(tail)]
			down := idKey(tableMember, group.ID, member.ID)
			if group.Kind != Group || member.ID == 0 || upTable(member.Kind) != table {
				a.stray(key, "%d takes itself for a member of %d, and one of them is not there", lastID(tail[:4]), lastID(tail))
			} else if !a.has(down) {
				a.missing(down, []byte{byte(member.Kind)}, "%q takes itself for a member of %q, which does not know", member.Name, group.Name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sources checks who came from elsewhere. Of two that do not fit, the record by
// id is right: it has the addresses.
func (a *auditor) sources() error {
	err := a.each(tableExternalOf, func(key, tail, value []byte) error {
		id := lastID(tail)
		x, err := decodeExternal(value)
		switch _, there := a.people[id]; {
		case err != nil:
			a.stray(key, "where %d comes from cannot be read", id)
		case !there:
			a.stray(key, "%d, who is not there, comes from %q", id, x.source)
		default:
			if v, err := a.r.Get(externalKey(x.source, x.key)); err != nil || len(v) != 4 || lastID(v) != id {
				a.missing(externalKey(x.source, x.key), appendID(nil, id), "%q is not found by the key that %q has for it", a.people[id].Name, x.source)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.each(tableExternal, func(key, tail, value []byte) error {
		if len(value) == 4 && a.has(idKey(tableExternalOf, lastID(value))) {
			return nil
		}
		a.stray(key, "the key %q of a source stands for nobody who came from there", tail)
		return nil
	})
}

// lostIDs is what is skipped when the next id to give is unknown.
const lostIDs = 1 << 16

func (a *auditor) state() error {
	next, err := counter(a.r, "id", 1)
	if errors.Is(err, kv.ErrDamaged) {
		return err
	}
	if err != nil || next <= uint64(a.last) {
		mended := appendID([]byte{0, 0, 0, 0}, a.last+lostIDs)
		a.missing(textKey(tableState, "id"), mended, "the next id to give is %d, and %d is given", next, a.last)
	}
	return nil
}

// strangers finds records of no known table.
func (a *auditor) strangers() error {
	for p := range a.r.Scan([]byte{'d'}, []byte{'d' + 1}) {
		if len(p.Key) < 2 || bytes.IndexByte([]byte{tablePrincipal, tableName, tableCredentials, tableAddress, tableAddressOf, tableMember, tableGroupOf, tableParent, tableExternal, tableExternalOf, tableState}, p.Key[1]) < 0 {
			a.stray(p.Key, "the record %q is of no known kind", p.Key)
		}
	}
	return a.r.Err()
}
