package imap_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"poststube/dialogue/house"
	"poststube/mail"
)

// A team is a house with people, for tests of rights. It must be made in a
// bubble, and ends with it.
type team struct {
	*house.House
	t       testing.TB
	ctx     context.Context
	talkers []*talker
}

func newTeam(t *testing.T, settings ...string) *team {
	t.Helper()
	h, err := house.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &team{House: h, t: t, ctx: context.Background()}
	t.Cleanup(w.close)
	for _, line := range settings {
		w.set("%s", line)
	}
	return w
}

// set carries out a setting of package house.
func (w *team) set(format string, args ...any) {
	w.t.Helper()
	if err := w.Set(strings.Fields(fmt.Sprintf(format, args...)), nil); err != nil {
		w.t.Fatalf(format+": %v", append(args, err)...)
	}
}

// close ends the house, which checks its store.
func (w *team) close() {
	for _, c := range w.talkers {
		c.conn.Close()
	}
	synctest.Wait()
	if err := w.Close(); err != nil {
		w.t.Error(err)
	}
}

// owner is the way to somebody's mailboxes with every right.
func (w *team) owner(name string) *mail.User {
	w.t.Helper()
	p, err := w.Directory().ByName(w.ctx, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.Engine().AsAdmin(p, "test")
}

// put appends a message with flags.
func (w *team) put(owner, path string, flags mail.Flags) {
	w.t.Helper()
	const text = "Subject: one\r\n\r\n1\r\n"
	up, err := w.Engine().Upload(w.ctx, strings.NewReader(text), int64(len(text)))
	if err == nil {
		_, err = w.owner(owner).Append(w.ctx, path, []mail.NewMessage{{Upload: up, Flags: flags}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// A talker is a client that says one command after another.
type talker struct {
	t    testing.TB
	name string
	conn net.Conn
	tags int

	mu    sync.Mutex
	lines []string
}

// talk connects somebody and logs in.
func (w *team) talk(user string) *talker {
	w.t.Helper()
	conn, err := w.Dial("imap", netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		w.t.Fatal(err)
	}
	c := &talker{t: w.t, name: user, conn: conn}
	w.talkers = append(w.talkers, c)
	go func() {
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			c.mu.Lock()
			c.lines = append(c.lines, strings.TrimSuffix(line, "\r\n"))
			c.mu.Unlock()
		}
	}()
	synctest.Wait()
	c.take() // the greeting
	c.ok("LOGIN %s secret", user)
	return c
}

// take returns what has been received since the last time.
func (c *talker) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := c.lines
	c.lines = nil
	return lines
}

// A reply is what came for a command.
type reply struct {
	lines []string // untagged, or parts of literals
	end   string   // the tagged one, without its tag; "" if none came
}

// text is the whole reply.
func (r reply) text() string { return strings.Join(append(r.lines, r.end), "\n") }

// code is "OK", "BAD", or "NO" with its response code, such as "NO [NOPERM]".
func (r reply) code() string {
	status, rest, _ := strings.Cut(r.end, " ")
	if status == "NO" && strings.HasPrefix(rest, "[") {
		word, _, _ := strings.Cut(rest[1:], "]")
		word, _, _ = strings.Cut(word, " ")
		return status + " [" + word + "]"
	}
	return status
}

// do sends a command and returns its reply.
func (c *talker) do(format string, args ...any) reply {
	c.tags++
	tag := fmt.Sprintf("t%d", c.tags)
	fmt.Fprintf(c.conn, "%s %s\r\n", tag, fmt.Sprintf(format, args...))
	synctest.Wait()
	var r reply
	for _, line := range c.take() {
		if end, ok := strings.CutPrefix(line, tag+" "); ok {
			r.end = end
		} else {
			r.lines = append(r.lines, line)
		}
	}
	return r
}

// ok is do for a command that must succeed.
func (c *talker) ok(format string, args ...any) reply {
	c.t.Helper()
	r := c.do(format, args...)
	if r.code() != "OK" {
		c.t.Fatalf("%s: %s was answered with %s", c.name, fmt.Sprintf(format, args...), r.text())
	}
	return r
}
