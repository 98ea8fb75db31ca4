package directory

import (
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
	creds, known := a.creds, a.creds.usable()
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
	d.renew(ctx, a, password)
	return true, nil
}
