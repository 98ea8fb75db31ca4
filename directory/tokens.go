package directory

import (
	"context"
	"errors"
	"time"
)

// Tokens verify bearer tokens (RFC 6750) that an identity provider has issued,
// such as access tokens of OpenID Connect.
type Tokens interface {
	// Verify returns what a valid token says. The error wraps ErrToken if the
	// token is not valid; any other says that it cannot be told now.
	Verify(ctx context.Context, token string) (Claims, error)
	// Issuer is the URL of the provider, which clients are told of.
	Issuer() string
}

// ErrToken: a token is malformed, forged, expired, or meant for somebody else.
var ErrToken = errors.New("invalid token")

// Claims are what a token says of its person.
type Claims struct {
	// Subject is what the provider calls the person for ever.
	Subject string
	Name    string // to find, or make, the person by, at the first login
	// Groups are the person's at the provider. They count only if Grouped.
	Groups  []string
	Grouped bool
	Expires time.Time
}

// oidcSource is the source of groups that tokens name.
const oidcSource = "oidc"

// loginToken finds the person whom a token means, and makes them a member of the
// groups that it names, and of no others that came from tokens. The error is
// ErrAuth, after a line in the log that says why.
func (d *Directory) loginToken(ctx context.Context, c Claims, from Origin) (Principal, error) {
	refuse := func(reason string) (Principal, error) {
		d.logFailure(c.Name, from, reason)
		return Principal{}, ErrAuth
	}
	p, err := d.bound(ctx, c.Subject)
	if errors.Is(err, ErrNotFound) {
		p, err = d.bind(ctx, c)
	}
	switch {
	case errors.Is(err, ErrExists):
		return refuse("the name is another subject's")
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrKind), errors.Is(err, ErrInvalid):
		return refuse("name")
	case err != nil:
		return Principal{}, err
	}
	_, gone, err := d.Source(ctx, p.ID)
	if err != nil {
		return Principal{}, err
	}
	if gone {
		return refuse("gone")
	}
	if c.Grouped {
		if err := d.claimGroups(ctx, p, c.Groups, from); err != nil {
			return Principal{}, err
		}
	}
	return p, nil
}
