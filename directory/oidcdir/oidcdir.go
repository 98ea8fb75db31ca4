// Package oidcdir verifies access tokens that an OpenID Connect provider has
// issued, as signed JSON Web Tokens (RFC 9068), by the keys that the provider
// publishes. It is a directory.Tokens.
package oidcdir

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"poststube/directory"
)

// A Config says whose tokens are taken.
type Config struct {
	Issuer   string   // URL of the provider, exactly as its tokens have it
	Audience string   // which tokens must be meant for (aud)
	Clients  []string // to whom they may have been issued (azp, or client_id); none: to anybody
	Name     string   // the claim with the login name
	Groups   string   // the claim with the names of groups; "": tokens tell of no groups
	HTTP     *http.Client
	Now      func() time.Time // nil: time.Now
}

// Tokens verifies tokens. It is safe for concurrent use.
type Tokens struct {
	config Config

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier // nil until the provider could be asked
}

// patience bounds what is asked of the provider.
const patience = 10 * time.Second

// New returns a verifier. It does not ask the provider yet; the error says what is
// wrong with the configuration.
func New(c Config) (*Tokens, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local):
		return nil, fmt.Errorf("issuer: %q is not an https:// URL", c.Issuer)
	case c.Audience == "":
		return nil, errors.New("audience: tokens that are meant for others would be taken; say what aud must be")
	case c.Name == "":
		return nil, errors.New("name: which claim has the login name?")
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: patience}
	}
	return &Tokens{config: c}, nil
}

// Issuer implements directory.Tokens.
func (t *Tokens) Issuer() string { return t.config.Issuer }

// Verify implements directory.Tokens.
func (t *Tokens) Verify(ctx context.Context, token string) (directory.Claims, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	verifier, err := t.provider(ctx)
	if err != nil {
		return directory.Claims{}, err
	}
	var unreachable error
	parsed, err := verifier.Verify(context.WithValue(ctx, unreachableKey{}, &unreachable), token)
	switch {
	case unreachable != nil:
		return directory.Claims{}, fmt.Errorf("oidc: keys of the provider: %w", unreachable)
	case err != nil:
		return directory.Claims{}, invalid("%v", err)
	}
	return t.claims(parsed)
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", directory.ErrToken, fmt.Sprintf(format, args...))
}

// signatures are the algorithms that are taken, if the provider says that it has
// them: those with a private key that nobody else has (RFC 8725 section 3.1).
var signatures = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// provider asks the provider who it is, if that has not been done.
func (t *Tokens) provider(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.verifier != nil {
		return t.verifier, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, t.config.HTTP), t.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("oidc: ask the provider: %w", err)
	}
	var found struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := p.Claims(&found); err != nil {
		return nil, fmt.Errorf("oidc: ask the provider: %w", err)
	}
	algorithms := slices.DeleteFunc(found.Algorithms, func(a string) bool { return !slices.Contains(signatures, a) })
	remote := oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), t.config.HTTP), found.Keys)
	t.verifier = oidc.NewVerifier(t.config.Issuer, keySet{remote}, &oidc.Config{ClientID: t.config.Audience, SupportedSigningAlgs: algorithms, Now: t.config.Now})
	return t.verifier, nil
}

// A keySet tells keys that can't be had from signatures that are wrong, which the
// library reports alike.
type keySet struct{ remote *oidc.RemoteKeySet }

// unreachableKey is the context's key of a *error that keySet sets.
type unreachableKey struct{}

// VerifySignature implements oidc.KeySet.
func (k keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.remote.VerifySignature(ctx, jwt)
	if err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		*ctx.Value(unreachableKey{}).(*error) = err
	}
	return payload, err
}
