package directory

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strconv"

	"poststube/kv"
)

// A scramHash is one of the hash functions that SCRAM is used with.
type scramHash struct {
	new func() hash.Hash
	key func(*credentials) scramKey
}

var (
	scramSHA256 = scramHash{sha256.New, func(c *credentials) scramKey { return c.sha256 }}
	scramSHA1   = scramHash{sha1.New, func(c *credentials) scramKey { return c.sha1 }}
)

// A scramExchange is SCRAM (RFC 5802, RFC 7677). An account that does not exist
// goes all the way with a made-up salt, and fails at the proof like a wrong
// password.
type scramExchange struct {
	d     *Directory
	ch    Channel
	hash  *scramHash
	plus  bool
	nonce func() string // the server's part; tests replace it

	state   scramState
	first   clientFirst
	both    string // the client's nonce and ours
	server  string // server-first-message
	account *attempt
	key     scramKey
}

type scramState uint8

const (
	scramStart  scramState = iota
	scramFirst             // an empty challenge is out
	scramFinal             // the server's first message is out
	scramProved            // the server's signature is out
	scramOver
)

func startScram(h *scramHash, plus bool) func(*Directory, Channel) Exchange {
	return func(d *Directory, ch Channel) Exchange {
		return &scramExchange{d: d, ch: ch, hash: h, plus: plus, nonce: rand.Text}
	}
}

func (x *scramExchange) Principal() Principal {
	if x.state != scramOver || x.account == nil {
		return Principal{}
	}
	return x.account.person
}

func (x *scramExchange) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	state := x.state
	x.state = scramOver
	switch state {
	case scramStart:
		if response == nil {
			x.state = scramFirst
			return nil, false, nil
		}
		fallthrough
	case scramFirst:
		challenge, err = x.answerFirst(ctx, response)
		x.state = scramFinal
	case scramFinal:
		challenge, err = x.answerFinal(ctx, response)
		x.state = scramProved
	case scramProved:
		if len(response) == 0 {
			return nil, true, nil
		}
		err = scramSyntax("data after the end")
	default:
		err = scramSyntax("the exchange is over")
	}
	if err != nil {
		x.state, x.account = scramOver, nil
		return nil, true, err
	}
	return challenge, false, nil
}

// answerFirst takes the client-first-message and returns the server's.
func (x *scramExchange) answerFirst(ctx context.Context, response []byte) ([]byte, error) {
	m, err := parseClientFirst(response)
	switch {
	case err != nil:
	case x.plus && m.flag != 'p':
		err = scramSyntax("a -PLUS mechanism needs channel binding")
	case !x.plus && m.flag == 'p':
		err = scramSyntax("channel binding needs a -PLUS mechanism")
	case m.flag == 'p' && bindingData(m.binding, x.ch) == nil:
		err = scramSyntax("this connection does not have channel binding " + strconv.Quote(m.binding))
	case m.flag == 'y' && canBind(x.ch):
		// The client could bind the channel and believes that we cannot:
		// somebody took -PLUS out of our list (section 6).
		err = scramSyntax("the client was not shown that this server does channel binding")
	}
	if err != nil {
		x.d.logFailure(m.name, x.ch.Origin, "syntax")
		return nil, err
	}
	if x.account, err = x.d.findAccount(ctx, m.name, x.ch.Origin); err != nil {
		return nil, err
	}
	creds := x.account.creds
	if x.hash.key(&creds).iterations == 0 {
		creds = x.d.fakeCredentials(m.name)
	}
	x.first, x.key, x.both = m, x.hash.key(&creds), m.nonce+x.nonce()

	b := append(make([]byte, 0, 128), "r="...)
	b = append(b, x.both...)
	b = append(b, ",s="...)
	b = base64.StdEncoding.AppendEncode(b, x.key.salt)
	b = append(b, ",i="...)
	b = strconv.AppendInt(b, int64(x.key.iterations), 10)
	x.server = string(b)
	return b, nil
}

// answerFinal takes the client-final-message and returns the server's.
func (x *scramExchange) answerFinal(ctx context.Context, response []byte) ([]byte, error) {
	m, err := parseClientFinal(response)
	if err != nil {
		x.account.log("syntax")
		return nil, err
	}
	if err := x.account.begin(ctx); err != nil {
		return nil, err
	}
	signature, reason := x.check(m)
	if reason == "" {
		if reason, err = x.changed(ctx); err != nil {
			return nil, err
		}
	}
	if reason != "" {
		return nil, x.account.fail(ctx, reason)
	}
	if err := x.d.mayActAs(ctx, x.account.person, x.first.authzid, x.ch.Origin); err != nil {
		return nil, err
	}
	x.account.succeed()
	return base64.StdEncoding.AppendEncode([]byte("v="), signature), nil
}

// check compares the client's proof, and returns the server's signature or
// what is wrong.
func (x *scramExchange) check(m clientFinal) (signature []byte, reason string) {
	binding := []byte(x.first.gs2)
	if x.first.flag == 'p' {
		binding = append(binding, bindingData(x.first.binding, x.ch)...)
	}
	if subtle.ConstantTimeCompare(m.binding, binding) != 1 {
		return nil, "channel binding"
	}
	if m.nonce != x.both {
		return nil, "nonce"
	}
	message := x.first.bare + "," + x.server + "," + m.withoutProof
	client := mac(x.hash.new, x.key.stored, message)
	if len(m.proof) != len(client) {
		return nil, "proof"
	}
	subtle.XORBytes(client, client, m.proof)
	digest := x.hash.new()
	digest.Write(client)
	// The made-up keys of an account that does not exist match nothing; the
	// test of the id says so a second time.
	if !hmac.Equal(digest.Sum(nil), x.key.stored) || x.account.person.ID == 0 {
		return nil, "password"
	}
	return mac(x.hash.new, x.key.server, message), ""
}

// changed tells whether the password was changed, or the person removed, since
// the exchange began.
func (x *scramExchange) changed(ctx context.Context) (reason string, err error) {
	var now credentials
	err = x.d.db.View(ctx, func(r kv.Reader) (err error) {
		now, err = loadCredentials(r, x.account.person.ID)
		return err
	})
	if err == nil && (now.generation != x.account.creds.generation || !now.usable()) {
		reason = "password changed"
	}
	return reason, err
}
