package smtp

import (
	"bytes"
	"errors"
	"io"

	"poststube/mail"
)

// data takes a message that ends in <CRLF>.<CRLF> (RFC 2033 section 4.2).
func (c *session) data(arg []byte) {
	switch {
	case len(arg) > 0:
		c.refuse(&refusal{501, "5.5.4", "DATA has no parameters"})
		return
	case !c.tx.active || c.tx.chunks || len(c.tx.to) == 0:
		c.refuse(errSequence)
		return
	}
	c.reply(354, "", "send the message, end with <CRLF>.<CRLF>")
	dots := &dotReader{in: c.link.in}
	body := &content{src: dots, max: c.server.config.MaxMessage}
	up, err := c.upload(body)
	if up != nil {
		defer up.Discard()
	}
	if err != nil && dots.discard() != nil {
		c.closing = true // the connection broke inside the message
		return
	}
	c.finish(up, err, body.size)
	if isBare(body.err) {
		// The client's idea of a line differs from ours, so what it takes for
		// the end of a message may differ too: don't listen any further.
		c.closing = true
	}
}

// isBare tells whether a message was refused for its line ends.
func isBare(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.enhanced == "5.6.0"
}

// upload hands the message to the engine, trace fields first.
func (c *session) upload(body *content) (*mail.Upload, error) {
	c.messages++
	trace := c.appendTrace(make([]byte, 0, 512), c.server.config.Now())
	c.seal.reset(c.tx.from)
	up, err := c.server.config.Engine.Upload(c.ctx, io.MultiReader(bytes.NewReader(trace), io.TeeReader(body, &c.seal)), -1)
	if body.err != nil { // more exact than what the engine makes of it
		err = body.err
	}
	return up, err
}

// finish ends the transaction: delivery, unless err says that there is nothing
// to deliver, and one reply for each recipient in their order. Deliver returns
// when what it took is durable.
func (c *session) finish(up *mail.Upload, err error, size int64) {
	tx := c.tx
	if err != nil {
		r := refusalOf(err)
		for range tx.to {
			c.reply(r.code, r.enhanced, r.text)
			c.server.config.Observer.Delivery(r.code)
		}
		c.log.Warn("message refused", "from", tx.from, "recipients", len(tx.to), "size", size, "err", err)
		c.tx = transaction{}
		return
	}
	env := mail.Envelope{From: tx.from, To: tx.to, Origin: c.origin, Identity: c.seal.identity()}
	delivered := 0
	began := c.server.config.Now()
	results := c.server.config.Engine.Deliver(c.ctx, env, up)
	c.server.config.Observer.Message(size, c.server.config.Now().Sub(began))
	for _, d := range results {
		if d.Err != nil {
			r := refusalOf(d.Err)
			c.reply(r.code, r.enhanced, r.text)
			c.server.config.Observer.Delivery(r.code)
			c.log.Warn("message not delivered", "from", tx.from, "to", d.Recipient, "size", size, "code", r.code, "err", d.Err)
			continue
		}
		delivered++
		c.reply(250, "2.0.0", "delivered")
		c.server.config.Observer.Delivery(250)
	}
	if delivered > 0 {
		c.log.Info("message delivered", "from", tx.from, "recipients", delivered, "size", size)
	}
	c.tx = transaction{to: tx.to[:0]}
}
