package dovecotauth

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"time"

	"poststube/directory"
)

// A request is one login, from AUTH to OK or FAIL.
type request struct {
	id       uint32
	origin   directory.Origin
	exchange directory.Exchange
	ctx      context.Context
	cancel   context.CancelFunc
	busy     bool        // the directory is asked; else the client is to respond
	expiry   *time.Timer // while the client is to respond
}

// What a client is told of a failure. None tells whether there is such a user.
const (
	reasonWrong     = "reason=user name or password is wrong"
	reasonSyntax    = "reason=the response is not what the mechanism wants"
	reasonMechanism = "reason=the mechanism is not offered on this connection, use TLS"
	reasonLater     = "reason=the login can't be checked now, please try again later"
	reasonTime      = "reason=no response for too long"
	temporary       = "temp"
	temporaryCode   = "code=temp_fail"
)

// begin starts a request. A connection on the same machine is taken for
// secure, as for IMAP.
func (c *session) begin(cmd command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.requests[cmd.id] != nil:
		return errProtocol
	case len(c.requests) >= c.server.config.MaxRequests:
		c.reply("FAIL", cmd.id, temporary, temporaryCode, reasonLater)
		return nil
	case !cmd.decoded:
		c.reply("FAIL", cmd.id, reasonSyntax)
		return nil
	}
	ch := directory.Channel{
		Origin: directory.Origin{Remote: cmd.remote, Proto: cmd.service},
		Secure: cmd.secured || cmd.remote.IsLoopback(),
	}
	if ch.Proto == "" {
		ch.Proto = "sasl"
	}
	x, err := c.server.config.Directory.Mechanism(cmd.mechanism, ch)
	if err != nil {
		c.reply("FAIL", cmd.id, reasonMechanism)
		return nil
	}
	r := &request{id: cmd.id, origin: ch.Origin, exchange: x}
	r.origin.Mech = cmd.mechanism
	r.ctx, r.cancel = context.WithCancel(c.ctx)
	c.requests[r.id] = r
	c.ask(r, cmd.response)
	return nil
}

// resume goes on with a request for which the client has responded. One that is
// not there any more has expired.
func (c *session) resume(cmd command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.requests[cmd.id]
	switch {
	case r == nil:
		c.reply("FAIL", cmd.id, reasonTime)
		return nil
	case r.busy:
		return errProtocol
	case !cmd.decoded:
		c.end(r)
		c.reply("FAIL", cmd.id, reasonSyntax)
		return nil
	}
	r.expiry.Stop()
	c.ask(r, cmd.response)
	return nil
}

// forget drops a request that the client cancels.
func (c *session) forget(id uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.requests[id]; r != nil {
		c.end(r)
	}
}

// end takes a request out. The caller holds mu.
func (c *session) end(r *request) {
	r.cancel()
	if r.expiry != nil {
		r.expiry.Stop()
	}
	delete(c.requests, r.id)
}

// ask lets the mechanism go on in a goroutine of its own, since it may wait.
// The caller holds mu.
func (c *session) ask(r *request, response []byte) {
	r.busy = true
	c.running.Go(func() {
		defer c.recover()
		ctx, cancel := context.WithTimeout(r.ctx, c.server.config.AnswerTime)
		defer cancel()
		challenge, done, err := r.exchange.Next(ctx, response)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.requests[r.id] != r {
			return // cancelled
		}
		r.busy = false
		switch {
		case err != nil:
			c.end(r)
			c.fail(r, err)
		case done:
			c.end(r)
			name := r.exchange.Principal().Name
			c.log.Info("login", slog.String("user", name), slog.Any("remote", r.origin.Remote),
				slog.String("service", r.origin.Proto), slog.String("mech", r.origin.Mech))
			c.reply("OK", r.id, "user="+escape(name))
		default:
			r.expiry = time.AfterFunc(c.server.config.ResponseTime, func() { c.expire(r) })
			c.reply("CONT", r.id, base64.StdEncoding.EncodeToString(challenge))
		}
	})
}

// fail answers a request that the directory has refused.
func (c *session) fail(r *request, err error) {
	switch {
	case errors.Is(err, directory.ErrAuth):
		c.reply("FAIL", r.id, reasonWrong)
	case errors.Is(err, directory.ErrSyntax):
		c.reply("FAIL", r.id, reasonSyntax)
	default:
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			c.log.Error("login could not be checked", slog.Any("err", err))
		}
		c.reply("FAIL", r.id, temporary, temporaryCode, reasonLater)
	}
}

// expire ends a request whose client does not respond, as Postfix when its own
// client has cancelled the login.
func (c *session) expire(r *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests[r.id] == r && !r.busy {
		c.end(r)
		c.reply("FAIL", r.id, reasonTime)
	}
}
