package directory

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strconv"

	"poststube/kv"
)

// An Origin says where a login comes from. It goes into the log and into the
// penalties.
type Origin struct {
	Remote netip.Addr // the zero value for a unix socket
	Proto  string     // "imap", "smtp", "pop3", …
	Mech   string     // SASL mechanism, or "LOGIN" for the IMAP command; set by Mechanism itself
}

// Verify checks a name and a plain password. It returns the person, or ErrAuth
// for every reason for which the login fails; any other error comes from the
// store or from ctx and says nothing about the password.
//
// A failure is logged once, and answered only after a penalty that grows with
// the failures of this account from this network: Verify waits as long itself,
// on a timer that ctx can end. Unknown names take as long as wrong passwords.
func (d *Directory) Verify(ctx context.Context, name, password string, from Origin) (Principal, error) {
	a, err := d.beginLogin(ctx, name, from)
	if err != nil {
		return Principal{}, err
	}
	prepared, err := preparePassword(password)
	if err != nil {
		// No account has such a password. Do the work all the same.
		prepared = "\x00"
	}
	ok := d.logins.match(a, prepared)
	if !ok {
		if ok, err = d.verifySlowly(ctx, a, prepared); err != nil {
			return Principal{}, err
		}
	}
	if !ok {
		return Principal{}, a.fail(ctx, "password")
	}
	a.succeed()
	return a.person, nil
}

// verifySlowly runs a key derivation, for an account that does not exist too.
func (d *Directory) verifySlowly(ctx context.Context, a *attempt, password string) (bool, error) {
	creds := a.creds
	known := a.person.ID != 0 && creds.usable()
	if !known {
		creds = d.fakeCredentials(a.name)
	}
	if err := d.acquire(ctx); err != nil {
		return false, err
	}
	ok, err := creds.check(password)
	d.release()
	if err != nil || !ok || !known {
		return false, err
	}
	d.logins.remember(a, password)
	return true, nil
}

// An attempt is one login between the time its name is known and its end.
type attempt struct {
	d      *Directory
	from   Origin
	name   string    // as the client gave it
	person Principal // zero if there is none
	creds  credentials
	pair   pair
}

// beginLogin finds the account and waits for penalties of earlier failures.
func (d *Directory) beginLogin(ctx context.Context, name string, from Origin) (*attempt, error) {
	a, err := d.findAccount(ctx, name, from)
	if err != nil {
		return nil, err
	}
	return a, a.wait(ctx)
}

// findAccount looks up a login name. That it finds nobody is no error.
func (d *Directory) findAccount(ctx context.Context, name string, from Origin) (*attempt, error) {
	a := &attempt{d: d, from: from, name: name}
	p, err := d.ByName(ctx, name)
	switch {
	case err == nil && p.Kind == Person:
		err = d.db.View(ctx, func(r kv.Reader) (err error) {
			a.creds, err = loadCredentials(r, p.ID)
			return err
		})
		if err != nil {
			return nil, err
		}
		a.person = p
		a.pair.account = strconv.FormatUint(uint64(p.ID), 10)
	case err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid):
		a.pair.account = "?" + d.fakeName(name)
	default:
		return nil, err
	}
	a.pair.prefix = prefix(from.Remote)
	return a, nil
}

// wait waits for the penalties of earlier failures.
func (a *attempt) wait(ctx context.Context) error {
	wait, ok := a.d.throttle.begin(a.pair)
	if !ok {
		a.log("too many attempts")
	}
	if err := sleep(ctx, wait); err != nil {
		return err
	}
	if !ok {
		return ErrAuth
	}
	return nil
}

// fail logs the failure, waits for its penalty and returns ErrAuth.
func (a *attempt) fail(ctx context.Context, reason string) error {
	if a.person.ID == 0 {
		reason = "name"
	}
	a.log(reason)
	if err := sleep(ctx, a.d.throttle.fail(a.pair)); err != nil {
		return err
	}
	return ErrAuth
}

func (a *attempt) succeed() { a.d.throttle.succeed(a.pair) }

// log writes the line that fail2ban looks for. It holds nothing secret; the
// reason is for the administrator only.
func (a *attempt) log(reason string) {
	remote := ""
	if a.from.Remote.IsValid() {
		remote = a.from.Remote.Unmap().WithZone("").String()
	}
	a.d.log.LogAttrs(context.Background(), slog.LevelWarn, "auth failed",
		slog.String("user", clip(a.name)),
		slog.String("remote", remote),
		slog.String("proto", a.from.Proto),
		slog.String("mech", a.from.Mech),
		slog.String("reason", reason))
}

// clip bounds what a client can put into the log.
func clip(s string) string {
	const limit = 128
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
