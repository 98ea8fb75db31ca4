package imap

import (
	"errors"
	"io"
	"strings"

	"poststube/mail"
)

// catenate is RFC 4469: a message for APPEND or REPLACE that is made of literals
// and of what is in mailboxes already.
func catenate() extension {
	return extension{name: "CATENATE", rfc: "RFC 4469", capabilities: always("CATENATE")}
}

// A catenation reads the octets of such a message. It goes through the command
// part by part, as its octets are asked for: a literal that the client waits to
// be asked for is asked for when what stands before it was taken.
type catenation struct {
	s *session
	p *parser

	part  io.Reader  // what is being read, nil between parts
	body  *mail.Body // that it is of, to be closed
	utf8  bool       // ")" must follow the part
	begun bool
	err   error // why there is no more
}

// Read implements io.Reader. At the end of the command's list it returns io.EOF.
func (c *catenation) Read(b []byte) (int, error) {
	for c.err == nil {
		if c.part == nil {
			c.err = c.next()
			continue
		}
		n, err := c.part.Read(b)
		if err == io.EOF {
			err = c.end()
		}
		if c.err = err; n > 0 {
			return n, nil
		}
	}
	if c.err != io.EOF {
		c.close()
	}
	return 0, c.err
}

// next goes on to the next part.
func (c *catenation) next() error {
	p := c.p
	if c.begun {
		if p.Try(')') {
			return io.EOF
		}
		p.SP()
	}
	c.begun = true
	switch {
	case p.TryWord("URL"):
		p.SP()
		url := p.AString()
		if p.Err() != nil {
			return p.Err()
		}
		return c.open(url)
	case p.TryWord("TEXT"):
		p.SP()
	case p.TryWord("UTF8"):
		p.SP()
		p.Special('(')
		c.utf8 = true
	default:
		p.Expected("TEXT, UTF8 or URL")
	}
	l := p.Literal()
	if p.Err() != nil {
		return p.Err()
	}
	if err := c.s.mayTake(l, c.utf8); err != nil {
		return err
	}
	c.part = p.Accept(l)
	return nil
}

// end ends a part.
func (c *catenation) end() error {
	c.part = nil
	if c.utf8 {
		c.p.Special(')')
		c.utf8 = false
	}
	if err := c.p.Err(); err != nil {
		return err
	}
	return c.close()
}

func (c *catenation) close() (err error) {
	if c.body != nil {
		err = c.body.Close()
		c.body = nil
	}
	return err
}

// open makes the octets that a URL names the part.
func (c *catenation) open(url string) error {
	u, ok := parseURL(url)
	if !ok {
		return badURL(url, "The URL names no message or part of one on this server")
	}
	box, err := c.s.urlMailbox(u)
	if err == nil {
		c.part, c.body, err = openURL(c.s, box, u)
	}
	switch kind := mail.KindOf(err); {
	case err == nil:
		return nil
	case errors.As(err, new(*failure)) || kind == mail.NotFound || kind == mail.Denied:
		return badURL(url, "There is no such message or part of one, or you may not read it")
	}
	return err
}

// badURL refuses a message because of a URL (RFC 4469 section 4.1).
func badURL(url, text string) error {
	return &failure{code: "BADURL " + strings.ReplaceAll(url, "]", "%5D"), text: text}
}
