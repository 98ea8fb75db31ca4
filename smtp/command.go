package smtp

import (
	"bytes"
	"strconv"
	"strings"
)

// lookup returns the command of that name, or nil. RFC 2033 section 4.1: HELO
// and EHLO are not LMTP.
func lookup(verb []byte) func(*session, []byte) {
	switch strings.ToUpper(string(verb)) {
	case "LHLO":
		return (*session).lhlo
	case "MAIL":
		return (*session).mail
	case "RCPT":
		return (*session).rcpt
	case "DATA":
		return (*session).data
	case "BDAT":
		return (*session).bdat
	case "RSET":
		return (*session).rset
	case "NOOP":
		return (*session).noop
	case "QUIT":
		return (*session).quit
	case "VRFY":
		return (*session).vrfy
	case "HELP":
		return (*session).help
	case "EXPN":
		return (*session).expn
	case "HELO", "EHLO":
		return (*session).notSMTP
	case "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT":
		return (*session).notHTTP
	}
	return nil
}

// lhlo: RFC 2033 section 4.1, RFC 5321 section 4.1.1.1.
func (c *session) lhlo(arg []byte) {
	name, _, _ := bytes.Cut(arg, []byte(" "))
	if !isDomain(name) || !isASCII(string(name)) || len(name) > maxDomain {
		c.refuse(&refusal{501, "5.5.4", "say who you are: LHLO your.host.name"})
		return
	}
	c.tx = transaction{}
	c.helo = string(name)
	own := c.helo // c.helo changes with the next LHLO
	c.name.Store(&own)
	out := append(c.link.out, "250-"...)
	out = append(out, c.server.config.Hostname...)
	out = append(out, "\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250-LIMITS RCPTMAX="...) // LIMITS: RFC 9422
	out = strconv.AppendInt(out, int64(c.server.config.MaxRecipients), 10)
	out = append(out, "\r\n250 SIZE "...)
	out = strconv.AppendInt(out, c.server.config.MaxMessage, 10)
	c.link.out = append(out, '\r', '\n')
}

func (c *session) notSMTP([]byte) {
	c.refuse(&refusal{500, "5.5.1", "this is LMTP: say LHLO"})
}

// notHTTP ends the session of a browser: a page from elsewhere makes it send what
// would deliver a message, and browsers do not keep off the port of LMTP.
func (c *session) notHTTP([]byte) {
	c.reply(421, "5.7.0", "this is LMTP, not HTTP")
	c.closing = true
}

// mail: RFC 5321 section 4.1.1.2.
func (c *session) mail(arg []byte) {
	if c.helo == "" || c.tx.active {
		c.refuse(errSequence)
		return
	}
	arg, ok := cutFold(arg, "FROM:")
	if !ok {
		c.refuse(&refusal{501, "5.5.2", "write MAIL FROM:<address>"})
		return
	}
	from, rest, err := cutPath(arg)
	if err != nil {
		c.refuse(refusalOf(err))
		return
	}
	p, err := parseMailParams(rest)
	switch {
	case err != nil:
		c.refuse(refusalOf(err))
	case p.size > c.server.config.MaxMessage:
		c.refuse(errTooBig)
	case c.server.config.Tight():
		c.reply(452, "4.3.1", "this server has little memory left, try again later")
	case !p.utf8 && !isASCII(from):
		c.refuse(errUTF8)
	default:
		c.tx = transaction{active: true, from: from, utf8: p.utf8, to: c.tx.to[:0]}
		c.reply(250, "2.1.0", "sender taken")
	}
}

// rcpt: RFC 5321 section 4.1.1.3. Who is not here is refused now, so that the
// client need not send the message.
func (c *session) rcpt(arg []byte) {
	c.recipient(arg)
	c.server.config.Observer.Recipient(c.code)
}

func (c *session) recipient(arg []byte) {
	if !c.tx.active || c.tx.chunks {
		c.refuse(errSequence)
		return
	}
	arg, ok := cutFold(arg, "TO:")
	if !ok {
		c.refuse(&refusal{501, "5.5.2", "write RCPT TO:<address>"})
		return
	}
	to, rest, err := cutPath(arg)
	switch {
	case err != nil:
		c.refuse(refusalOf(err))
	case to == "":
		c.refuse(errPath)
	case len(bytes.TrimSpace(rest)) > 0:
		c.refuse(errParameter) // no extension announced has one
	case !c.tx.utf8 && !isASCII(to):
		c.refuse(errUTF8)
	case len(c.tx.to) >= c.server.config.MaxRecipients:
		c.reply(452, "4.5.3", "too many recipients: send the message again for the rest")
	default:
		if err := c.server.config.Engine.CanDeliver(c.ctx, to); err != nil {
			c.refuse(refusalOf(err))
			return
		}
		c.tx.to = append(c.tx.to, to)
		c.reply(250, "2.1.5", "recipient taken")
	}
}

func (c *session) rset([]byte) {
	c.tx = transaction{}
	c.reply(250, "2.0.0", "forgotten")
}

func (c *session) noop([]byte) { c.reply(250, "2.0.0", "OK") }

func (c *session) quit([]byte) {
	c.tx = transaction{}
	c.reply(221, "2.0.0", c.server.config.Hostname+" says goodbye")
	c.closing = true
}

// vrfy tells nothing about who is here (RFC 5321 section 7.3).
func (c *session) vrfy([]byte) { c.reply(252, "2.5.0", "try RCPT") }

func (c *session) expn([]byte) { c.refuse(&refusal{502, "5.5.1", "EXPN is not offered"}) }

func (c *session) help([]byte) {
	c.reply(214, "2.0.0", "RFC 2033: LHLO MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT")
}

// cutFold cuts an ASCII prefix off s, without regard to case.
func cutFold(s []byte, prefix string) (rest []byte, ok bool) {
	if len(s) < len(prefix) || !bytes.EqualFold(s[:len(prefix)], []byte(prefix)) {
		return nil, false
	}
	return s[len(prefix):], true
}
