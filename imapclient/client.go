// Package imapclient is a small IMAP client that reads whole accounts from
// servers that it does not trust: RFC 9051 and RFC 3501, with SPECIAL-USE, ACL,
// NAMESPACE and LIST-EXTENDED where the server has them.
//
// Every method is one command with typed arguments, so that no text can become
// another command. What a server may do to a client is bounded: the connection
// ends at PREAUTH, at anything that came in clear before TLS began, at responses
// that nobody asked for where they could do harm, and at literals over the
// limits. Referrals are not followed.
package imapclient

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"poststube/imap/wire"
)

// Security says how a connection is protected.
type Security uint8

const (
	// ImplicitTLS begins with TLS, as on port 993. It is the default.
	ImplicitTLS Security = iota
	// StartTLS begins in clear and must then become TLS (RFC 9051 section 6.2.1).
	StartTLS
	// Plain stays in clear, passwords included.
	Plain
)

// Options of a client.
type Options struct {
	Security Security
	// TLS must name the server that is expected, unless Security is Plain.
	TLS *tls.Config
	// Timeout is how long the server may be silent; 0 means two minutes.
	Timeout time.Duration
	// MaxMessage is the size of the largest message that is read, in octets;
	// larger ones are passed over. 0 means 64 MiB.
	MaxMessage int64
}

// maxDiscard is the largest message that is passed over; one that is announced
// as larger ends the connection.
const maxDiscard = 4 << 30

// maxMailboxes bounds a list.
const maxMailboxes = 100_000

// A Client is one connection. One goroutine uses it at a time. After an error
// that is no *Refused it can only be closed.
type Client struct {
	conn    net.Conn
	timeout time.Duration
	max     int64
	d       *wire.Decoder
	tags    int
	caps    map[string]bool
	stop    func() bool
	broken  error
}

// A Refused is the NO or BAD of a server to one command.
type Refused struct {
	Command, Code, Text string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("the server refuses %s: %s", r.Command, r.Text)
}

// Dial connects to an address "host:port".
func Dial(ctx context.Context, addr string, o Options) (*Client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c, err := New(ctx, conn, o)
	if err != nil {
		conn.Close()
	}
	return c, err
}

// New makes a client of a connection and reads the greeting. When ctx ends, the
// connection is closed.
func New(ctx context.Context, conn net.Conn, o Options) (*Client, error) {
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = 64 << 20
	}
	c := &Client{conn: conn, timeout: o.Timeout, max: o.MaxMessage}
	raw := conn
	c.stop = context.AfterFunc(ctx, func() { raw.Close() })
	err := c.begin(ctx, o)
	if err != nil {
		c.stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return c, nil
}

func (c *Client) begin(ctx context.Context, o Options) error {
	if o.Security == ImplicitTLS {
		if err := c.secure(ctx, o.TLS); err != nil {
			return err
		}
	}
	limits := wire.Limits{Line: 256 << 10, Literal: 1 << 20, Literals: 10_000, Command: 16 << 20, Depth: 20, Ranges: 100_000, Discard: 64 << 20}
	c.d = wire.NewDecoder(bufio.NewReaderSize(reader{c}, 64<<10), limits)
	if err := c.greeting(); err != nil {
		return err
	}
	if o.Security != StartTLS {
		return c.capability()
	}
	if err := c.run("STARTTLS", nil, ignore); err != nil {
		return err
	}
	if c.d.Buffered() > 0 {
		return errors.New("the server, or somebody on the way, sent more behind its answer to STARTTLS: the connection cannot be trusted")
	}
	if err := c.secure(ctx, o.TLS); err != nil {
		return err
	}
	c.d.Reset(bufio.NewReaderSize(reader{c}, 64<<10))
	return c.capability() // what was said in clear does not count
}

func (c *Client) secure(ctx context.Context, config *tls.Config) error {
	if config == nil {
		return errors.New("imapclient: TLS without a configuration")
	}
	conn := tls.Client(c.conn, config)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	c.conn = conn
	return nil
}

// reader gives the server the timeout for every read.
type reader struct{ c *Client }

func (r reader) Read(p []byte) (int, error) {
	if err := r.c.conn.SetReadDeadline(time.Now().Add(r.c.timeout)); err != nil {
		return 0, err
	}
	return r.c.conn.Read(p)
}

