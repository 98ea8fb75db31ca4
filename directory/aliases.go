package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"poststube/kv"
)

// AddAddress lets a person or group receive for one more address. Without a
// domain it receives in every domain that is served here. The error wraps
// ErrNotFound, ErrInvalid, or ErrExists when the address leads to somebody
// else already.
func (d *Directory) AddAddress(ctx context.Context, id ID, addr string) error {
	return d.update(ctx, func(t *txn) error { return d.addAddress(t, id, addr) })
}

func (d *Directory) addAddress(t *txn, id ID, addr string) error {
	a, err := foldAddress(addr)
	if err != nil {
		return err
	}
	if _, err := loadPrincipal(t, id); err != nil {
		return err
	}
	switch p, err := d.findAddress(t, a); {
	case err == nil && p.ID == id:
		// One more record all the same: the way it is found now may end.
	case err == nil:
		return fmt.Errorf("the address %q: %w by %q", a, ErrExists, p.Name)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	t.addresses = true
	return errors.Join(
		t.Set(addressKey(a), appendID(nil, id)),
		t.Set(addressOfKey(id, a), nil),
	)
}

// RemoveAddress takes an address back that AddAddress gave to id. The error
// wraps ErrNotFound if id has no such address.
func (d *Directory) RemoveAddress(ctx context.Context, id ID, addr string) error {
	return d.update(ctx, func(t *txn) error { return t.removeAddress(id, addr) })
}

func (t *txn) removeAddress(id ID, addr string) error {
	a, err := foldAddress(addr)
	if err != nil {
		return err
	}
	_, err = t.Get(addressOfKey(id, a))
	if errors.Is(err, kv.ErrNotFound) {
		return fmt.Errorf("the address %q: %w", a, ErrNotFound)
	}
	if err != nil {
		return err
	}
	t.addresses = true
	return errors.Join(t.Delete(addressKey(a)), t.Delete(addressOfKey(id, a)))
}

// Addresses returns the addresses that were added to id, sorted.
func (d *Directory) Addresses(ctx context.Context, id ID) ([]string, error) {
	var list []string
	err := d.db.View(ctx, func(r kv.Reader) error {
		owned, err := addressesOf(r, id)
		for _, a := range owned {
			list = append(list, a.String())
		}
		return err
	})
	slices.Sort(list)
	return list, err
}

func foldAddress(addr string) (address, error) {
	local, domain, err := parseAddress(addr)
	return address{foldLocal(local), domain}, err
}

func addressesOf(r kv.Reader, id ID) ([]address, error) {
	var list []address
	prefix := idKey(tableAddressOf, id)
	for pair := range r.Scan(prefix, after(prefix)) {
		local, domain, _ := strings.Cut(string(pair.Key[len(prefix):]), "\x00")
		list = append(list, address{local, domain})
	}
	return list, r.Err()
}

func removeAddresses(t *txn, id ID) error {
	list, err := addressesOf(t, id)
	if err != nil {
		return err
	}
	for _, a := range list {
		t.addresses = true
		if err := errors.Join(t.Delete(addressKey(a)), t.Delete(addressOfKey(id, a))); err != nil {
			return err
		}
	}
	return nil
}

// foreignAddress returns an address that was added to somebody else and under
// which p would receive by its name, or "".
func (d *Directory) foreignAddress(r kv.Reader, p Principal) (string, error) {
	local, domain, hasDomain := strings.Cut(p.Name, "@")
	prefix := textKey(tableAddress, local+"\x00")
	for pair := range r.Scan(prefix, after(prefix)) {
		a := address{local, string(pair.Key[len(prefix):])}
		id, err := decodeID(pair.Value)
		if err != nil {
			return "", err
		}
		if id != p.ID && (hasDomain && a.domain == domain || !hasDomain && (a.domain == "" || d.serves(a.domain))) {
			return a.String(), nil
		}
	}
	return "", r.Err()
}
