package smtp

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

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
