package dovecot

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A client speaks as much IMAP as the comparison needs.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	tag  int
}

func dial(addr string) (*client, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, r: bufio.NewReaderSize(conn, 1<<16), w: bufio.NewWriterSize(conn, 1<<16)}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Minute)); err != nil {
		return nil, err
	}
	if line, err := c.response(); err != nil || !bytes.HasPrefix(line, []byte("* OK")) {
		return nil, fmt.Errorf("greeting %q: %v", line, err)
	}
	return c, nil
}

// response reads a response line with its literals, without the final CRLF.
func (c *client) response() ([]byte, error) {
	var all []byte
	for {
		line, err := c.r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		all = append(all, line...)
		line = bytes.TrimSuffix(line, []byte("\r\n"))
		open := bytes.LastIndexByte(line, '{')
		if open < 0 || !bytes.HasSuffix(line, []byte("}")) {
			return bytes.TrimSuffix(all, []byte("\r\n")), nil
		}
		n, err := strconv.Atoi(string(line[open+1 : len(line)-1]))
		if err != nil {
			return bytes.TrimSuffix(all, []byte("\r\n")), nil
		}
		literal := make([]byte, n)
		if _, err := io.ReadFull(c.r, literal); err != nil {
			return nil, err
		}
		all = append(all, literal...)
	}
}

// command sends a command, with a literal at its end if there is one, and
// returns the untagged responses.
func (c *client) command(literal []byte, format string, args ...any) ([][]byte, error) {
	c.tag++
	tag := fmt.Sprintf("t%d ", c.tag)
	line := tag + fmt.Sprintf(format, args...)
	if literal != nil {
		line += fmt.Sprintf(" {%d+}", len(literal))
	}
	c.w.WriteString(line + "\r\n")
	if literal != nil {
		c.w.Write(literal)
		c.w.WriteString("\r\n")
	}
	if err := c.w.Flush(); err != nil {
		return nil, err
	}
	var untagged [][]byte
	for {
		r, err := c.response()
		if err != nil {
			return nil, fmt.Errorf("%.60s: %w", line, err)
		}
		if !bytes.HasPrefix(r, []byte(tag)) {
			untagged = append(untagged, r)
			continue
		}
		if !bytes.HasPrefix(r[len(tag):], []byte("OK")) {
			return untagged, fmt.Errorf("%.60s: %s", line, r)
		}
		return untagged, nil
	}
}

// fetch asks for items of one message and returns them by name.
func (c *client) fetch(seq int, items []string) (map[string]token, error) {
	responses, err := c.command(nil, "FETCH %d (%s)", seq, strings.Join(items, " "))
	if err != nil {
		return nil, err
	}
	got := map[string]token{}
	for _, r := range responses {
		prefix := fmt.Appendf(nil, "* %d FETCH ", seq)
		if !bytes.HasPrefix(r, prefix) {
			continue
		}
		tokens, err := parseTokens(r[len(prefix):])
		if err != nil {
			return nil, fmt.Errorf("%.200q: %w", r, err)
		}
		for _, list := range tokens {
			for i := 0; i+1 < len(list.list); i += 2 {
				got[list.list[i].text] = list.list[i+1]
			}
		}
	}
	return got, nil
}
