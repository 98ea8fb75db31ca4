package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxTokenResponse bounds a response with a token, in octets.
const maxTokenResponse = 16 << 10

// A tokenExchange is OAUTHBEARER (RFC 7628), or XOAUTH2, its predecessor that
// Google and Microsoft have.
type tokenExchange struct {
	d      *Directory
	from   Origin
	parse  func(response string) (user, token string, err error)
	status string // of the answer to a token that is not valid
	asked  bool
	failed error // what the client will be told when it has acknowledged the reason
	over   bool
	person Principal
	until  time.Time
}

func startOAuthBearer(d *Directory, ch Channel) Exchange {
	return &tokenExchange{d: d, from: ch.Origin, parse: parseOAuthBearer, status: "invalid_token"}
}

func startXOAuth2(d *Directory, ch Channel) Exchange {
	return &tokenExchange{d: d, from: ch.Origin, parse: parseXOAuth2, status: "401"}
}

func (x *tokenExchange) Principal() Principal { return x.person }

// Until is when the token that was logged in with expires. A session must not
// outlive it.
func (x *tokenExchange) Until() time.Time { return x.until }

func (x *tokenExchange) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	switch {
	case x.over:
		return nil, true, fmt.Errorf("%w: the exchange is over", ErrSyntax)
	case x.failed != nil: // the client's %x01, or nothing (RFC 7628 section 3.2.3)
		x.over = true
		return nil, true, x.failed
	case response == nil && !x.asked:
		x.asked = true
		return nil, false, nil
	}
	user, token, err := x.parse(string(response))
	if err != nil || len(response) > maxTokenResponse || !utf8.Valid(response) {
		x.over = true
		x.d.logFailure(user, x.from, "syntax")
		return nil, true, fmt.Errorf("%w: a response with a bearer token is expected (RFC 7628 section 3.1)", ErrSyntax)
	}
	err = x.login(ctx, user, token)
	if errors.Is(err, ErrAuth) {
		// RFC 7628 section 3.2.2: the reason comes as a challenge.
		x.failed = err
		challenge, err = json.Marshal(map[string]string{
			"status": x.status, "schemes": "bearer",
			"openid-configuration": strings.TrimSuffix(x.d.tokens.Issuer(), "/") + "/.well-known/openid-configuration",
		})
		return challenge, false, err
	}
	x.over = true
	return nil, true, err
}

// login verifies the token. Failures have their penalty, as those of passwords.
func (x *tokenExchange) login(ctx context.Context, user, token string) error {
	a := &attempt{d: x.d, from: x.from, name: user, pair: x.d.throttle.pairOf(0, "token "+x.d.fakeName(user), x.from.Remote)}
	if err := a.begin(ctx); err != nil {
		return err
	}
	claims, err := x.d.tokens.Verify(ctx, token)
	if errors.Is(err, ErrToken) {
		x.d.logFailure(user, x.from, "token: "+strings.TrimPrefix(err.Error(), ErrToken.Error()+": "))
		return a.penalize(ctx)
	}
	if err != nil {
		return err
	}
	p, err := x.d.loginToken(ctx, claims, x.from)
	if err == nil {
		err = x.d.mayActAs(ctx, p, user, x.from)
	}
	if errors.Is(err, ErrAuth) {
		return a.penalize(ctx)
	}
	if err != nil {
		return err
	}
	a.succeed()
	x.person, x.until = p, claims.Expires
	return nil
}

// parseOAuthBearer reads a client's response (RFC 7628 section 3.1). user is the
// authorization identity, and may be empty.
func parseOAuthBearer(s string) (user, token string, err error) {
	header, rest, ok := strings.Cut(s, "\x01")
	flag, identity, ok2 := strings.Cut(header, ",")
	identity, end, ok3 := strings.Cut(identity, ",")
	if !ok || !ok2 || !ok3 || end != "" || flag != "n" && flag != "y" {
		return "", "", ErrSyntax
	}
	if identity != "" {
		if user, err = saslName(identity, "a="); err != nil {
			return "", "", err
		}
	}
	token, err = bearer(rest)
	return user, token, err
}

// parseXOAuth2 reads "user=", the name, ^A and what OAUTHBEARER has behind its
// header.
func parseXOAuth2(s string) (user, token string, err error) {
	header, rest, ok := strings.Cut(s, "\x01")
	user, ok2 := strings.CutPrefix(header, "user=")
	if !ok || !ok2 || user == "" {
		return "", "", ErrSyntax
	}
	token, err = bearer(rest)
	return user, token, err
}

// bearer finds the token in key-value pairs that each end with ^A, and all with
// another one.
func bearer(s string) (token string, err error) {
	pairs, ok := strings.CutSuffix(s, "\x01\x01")
	if !ok {
		return "", ErrSyntax
	}
	for pair := range strings.SplitSeq(pairs, "\x01") {
		key, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok || key == "":
			return "", ErrSyntax
		case key != "auth": // host, port and others that there may be
			continue
		}
		scheme, credentials, ok := strings.Cut(value, " ")
		if credentials = strings.TrimSpace(credentials); !ok || !strings.EqualFold(scheme, "Bearer") || credentials == "" || token != "" {
			return "", ErrSyntax
		}
		token = credentials
	}
	if token == "" {
		return "", ErrSyntax
	}
	return token, nil
}