func (c *Client) greeting() error {
	if !c.d.Next() {
		return fmt.Errorf("no greeting: %w", c.d.Err())
	}
	c.d.Special('*')
	c.d.SP()
	status := c.d.Keyword()
	text := c.rest()
	switch {
	case c.d.Err() != nil:
		return fmt.Errorf("this is no IMAP server: %w", c.d.Err())
	case status == "BYE":
		return errors.New("the server is not available: " + printable(text))
	case status != "OK":
		// RFC 9051 section 7.1.4: PREAUTH, which also keeps TLS from beginning.
		return errors.New("the server wants no login (" + printable(status) + "): it is not to be trusted with one")
	}
	return nil
}

// rest reads what follows of a line, if anything does.
func (c *Client) rest() string {
	if !c.d.TrySP() {
		return ""
	}
	return c.d.Rest()
}

// Close ends the connection at once.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}

// Logout says good-bye and ends the connection.
func (c *Client) Logout() error {
	if c.broken == nil {
		// A server that closes before it answers is as good.
		_ = c.run("LOGOUT", nil, ignore)
	}
	return c.Close()
}

// Has tells whether the server announced a capability, in upper case.
func (c *Client) Has(capability string) bool { return c.caps[capability] }

func (c *Client) capability() error {
	c.caps = map[string]bool{}
	return c.run("CAPABILITY", nil, func(kind string, _ uint32) error {
		if kind == "CAPABILITY" {
			// Some servers leave a space at the end, so it is not read as IMAP.
			for name := range strings.FieldsSeq(c.rest()) {
				c.caps[strings.ToUpper(name)] = true
			}
		}
		return nil
	})
}

// ignore takes no interest in a response.
func ignore(string, uint32) error { return nil }

// run sends a command and reads up to its end. each gets every untagged
// response, with its number if it has one, and reads from c.d what it wants of
// it. An error that is no *Refused ends the connection.
func (c *Client) run(name string, args []byte, each func(kind string, n uint32) error) error {
	if c.broken != nil {
		return c.broken
	}
	c.tags++
	tag := "P" + strconv.Itoa(c.tags)
	line := append([]byte(tag+" "+name), args...)
	err := c.write(append(line, '\r', '\n'))
	if err == nil {
		err = c.answers(tag, name, each)
	}
	var refused *Refused
	if err != nil && !errors.As(err, &refused) {
		c.broken = err
		c.conn.Close()
	}
	return err
}

func (c *Client) write(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

func (c *Client) answers(tag, name string, each func(kind string, n uint32) error) error {
	d := c.d
	for {
		if !d.Next() {
			err := d.Err()
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("the connection broke: %w", err)
		}
		if d.Try('*') {
			if err := c.untagged(name, each); err != nil {
				return err
			}
			continue
		}
		got := d.Tag()
		d.SP()
		status := d.Keyword()
		text := c.rest()
		switch {
		case d.Err() != nil:
			return fmt.Errorf("the server's answer to %s is no IMAP: %w", name, d.Err())
		case got != tag:
			return fmt.Errorf("the server answers a command that nobody gave")
		case status == "OK":
			return nil
		case status == "NO" || status == "BAD":
			code, rest := splitCode(text)
			return &Refused{Command: name, Code: code, Text: printable(rest)}
		}
		return fmt.Errorf("the server answers %s with %s", name, printable(status))
	}
}

func (c *Client) untagged(name string, each func(string, uint32) error) error {
	d := c.d
	d.SP()
	var n uint32
	if p := d.Peek(); p >= '0' && p <= '9' {
		n = d.Number()
		d.SP()
	}
	kind := d.Keyword()
	if kind == "BYE" && name != "LOGOUT" {
		return errors.New("the server ended the session: " + printable(c.rest()))
	}
	err := each(kind, n)
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return fmt.Errorf("a response to %s cannot be read: %w", name, err)
	}
	return nil
}

// splitCode takes "[CODE …] text" apart.
func splitCode(text string) (code, rest string) {
	if strings.HasPrefix(text, "[") {
		if i := strings.IndexByte(text, ']'); i > 0 {
			return text[1:i], strings.TrimSpace(text[i+1:])
		}
	}
	return "", text
}

// printable makes what a server says fit for a terminal.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufffd' {
			return '?'
		}
		return r
	}, s)
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// appendQuoted appends a quoted string. What would end the line cannot be sent.
func appendQuoted(b []byte, s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return nil, errors.New("imapclient: a string with line ends or NUL")
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"'), nil
}

// A sink for literals that are read whole; it is used again and again.
func readLiteral(r io.Reader, size int64, into *bytes.Buffer) error {
	into.Reset()
	into.Grow(int(min(size, 1<<20))) // a size that is only announced costs nothing
	n, err := io.Copy(into, r)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return err
}
