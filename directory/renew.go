package directory

import (
	"context"
	"log/slog"

	"poststube/kv"
)

// outdated tells whether a password set today would be stored differently.
func (p *policy) outdated(c *credentials) bool {
	return c.argon.ArgonParams != p.argon || c.sha256.iterations != p.iterations || c.sha1.iterations != p.iterations
}

// renew stores a password anew that was just verified, when the policy has
// changed since it was set. The generation stays: it is the same password. A
// login does not fail because this does.
func (d *Directory) renew(ctx context.Context, a *attempt, password string) {
	if !d.policy.outdated(&a.creds) {
		return
	}
	fresh, err := d.derive(ctx, password)
	if err == nil {
		fresh.generation = a.creds.generation
		err = d.db.Update(ctx, []string{lock}, func(tx kv.Tx) error {
			now, err := loadCredentials(tx, a.person.ID)
			if err != nil || now.generation != fresh.generation || !now.usable() {
				return err // changed or removed meanwhile
			}
			return tx.Set(idKey(tableCredentials, a.person.ID), fresh.encode())
		})
	}
	if err != nil {
		d.log.LogAttrs(ctx, slog.LevelError, "stored password not renewed",
			slog.String("user", a.person.Name), slog.Any("error", err))
	}
}
