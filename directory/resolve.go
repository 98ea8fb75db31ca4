package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"poststube/kv"
)

// A Recipient is whom an address leads to.
type Recipient struct {
	Principal
	// Detail is what stands behind the first '+' of the local part, with its
	// case as written (RFC 5233 section 4); "" without one.
	Detail string
}

// Resolve finds the person or group that receives for a mail address, written
// as in RFC 5321 section 4.1.2 (with UTF-8, RFC 6531) without angle brackets.
//
// An address that was added with AddAddress comes first, then the name of a
// person; each first with the domain as part of it, then, if the domain is
// served here, without. If nothing is found, the same is tried again without
// the detail behind a '+'. Groups receive only by an added address. An address
// without a domain is looked up like one in a domain that is served.
//
// The error wraps ErrInvalid for bad syntax, ErrNotServed for an unknown
// address of a foreign domain, ErrNotFound for one of our own.
func (d *Directory) Resolve(ctx context.Context, addr string) (Recipient, error) {
	local, domain, err := parseAddress(addr)
	if err != nil {
		return Recipient{}, err
	}
	if err := d.refresh(ctx); err != nil {
		return Recipient{}, err
	}
	whole := address{foldLocal(local), domain}
	p, err := d.lookupAddress(ctx, whole)
	if err == nil {
		return Recipient{Principal: p}, nil
	}
	if base, detail, ok := strings.Cut(local, "+"); ok && base != "" && errors.Is(err, ErrNotFound) {
		p, err = d.lookupAddress(ctx, address{foldLocal(base), domain})
		if err == nil {
			return Recipient{Principal: p, Detail: detail}, nil
		}
	}
	if errors.Is(err, ErrNotFound) && domain != "" && !d.serves(domain) {
		err = ErrNotServed
	}
	return Recipient{}, fmt.Errorf("address %q: %w", addr, err)
}

// Serves tells whether addresses without a domain of their own receive in a
// domain. When no domains are configured every domain is served.
func (d *Directory) Serves(domain string) bool {
	domain, err := cleanDomain(domain)
	return err == nil && d.serves(domain)
}

// serves takes a clean domain.
func (d *Directory) serves(domain string) bool { return len(d.domains) == 0 || d.domains[domain] }

// shortName strips a served domain from a clean name.
func (d *Directory) shortName(name string) string {
	local, domain, ok := strings.Cut(name, "@")
	if ok && d.serves(domain) {
		return local
	}
	return name
}

// lookupAddress returns ErrNotFound for an address that leads to nobody.
func (d *Directory) lookupAddress(ctx context.Context, a address) (Principal, error) {
	if p, ok := d.byAddress.get(a); ok {
		return p, nil
	}
	mark := d.byAddress.mark()
	var p Principal
	err := d.db.View(ctx, func(r kv.Reader) (err error) {
		p, err = d.findAddress(r, a)
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	d.byAddress.put(a, p, mark)
	return p, nil
}

// findAddress reads all candidates at once.
func (d *Directory) findAddress(r kv.Reader, a address) (Principal, error) {
	served := a.domain != "" && d.serves(a.domain)
	keys := make([][]byte, 0, 4)
	if served {
		keys = append(keys, addressKey(address{local: a.local}))
	}
	keys = append(keys, addressKey(a))
	if !strings.Contains(a.local, "@") { // "x@y"@z must not lead to the person x@y
		if served {
			keys = append(keys, textKey(tableName, a.local))
		}
		keys = append(keys, textKey(tableName, a.String()))
	}
	alias, person := ID(0), Principal{}
	// Ascending keys bring the address with a domain after the one without,
	// so the last hit of each table is the one to take.
	for i, value := range r.GetMany(keys) {
		if keys[i][1] == tableAddress {
			id, err := decodeID(value)
			if err != nil {
				return Principal{}, err
			}
			alias = id
			continue
		}
		p, err := decodeName(string(keys[i][2:]), value)
		if err != nil {
			return Principal{}, err
		}
		if p.Kind == Person {
			person = p
		}
	}
	switch err := r.Err(); {
	case err != nil:
		return Principal{}, err
	case alias != 0:
		return loadPrincipal(r, alias)
	case person.ID != 0:
		return person, nil
	}
	return Principal{}, ErrNotFound
}
