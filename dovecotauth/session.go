package dovecotauth

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"poststube/directory"
)

// A session is one connection. One goroutine reads from it; each request that
// waits for the directory has one of its own.
type session struct {
	server  *Server
	conn    net.Conn
	ctx     context.Context
	log     *slog.Logger
	running sync.WaitGroup // requests
	greeted bool           // VERSION has come

	mu       sync.Mutex // for what follows and for writing
	requests map[uint32]*request
}

// run speaks with the client until one of the two ends it.
func (c *session) run(number uint64) {
	defer c.recover()
	if err := c.write(c.server.greeting(number)); err != nil {
		return
	}
	in := bufio.NewReaderSize(c.conn, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			if err != io.EOF && c.ctx.Err() == nil {
				c.log.Warn("connection ended", "err", err)
			}
			return
		}
		if err := c.handle(strings.TrimSuffix(string(line), "\n")); err != nil {
			c.log.Warn("connection ended", "err", err)
			return
		}
	}
}

// greeting is what the server says first. All mechanisms are named; which of
// them a request may use depends on what it says of its own connection.
func (s *Server) greeting(number uint64) string {
	var cookie [16]byte
	rand.Read(cookie[:]) // never fails
	var b strings.Builder
	b.WriteString("VERSION\t1\t2\n")
	for _, m := range s.config.Directory.Mechanisms(directory.Channel{Secure: true}) {
		b.WriteString("MECH\t" + m)
		switch m {
		case "PLAIN", "LOGIN":
			b.WriteString("\tplaintext")
		default:
			b.WriteString("\tdictionary\tactive\tmutual-auth")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "SPID\t%d\nCUID\t%d\nCOOKIE\t%s\nDONE\n", s.pid, number, hex.EncodeToString(cookie[:]))
	return b.String()
}

// handle acts on one line. An error ends the connection.
func (c *session) handle(line string) error {
	cmd, err := parseLine(line)
	if err != nil {
		return err
	}
	if cmd.verb == "VERSION" {
		if cmd.major != 1 {
			return fmt.Errorf("dovecotauth: the client speaks version %d, this server version 1", cmd.major)
		}
		c.greeted = true
		return nil
	}
	if !c.greeted {
		return errProtocol
	}
	switch cmd.verb {
	case "AUTH":
		return c.begin(cmd)
	case "CONT":
		return c.resume(cmd)
	case "CANCEL":
		c.forget(cmd.id)
	}
	return nil
}

// write sends whole lines. The caller holds mu, or is the only one yet.
func (c *session) write(s string) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.server.config.WriteTime)); err != nil {
		return err
	}
	_, err := io.WriteString(c.conn, s)
	if err != nil {
		c.conn.Close() // part of a line may be out: nothing can follow
	}
	return err
}

// reply sends a line about a request. An error shows in the next read.
func (c *session) reply(verb string, id uint32, fields ...string) {
	b := append(make([]byte, 0, 256), verb...)
	b = strconv.AppendUint(append(b, '\t'), uint64(id), 10)
	for _, f := range fields {
		b = append(append(b, '\t'), f...)
	}
	_ = c.write(string(append(b, '\n')))
}

// recover keeps a bug in one connection from ending the server.
func (c *session) recover() {
	if p := recover(); p != nil {
		c.log.Error("session failed", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		c.conn.Close()
	}
}
