package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"poststube/kv"
)

// An external is what is kept about a principal that came from a source.
type external struct {
	source, key string
	gone        bool     // the source does not know it any more
	addresses   []string // that the source gave, as it wrote them
}

func (x *external) encode() []byte {
	state := byte(0)
	if x.gone {
		state = 1
	}
	b := []byte{recordVersion, state}
	for _, s := range append([]string{x.source, x.key}, x.addresses...) {
		b = appendShort(b, []byte(s))
	}
	return b
}

func decodeExternal(b []byte) (*external, error) {
	f := fields{b: b}
	if f.take(1)[0] != recordVersion {
		return nil, corrupt("external", b)
	}
	x := &external{gone: f.take(1)[0] == 1, source: string(f.short()), key: string(f.short())}
	for len(f.b) > 0 && !f.bad {
		x.addresses = append(x.addresses, string(f.short()))
	}
	if f.bad {
		return nil, corrupt("external", b)
	}
	return x, nil
}

func externalKey(source, key string) []byte { return textKey(tableExternal, source+"\x00"+key) }

// loadExternal returns nil for a principal that came from no source.
func loadExternal(r kv.Reader, id ID) (*external, error) {
	b, err := r.Get(idKey(tableExternalOf, id))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeExternal(b)
}

func (t *txn) setExternal(id ID, x *external) error {
	return errors.Join(
		t.Set(externalKey(x.source, x.key), appendID(nil, id)),
		t.Set(idKey(tableExternalOf, id), x.encode()),
	)
}

// forgetExternal makes a principal that is removed unknown to its source.
func (t *txn) forgetExternal(id ID) error {
	x, err := loadExternal(t, id)
	if x == nil || err != nil {
		return err
	}
	return errors.Join(t.Delete(externalKey(x.source, x.key)), t.Delete(idKey(tableExternalOf, id)))
}

// An External is somebody who came from a source.
type External struct {
	Principal
	Source string
	Gone   bool // the source does not know it any more
}

// Externals yields everybody who came from a source, in the order of their ids.
func (d *Directory) Externals(ctx context.Context) iter.Seq2[External, error] {
	return func(yield func(External, error) bool) {
		var list []External
		err := d.db.View(ctx, func(r kv.Reader) error {
			prefix := idKey(tableExternalOf)
			for pair := range r.Scan(prefix, after(prefix)) {
				x, err := decodeExternal(pair.Value)
				if err != nil {
					return err
				}
				list = append(list, External{Principal: Principal{ID: lastID(pair.Key)}, Source: strings.Clone(x.source), Gone: x.gone})
			}
			if err := r.Err(); err != nil {
				return err
			}
			for i := range list {
				p, err := loadPrincipal(r, list[i].ID)
				if err != nil {
					return err
				}
				list[i].Principal = p
			}
			return nil
		})
		if err != nil {
			yield(External{}, err)
			return
		}
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// Source tells which source a principal came from, or "", and whether the source
// has since lost it: such people cannot log in.
func (d *Directory) Source(ctx context.Context, id ID) (source string, gone bool, err error) {
	err = d.db.View(ctx, func(r kv.Reader) error {
		x, err := loadExternal(r, id)
		if x != nil {
			source, gone = x.source, x.gone
		}
		return err
	})
	return source, gone, err
}

// keepsPassword refuses to store a password for somebody whose password the
// source checks.
func keepsPassword(r kv.Reader, p Principal) error {
	x, err := loadExternal(r, p.ID)
	if err == nil && x != nil {
		err = fmt.Errorf("%w: %q comes from %s, which keeps the password: change it there", ErrInvalid, p.Name, x.source)
	}
	return err
}
