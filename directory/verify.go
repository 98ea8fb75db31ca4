package directory

import (
	"cmp"
	"context"
	"net/netip"
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
	a, err := d.findAccount(ctx, name, from)
	if err != nil {
		return Principal{}, err
	}
	if err := a.begin(ctx); err != nil {
		return Principal{}, err
	}
	ok, err := a.verify(ctx, password)
	switch {
	case err != nil:
		return Principal{}, err
	case !ok:
		return Principal{}, a.fail(ctx, "password")
	}
	a.succeed()
	return a.person, nil
}

// verify tells whether the password is right, whatever that costs. Whenever the
// store does not let somebody in, the source is asked, also for names that it
// does not know: neither the time nor the answer, when it cannot be reached,
// shows who is there and where they come from.
func (a *attempt) verify(ctx context.Context, password string) (bool, error) {
	if a.key == "" {
		ok, err := stored{a}.Check(ctx, "", password)
		if ok || err != nil || a.d.source == nil {
			return ok, err
		}
	}
	if password == "" {
		return false, nil // which LDAP would take for no login at all (RFC 4513 section 5.1.2)
	}
	ok, err := a.d.source.Check(ctx, cmp.Or(a.key, a.d.fakeKey(a.name)), password)
	return ok && a.key != "", err
}

// verifySlowly runs a key derivation, for an account that does not exist too.
func (a *attempt) verifySlowly(ctx context.Context, password string) (bool, error) {
	d := a.d
	creds, known := a.creds, a.creds.usable()
	if !known {
		creds = d.fakeCredentials(a.name)
	}
	if err := d.hashing.acquire(ctx, a.pair.prefix); err != nil {
		return false, err
	}
	ok, err := creds.check(password)
	d.hashing.release()
	if err != nil || !ok || !known {
		return false, err
	}
	d.logins.remember(a, password)
	d.renew(ctx, a, password)
	return true, nil
}
