package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// A Channel is what SASL mechanisms must know about a connection.
type Channel struct {
	Origin
	// Secure says that nobody listens in: TLS, a unix socket, or what the
	// configuration takes for it. Plain passwords are accepted only then.
	Secure bool
	// TLS is the state of the connection after its handshake; nil without TLS
	// or when a proxy ends it. Channel binding needs it.
	TLS *tls.ConnectionState
	// Certificate is the leaf that this server presented, for the binding
	// "tls-server-end-point"; it may be nil.
	Certificate *x509.Certificate
}

// An Exchange is the server's side of one SASL login. It is used by one
// goroutine. An exchange that the client cancels is just dropped.
type Exchange interface {
	// Next takes the client's response, decoded from base64, and returns the
	// next challenge, to be encoded; an empty challenge is to be sent too. The
	// first call takes the initial response, or nil if there is none; an empty
	// initial response ("=" in IMAP and SMTP) is a slice of length 0 that is
	// not nil. When done is true the login has succeeded and there is no
	// challenge: data that a mechanism sends with its success comes as a
	// challenge before, as RFC 9051 section 6.2.2 and RFC 4954 section 4 want.
	//
	// The error is ErrAuth, or wraps ErrSyntax, or comes from the store or
	// ctx. It ends the exchange. Next may wait, see Verify.
	Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error)

	// Principal returns who has logged in, once done was true.
	Principal() Principal
}

// An Expiring is an Exchange of which the login holds for some time only, since it
// was with a token.
type Expiring interface {
	Exchange
	// Until is when a session that has logged in so must have ended.
	Until() time.Time
}

// maxResponse bounds a response of any mechanism, in octets. A client's first
// SCRAM message with two names of 254 characters in UTF-8 fits.
const maxResponse = 4096

type mechanism struct {
	name  string
	scram bool // needs SCRAM verifiers
	plus  bool // needs channel binding
	plain bool // needs a secure channel
	token bool // needs somebody who verifies tokens
	start func(*Directory, Channel) Exchange
}

// mechanisms, the ones to prefer first.
var mechanisms = [...]mechanism{
	{name: "SCRAM-SHA-256-PLUS", scram: true, plus: true, start: startScram(&scramSHA256, true)},
	{name: "SCRAM-SHA-1-PLUS", scram: true, plus: true, start: startScram(&scramSHA1, true)},
	{name: "SCRAM-SHA-256", scram: true, start: startScram(&scramSHA256, false)},
	{name: "SCRAM-SHA-1", scram: true, start: startScram(&scramSHA1, false)},
	{name: "OAUTHBEARER", plain: true, token: true, start: startOAuthBearer},
	{name: "XOAUTH2", plain: true, token: true, start: startXOAuth2},
	{name: "PLAIN", plain: true, start: startPlain},
	{name: "LOGIN", plain: true, start: startLogin},
}

// Mechanisms returns the SASL mechanisms that a connection offers, the ones to
// prefer first. There are none on a connection that is not secure once SCRAM
// is turned off.
func (d *Directory) Mechanisms(ch Channel) []string {
	names := make([]string, 0, len(mechanisms))
	for i := range mechanisms {
		if m := &mechanisms[i]; d.offers(m, ch) {
			names = append(names, m.name)
		}
	}
	return names
}

func (d *Directory) offers(m *mechanism, ch Channel) bool {
	return !(m.scram && (d.policy.iterations == 0 || d.source != nil)) &&
		!(m.plus && !canBind(ch)) &&
		!(m.plain && !ch.Secure) &&
		!(m.token && d.tokens == nil)
}

// Mechanism begins a login by a mechanism, whose name is case-insensitive. The
// error wraps ErrMechanism if Mechanisms does not list it for the connection.
func (d *Directory) Mechanism(name string, ch Channel) (Exchange, error) {
	for i := range mechanisms {
		if m := &mechanisms[i]; strings.EqualFold(m.name, name) && d.offers(m, ch) {
			ch.Mech = m.name
			return m.start(d, ch), nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrMechanism, clip(name))
}
