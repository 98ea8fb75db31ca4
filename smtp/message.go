package smtp

import (
	"bytes"
	"errors"
	"io"
	"strconv"

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

// bdat takes the first chunk of a message (RFC 3030); the chunks after it are
// read by chunkReader while the engine reads the message, or by this function
// when the message has failed already.
func (c *session) bdat(arg []byte) {
	chunk, err := parseChunk(arg)
	if err != nil {
		c.hangUp(err)
		return
	}
	fresh := c.tx.active && !c.tx.chunks && len(c.tx.to) > 0
	if !fresh {
		if c.skip(chunk.size) {
			c.answerFailed(chunk.last)
		}
		return
	}
	c.tx.chunks = true
	reader := &chunkReader{session: c, chunk: chunk}
	body := &content{src: reader, max: c.server.config.MaxMessage}
	up, err := c.upload(body)
	if up != nil {
		defer up.Discard()
	}
	switch {
	case errors.Is(err, errAborted):
		return // whatever did it has been answered
	case err == nil:
		c.finish(up, nil, body.size)
	case !c.closing && c.skip(reader.chunk.size):
		c.tx.failure = err
		c.answerFailed(reader.chunk.last)
	}
}

// answerFailed answers a chunk that was thrown away: of a failed message, of one
// without recipients, or of none. RFC 2033 section 4.3: the last chunk has a
// reply for each recipient, which may be none.
func (c *session) answerFailed(last bool) {
	if c.tx.failure == nil {
		c.tx.failure = errSequence
	}
	c.tx.chunks = true // nor can what comes after be a whole message
	if last && c.tx.active {
		c.finish(nil, c.tx.failure, 0)
		return
	}
	c.refuse(refusalOf(c.tx.failure))
}

// hangUp ends the session after a BDAT whose size is unknown: what follows
// cannot be told from commands.
func (c *session) hangUp(err error) {
	c.refuse(refusalOf(err))
	c.closing = true
}

// skip throws n octets away and tells whether they came.
func (c *session) skip(n int64) bool {
	if _, err := io.CopyN(io.Discard, c.link.in, n); err != nil {
		c.closing = true
		return false
	}
	return true
}

// upload hands the message to the engine, trace fields first.
func (c *session) upload(body *content) (*mail.Upload, error) {
	c.messages++
	trace := c.appendTrace(make([]byte, 0, 512), c.server.config.Now())
	up, err := c.server.config.Engine.Upload(c.ctx, io.MultiReader(bytes.NewReader(trace), body), -1)
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
		}
		c.log.Warn("message refused", "from", tx.from, "recipients", len(tx.to), "size", size, "err", err)
		c.tx = transaction{}
		return
	}
	env := mail.Envelope{From: tx.from, To: tx.to, Origin: c.origin}
	delivered := 0
	for _, d := range c.server.config.Engine.Deliver(c.ctx, env, up) {
		if d.Err != nil {
			r := refusalOf(d.Err)
			c.reply(r.code, r.enhanced, r.text)
			c.log.Warn("message not delivered", "from", tx.from, "to", d.Recipient, "size", size, "code", r.code, "err", d.Err)
			continue
		}
		delivered++
		c.reply(250, "2.0.0", "delivered")
	}
	if delivered > 0 {
		c.log.Info("message delivered", "from", tx.from, "recipients", delivered, "size", size)
	}
	c.tx = transaction{to: tx.to[:0]}
}

// A chunk is the argument of BDAT.
type chunk struct {
	size int64 // what is still to be read
	last bool
}

func parseChunk(arg []byte) (chunk, error) {
	size, rest, _ := bytes.Cut(arg, []byte(" "))
	n, err := strconv.ParseInt(string(size), 10, 64)
	if err != nil || !isDigits(size) || len(rest) > 0 && !bytes.EqualFold(rest, []byte("LAST")) {
		return chunk{}, &refusal{501, "5.5.4", "write BDAT size, or BDAT size LAST"}
	}
	return chunk{n, len(rest) > 0}, nil
}

// A chunkReader reads the chunks of one message as one stream. Between two of
// them it answers the first and reads the client's next command, so that the
// message needs neither a pipe nor a goroutine to reach the engine.
type chunkReader struct {
	session *session
	chunk   chunk
}

// errAborted ends a message by RSET, LHLO or QUIT.
var errAborted = errors.New("smtp: the client gave the message up")

func (r *chunkReader) Read(p []byte) (int, error) {
	c := r.session
	for r.chunk.size == 0 {
		if r.chunk.last {
			return 0, io.EOF
		}
		c.reply(250, "2.0.0", "chunk taken")
		if err := r.nextChunk(); err != nil {
			return 0, err
		}
	}
	n, err := c.link.in.Read(p[:min(int64(len(p)), r.chunk.size)])
	r.chunk.size -= int64(n)
	if err != nil {
		c.closing = true
		err = noEOF(err)
	}
	return n, err
}

// nextChunk answers commands up to the next BDAT.
func (r *chunkReader) nextChunk() error {
	c := r.session
	for {
		line, err := c.readCommand()
		if err != nil {
			c.closing = true
			return noEOF(err)
		}
		verb, arg, _ := bytes.Cut(line, []byte(" "))
		if bytes.EqualFold(verb, []byte("BDAT")) {
			if r.chunk, err = parseChunk(bytes.TrimRight(arg, " \t")); err != nil {
				c.hangUp(err)
				return err
			}
			return nil
		}
		if c.dispatch(line); !c.tx.active {
			return errAborted
		}
	}
}
