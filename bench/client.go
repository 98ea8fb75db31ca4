package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxLine is the longest response without its literals; SEARCH answers of large
// mailboxes are long.
const maxLine = 16 << 20

// A conn is a client that costs little: it cuts what comes back into responses,
// passes over literals, and leaves the meaning to the caller.
type conn struct {
	nc    net.Conn
	r     *bufio.Reader
	w     *bufio.Writer
	stop  func() bool
	tags  int
	line  []byte // the response being read
	bytes int64  // of literals
	caps  map[string]bool
}

// A refused is the NO or BAD of a server.
type refused struct{ command, reply string }

func (r *refused) Error() string {
	return fmt.Sprintf("%s: the server answers %s", r.command, r.reply)
}

// dial connects and logs in. When ctx ends, so does the connection.
func dial(ctx context.Context, s Server) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	if s.TLS == nil {
		return newConn(nc), nil
	}
	secured := tls.Client(nc, s.TLS)
	if err := secured.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return newConn(secured), nil
}

func newConn(nc net.Conn) *conn {
	return &conn{nc: nc, r: bufio.NewReaderSize(nc, 64<<10), w: bufio.NewWriterSize(nc, 64<<10)}
}

// login connects, reads the greeting and logs in. The connection ends with ctx.
func login(ctx context.Context, s Server) (*conn, error) {
	c, err := dial(ctx, s)
	if err != nil {
		return nil, err
	}
	c.stop = context.AfterFunc(ctx, func() { c.nc.Close() })
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Minute) // to greet and to log in
	}
	if err = c.nc.SetDeadline(deadline); err == nil {
		err = c.begin(s)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) begin(s Server) error {
	greeting, err := c.read()
	if err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	if !bytes.HasPrefix(greeting, []byte("* OK")) {
		return fmt.Errorf("the server greets with %.100q", greeting)
	}
	if err := c.capability(); err != nil {
		return err
	}
	switch {
	case strings.ContainsAny(s.User+s.Password, "\r\n\x00"):
		return errors.New("a name or password with line ends or NUL cannot log in")
	case c.caps["AUTH=PLAIN"]:
		err = c.authenticate(base64.StdEncoding.EncodeToString([]byte("\x00" + s.User + "\x00" + s.Password)))
	case c.caps["LOGINDISABLED"]:
		return errors.New("the server takes no passwords in clear: use TLS")
	default:
		err = c.do("LOGIN", " "+quote(s.User)+" "+quote(s.Password), nil)
	}
	if err != nil {
		return err
	}
	return c.capability() // they may be others now
}

func (c *conn) authenticate(response string) error {
	if c.caps["SASL-IR"] {
		return c.do("AUTHENTICATE", " PLAIN "+response, nil)
	}
	tag, err := c.send("AUTHENTICATE", " PLAIN")
	if err == nil {
		err = c.wait()
	}
	if err == nil {
		c.w.WriteString(response + "\r\n")
		err = c.w.Flush()
	}
	if err != nil {
		return err
	}
	return c.finish(tag, "AUTHENTICATE", nil)
}

func (c *conn) capability() error {
	c.caps = map[string]bool{}
	return c.do("CAPABILITY", "", func(line []byte) error {
		if rest, ok := bytes.CutPrefix(line, []byte("* CAPABILITY ")); ok {
			for name := range bytes.FieldsSeq(rest) {
				c.caps[strings.ToUpper(string(name))] = true
			}
		}
		return nil
	})
}

// has tells whether the server has an extension; IMAP4rev2 includes some.
func (c *conn) has(capability string) bool {
	rev2 := map[string]bool{"MOVE": true, "IDLE": true, "UIDPLUS": true, "NAMESPACE": true}
	return c.caps[capability] || c.caps["IMAP4REV2"] && rev2[capability]
}

// close ends the connection at once.
func (c *conn) close() {
	if c.stop != nil {
		c.stop()
	}
	c.nc.Close()
}

// logout says good-bye first.
func (c *conn) logout() {
	// A server that hangs up before it answers is as good.
	_ = c.do("LOGOUT", "", nil)
	c.close()
}

// do sends a command and reads its responses; each untagged one goes to each,
// which may be nil.
func (c *conn) do(name, args string, each func(line []byte) error) error {
	tag, err := c.send(name, args)
	if err != nil {
		return err
	}
	return c.finish(tag, name, each)
}

func (c *conn) send(name, args string) (tag string, err error) {
	c.tags++
	tag = "b" + strconv.Itoa(c.tags)
	c.w.WriteString(tag + " " + name + args + "\r\n")
	return tag, c.w.Flush()
}

// finish reads up to the end of a command.
func (c *conn) finish(tag, name string, each func(line []byte) error) error {
	for {
		line, err := c.read()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if line[0] == '*' {
			if each != nil {
				if err := each(line); err != nil {
					return err
				}
			}
			continue
		}
		rest, ok := bytes.CutPrefix(line, []byte(tag+" "))
		switch {
		case !ok:
			return fmt.Errorf("%s: the server answers %.100q", name, line)
		case bytes.HasPrefix(rest, []byte("OK")):
			return nil
		}
		return &refused{name, printable(rest)}
	}
}

// wait reads up to the "+" of the server.
func (c *conn) wait() error {
	for {
		line, err := c.read()
		switch {
		case err != nil:
			return err
		case line[0] == '+':
			return nil
		case line[0] != '*':
			return &refused{"it", printable(line)}
		}
	}
}

// read reads one response without its end of line. Octets of literals are counted
// and passed over. The result holds until the next call.
func (c *conn) read() ([]byte, error) {
	c.line = c.line[:0]
	for {
		part, err := c.r.ReadSlice('\n')
		c.line = append(c.line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(c.line) < maxLine:
			continue
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server hung up")
		case err != nil:
			return nil, err
		}
		c.line = bytes.TrimRight(c.line, "\r\n")
		size, ok := literal(c.line)
		if !ok {
			break
		}
		n, err := io.CopyN(io.Discard, c.r, size)
		c.bytes += n
		if err != nil {
			return nil, err
		}
	}
	if len(c.line) == 0 {
		return nil, errors.New("the server sent an empty line")
	}
	return c.line, nil
}

// literal returns the size that a line announces at its end: {n} or ~{n}.
func literal(line []byte) (size int64, ok bool) {
	if len(line) == 0 || line[len(line)-1] != '}' {
		return 0, false
	}
	open := bytes.LastIndexByte(line, '{')
	if open < 0 {
		return 0, false
	}
	size, err := strconv.ParseInt(string(line[open+1:len(line)-1]), 10, 63)
	return size, err == nil && size >= 0
}

// quote returns a quoted string. s has no line ends.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// printable makes what a server says fit for a terminal.
func printable(line []byte) string {
	if len(line) > 200 {
		line = line[:200]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return '?'
		}
		return r
	}, string(line))
}
