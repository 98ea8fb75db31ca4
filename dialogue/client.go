package dialogue

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// A client is one named connection. A goroutine of its own reads, so that a
// server that writes is never held up by the script.
type client struct {
	name, protocol string
	conn           net.Conn

	mu       sync.Mutex
	received []string // responses, each without its line end but with its literals
	partial  string   // what has come of the next one, when reading has ended
	ended    error    // why reading has ended
	done     chan struct{}

	told bool // the script has said that the connection is closed
}

func newClient(name, protocol string, conn net.Conn) *client {
	c := &client{name: name, protocol: protocol}
	c.start(conn)
	return c
}

// start reads from conn until it ends.
func (c *client) start(conn net.Conn) {
	c.conn, c.ended, c.done = conn, nil, make(chan struct{})
	go c.read(bufio.NewReader(conn), c.done)
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}\r\n$`)

func (c *client) read(r *bufio.Reader, done chan struct{}) {
	defer close(done)
	var response strings.Builder
	for {
		line, err := r.ReadString('\n')
		response.WriteString(line)
		if m := literalEnd.FindStringSubmatch(line); err == nil && m != nil && c.protocol == "imap" {
			var n int64
			if n, err = strconv.ParseInt(m[1], 10, 32); err == nil {
				_, err = io.CopyN(&response, r, n)
			}
			if err == nil {
				continue
			}
		}
		c.mu.Lock()
		if err != nil {
			c.partial, c.ended = response.String(), err
			c.mu.Unlock()
			return
		}
		c.received = append(c.received, strings.TrimSuffix(response.String(), c.lineEnd()))
		c.mu.Unlock()
		response.Reset()
	}
}

// next takes the next response, if one has come.
func (c *client) next() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.received) == 0 {
		return "", false
	}
	r := c.received[0]
	c.received = c.received[1:]
	return r, true
}

// peek returns all responses that have come and leaves them.
func (c *client) peek() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.received...)
}

// isClosed tells whether the server has closed the connection.
func (c *client) isClosed() (bool, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended != nil, c.partial
}

// write sends b. A server that no longer reads is no error here: the script
// sees its answer, or that it has closed.
func (c *client) write(b string) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil // closed
	}
	_, err := io.WriteString(c.conn, b)
	if errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// sendLine sends a line with its literals. It waits for the continuation
// request before a synchronizing one; if something else comes, the rest of the
// line is not sent and what came is left for the script.
func (c *client) sendLine(parts []piece) error {
	var out strings.Builder
	for _, p := range parts {
		if !p.literal {
			out.WriteString(p.text)
			continue
		}
		sign := ""
		if p.nonSync {
			sign = "+"
		}
		fmt.Fprintf(&out, "{%d%s}\r\n", len(p.text), sign)
		if !p.nonSync {
			if err := c.write(out.String()); err != nil {
				return err
			}
			out.Reset()
			synctest.Wait()
			if r := c.peek(); len(r) == 0 || !strings.HasPrefix(r[0], "+") {
				return nil
			}
			c.next()
		}
		out.WriteString(p.text)
	}
	return c.write(out.String() + c.lineEnd())
}

// lineEnd is how the protocol ends its lines.
func (c *client) lineEnd() string {
	if c.protocol == "sasl" { // Dovecot's
		return "\n"
	}
	return "\r\n"
}

// letGo ends the reader without a loss, when nothing may come: a deadline in the
// past ends its read.
func (c *client) letGo() error {
	if err := c.conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return err
	}
	<-c.done
	return c.conn.SetReadDeadline(time.Time{})
}

// startTLS turns the connection into a TLS one, as the client.
func (c *client) startTLS() error {
	if err := c.letGo(); err != nil {
		return err
	}
	conn := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
	if err := conn.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	c.start(conn)
	return nil
}

// compress begins to compress what is sent and to decompress what comes, or ends
// that.
func (c *client) compress(on bool) error {
	if err := c.letGo(); err != nil {
		return err
	}
	if compressed, ok := c.conn.(*deflated); ok && !on {
		c.start(compressed.Conn)
		return nil
	}
	conn, err := newDeflated(c.conn)
	if err == nil {
		c.start(conn)
	}
	return err
}

// close ends the connection from the client's side and waits for the reader.
func (c *client) close() {
	c.conn.Close()
	<-c.done
}
