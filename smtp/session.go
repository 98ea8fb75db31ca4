package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"poststube/mail"
)

// A session is one client's connection. One goroutine owns it.
type session struct {
	server *Server
	ctx    context.Context
	link   *link
	origin mail.Origin
	log    *slog.Logger

	since time.Time
	name  atomic.Pointer[string] // helo, for others to see

	helo     string // what the client called itself; empty before LHLO
	tx       transaction
	messages uint64 // number of the present message
	seal     seal   // of that
	errors   int    // refused commands in a row
	code     int    // of the last reply
	closing  bool
}

// A transaction is what MAIL begins and the end of the message, RSET or LHLO
// ends (RFC 5321 section 3.3).
type transaction struct {
	active  bool
	utf8    bool // the client gave SMTPUTF8
	from    string
	to      []string
	chunks  bool  // BDAT has begun
	failure error // what is wrong with the chunks so far
}

// run speaks with the client until one of the two wants no more, or only tells
// it that there are too many.
func (c *session) run(tooMany bool) {
	defer c.link.conn.Close()
	defer c.recover()
	if c.server.config.Tight() {
		c.reply(421, "4.3.2", c.server.config.Hostname+" has little memory left, come back later")
		c.closing = true
	} else if tooMany {
		c.reply(421, "4.3.2", c.server.config.Hostname+" has too many connections, come back later")
		c.closing = true
	} else {
		c.reply(220, "", c.server.config.Hostname+" LMTP ready")
	}
	for !c.closing {
		c.next()
	}
	c.farewell()
	// The client may be gone; there is nobody left to tell.
	_ = c.link.flush()
}

// next reads and answers one command.
func (c *session) next() {
	c.link.setIdle(!c.tx.active)
	line, err := c.readCommand()
	c.link.setIdle(false)
	if err != nil {
		c.closing = true
		return
	}
	before := c.errors
	c.dispatch(line)
	if c.errors == before {
		c.errors = 0
	}
}

// readCommand returns the next command line. Lines that are none are refused;
// too many mistakes in a row, like the end of the connection, are an error.
func (c *session) readCommand() ([]byte, error) {
	for {
		if c.errors >= c.server.config.MaxErrors {
			c.reply(421, "4.7.0", "too many errors")
			return nil, errTooManyErrors
		}
		line, err := c.link.readLine()
		var r *refusal
		if !errors.As(err, &r) {
			return line, err
		}
		c.refuse(r)
	}
}

var errTooManyErrors = errors.New("smtp: too many errors")

// dispatch answers one command.
func (c *session) dispatch(line []byte) {
	verb, arg, _ := bytes.Cut(line, []byte(" "))
	if cmd := lookup(verb); cmd != nil {
		cmd(c, bytes.TrimRight(arg, " \t"))
		return
	}
	c.refuse(&refusal{500, "5.5.1", "command unknown"})
}

// farewell tells the client, if it still listens, why the server hangs up.
func (c *session) farewell() {
	switch {
	case errors.Is(c.link.err, errShutdown):
		c.reply(421, "4.3.2", c.server.config.Hostname+" shuts down")
	case errors.Is(c.link.err, errKicked):
		c.reply(421, "4.3.2", c.server.config.Hostname+" has ended this session by its administrator's wish")
	case errors.Is(c.link.err, errTimeout):
		c.reply(421, "4.4.2", "nothing came for too long")
	}
}

// recover keeps a bug in one session from ending the others.
func (c *session) recover() {
	if p := recover(); p != nil {
		c.log.Error("session failed", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		c.reply(421, "4.3.0", "internal error, the server's log has the cause")
		_ = c.link.flush()
	}
}
