package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A plainExchange is PLAIN (RFC 4616): one response with both names and the
// password.
type plainExchange struct {
	d      *Directory
	from   Origin
	asked  bool
	over   bool
	person Principal
}

func startPlain(d *Directory, ch Channel) Exchange { return &plainExchange{d: d, from: ch.Origin} }

func (x *plainExchange) Principal() Principal { return x.person }

func (x *plainExchange) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	if response == nil && !x.asked {
		x.asked = true
		return nil, false, nil
	}
	over := x.over
	x.over = true
	authzid, rest, ok1 := bytes.Cut(response, []byte{0})
	name, password, ok2 := bytes.Cut(rest, []byte{0})
	switch {
	case over:
		return nil, true, fmt.Errorf("%w: the exchange is over", ErrSyntax)
	case len(response) > maxResponse:
		err = fmt.Errorf("%w: PLAIN is longer than %d octets", ErrSyntax, maxResponse)
	case !ok1 || !ok2 || bytes.IndexByte(password, 0) >= 0:
		err = fmt.Errorf("%w: PLAIN needs two NUL octets, between authorization identity, user name and password", ErrSyntax)
	case len(name) == 0 || len(password) == 0:
		err = fmt.Errorf("%w: PLAIN with an empty user name or password", ErrSyntax)
	case !utf8.Valid(response):
		err = fmt.Errorf("%w: PLAIN is not valid UTF-8", ErrSyntax)
	}
	if err != nil {
		x.d.logFailure("", x.from, "syntax")
		return nil, true, err
	}
	x.person, err = x.d.verifyAs(ctx, string(authzid), string(name), string(password), x.from)
	return nil, true, err
}

// verifyAs is Verify with an authorization identity, which must be empty or
// lead to the same person: nobody acts for others here.
func (d *Directory) verifyAs(ctx context.Context, authzid, name, password string, from Origin) (Principal, error) {
	p, err := d.Verify(ctx, name, password, from)
	if err != nil {
		return Principal{}, err
	}
	if err := d.mayActAs(ctx, p, authzid, from); err != nil {
		return Principal{}, err
	}
	return p, nil
}

func (d *Directory) mayActAs(ctx context.Context, p Principal, authzid string, from Origin) error {
	if authzid == "" {
		return nil
	}
	switch other, err := d.ByName(ctx, authzid); {
	case err == nil && other.ID == p.ID:
		return nil
	case err != nil && !unknown(err):
		return err
	}
	// What people type where a program asks for an address.
	switch r, err := d.Resolve(ctx, authzid); {
	case err == nil && r.ID == p.ID && r.Detail == "":
		return nil
	case err != nil && !unknown(err) && !errors.Is(err, ErrNotServed):
		return err
	}
	d.logFailure(p.Name, from, "authorization identity")
	return ErrAuth
}

// A loginExchange is LOGIN (draft-murchison-sasl-login), which asks for the
// name and the password one after the other. Old programs of Microsoft know
// nothing else.
type loginExchange struct {
	d      *Directory
	from   Origin
	asked  bool
	name   string
	over   bool
	person Principal
}

func startLogin(d *Directory, ch Channel) Exchange { return &loginExchange{d: d, from: ch.Origin} }

func (x *loginExchange) Principal() Principal { return x.person }

func (x *loginExchange) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	switch {
	case x.over:
		return nil, true, fmt.Errorf("%w: the exchange is over", ErrSyntax)
	case response == nil && !x.asked:
		x.asked = true
		return []byte("Username:"), false, nil
	case len(response) == 0 || len(response) > maxResponse || !utf8.Valid(response) || bytes.IndexByte(response, 0) >= 0:
		x.over = true
		x.d.logFailure(x.name, x.from, "syntax")
		return nil, true, fmt.Errorf("%w: LOGIN needs a name and a password in UTF-8", ErrSyntax)
	case x.name == "":
		x.asked, x.name = true, string(response)
		return []byte("Password:"), false, nil
	}
	x.over = true
	x.person, err = x.d.Verify(ctx, x.name, string(response), x.from)
	return nil, true, err
}
