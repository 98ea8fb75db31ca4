package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// cleanupTime is how long removing everything may take.
const cleanupTime = 2 * time.Minute

// batch is how many messages go into one APPEND where the server takes several.
const batch = 50

// A session is one server under load, with what is known of it so far.
type session struct {
	server Server
	o      Options
	mail   *writer
	c      *conn        // nil: broken, to be opened again
	base   string       // what names of own mailboxes begin with, namespace included
	main   string       // the mailbox that is measured
	put    atomic.Int64 // messages in it: 0 to put-1
	sent   int          // by LMTP
	inbox  uint64       // UIDNEXT of INBOX before the first delivery
}

// open logs in and makes the mailboxes.
func open(ctx context.Context, server Server, o Options, token string) (*session, error) {
	c, err := login(ctx, server)
	if err != nil {
		return nil, err
	}
	s := &session{server: server, o: o, mail: newWriter(token), c: c}
	s.allow(s.allowance())
	prefix, err := c.prefix()
	if err != nil {
		return nil, err
	}
	s.base = prefix + "poststube-bench-" + token
	s.main = s.base + "-main"
	for _, name := range []string{s.main, s.copies(), s.moved(), s.watched()} {
		if err := c.do("CREATE", " "+quote(name), nil); err != nil {
			return nil, errors.Join(err, s.cleanUp(ctx))
		}
	}
	return s, nil
}

func (s *session) copies() string  { return s.base + "-copy" }
func (s *session) moved() string   { return s.base + "-moved" }
func (s *session) watched() string { return s.base + "-push" }

// allowance is how long a measurement may take before it counts as failed.
func (s *session) allowance() time.Duration { return 24 * s.o.Limit }

func (s *session) allow(d time.Duration) {
	// A connection that is closed already shows with the next command.
	_ = s.c.nc.SetDeadline(time.Now().Add(d))
}

// measure carries out a workload.
func (s *session) measure(outer context.Context, w workload) Figure {
	name := Figure{Server: s.server.Name}
	allowance := s.allowance()
	if w.slow {
		allowance = 60*s.o.Limit + time.Duration(s.o.Messages)*time.Minute/10_000
	}
	ctx, cancel := context.WithTimeout(outer, allowance)
	defer cancel()
	if s.c == nil {
		c, err := login(outer, s.server)
		if err != nil {
			name.Error = err.Error()
			return name
		}
		s.c = c
	}
	if w.needs != nil {
		if name.Skipped = w.needs(s); name.Skipped != "" {
			return name
		}
	}
	s.allow(allowance)
	m := &meter{until: time.Now().Add(s.o.Limit)}
	err := w.run(ctx, s, m)
	var no *refused
	switch {
	case err == nil:
		f := m.figure(w.unit)
		f.Server = name.Server
		return f
	case !errors.As(err, &no):
		s.c.close()
		s.c = nil
	}
	name.Error = err.Error()
	return name
}

// selectMailbox opens a mailbox and returns how many messages it has, and UIDNEXT.
func (c *conn) selectMailbox(name string) (exists int, next uint64, err error) {
	err = c.do("SELECT", " "+quote(name), func(line []byte) error {
		if n, ok := numbered(line, "EXISTS"); ok {
			exists = n
		}
		if n, ok := code(line, "UIDNEXT"); ok {
			next = n
		}
		return nil
	})
	return exists, next, err
}

// numbered tells whether a response is "* n KIND …".
func numbered(line []byte, kind string) (n int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("* "))
	if !ok {
		return 0, false
	}
	digits, rest, _ := bytes.Cut(rest, []byte{' '})
	if n, err := strconv.Atoi(string(digits)); err == nil && bytes.HasPrefix(rest, []byte(kind)) {
		return n, true
	}
	return 0, false
}

// prefix returns what names of a user's own mailboxes begin with (RFC 2342).
func (c *conn) prefix() (prefix string, err error) {
	if !c.has("NAMESPACE") {
		return "", nil
	}
	err = c.do("NAMESPACE", "", func(line []byte) error {
		if rest, ok := bytes.CutPrefix(line, []byte(`* NAMESPACE (("`)); ok {
			name, _, _ := bytes.Cut(rest, []byte{'"'})
			prefix = string(name)
		}
		return nil
	})
	return prefix, err
}

// append adds messages to a mailbox with one command. Message i is unseen if i is
// divisible by 10.
func (c *conn) append(mailbox string, from int, messages ...[]byte) error {
	c.tags++
	tag := "b" + strconv.Itoa(c.tags)
	c.w.WriteString(tag + " APPEND " + quote(mailbox))
	plus := ""
	if c.caps["LITERAL+"] {
		plus = "+"
	}
	for i, message := range messages {
		flags := ` (\Seen)`
		if (from+i)%unseenEvery == 0 {
			flags = " ()"
		}
		c.w.WriteString(flags + " {" + strconv.Itoa(len(message)) + plus + "}\r\n")
		if plus == "" {
			if err := c.w.Flush(); err != nil {
				return err
			}
			if err := c.wait(); err != nil {
				return fmt.Errorf("APPEND: %w", err)
			}
		}
		c.w.Write(message)
	}
	c.w.WriteString("\r\n")
	if err := c.w.Flush(); err != nil {
		return err
	}
	return c.finish(tag, "APPEND", nil)
}

// search returns the numbers that SEARCH finds.
func (c *conn) search(command, criteria string) (found []string, err error) {
	err = c.do(command, " "+criteria, func(line []byte) error {
		if rest, ok := bytes.CutPrefix(line, []byte("* SEARCH")); ok {
			found = append(found, strings.Fields(string(rest))...)
		}
		return nil
	})
	return found, err
}

// cleanUp removes all that the run has made: mailboxes that begin with its base,
// and the mail it has delivered. It uses a connection of its own.
func (s *session) cleanUp(ctx context.Context) error {
	if s.c != nil {
		s.c.close()
		s.c = nil
	}
	c, err := login(ctx, s.server)
	if err != nil {
		return fmt.Errorf("%s: the mailboxes %s* are left behind: %w", s.server.Name, s.base, err)
	}
	defer c.logout()
	var names []string
	err = c.do("LIST", ` "" `+quote(s.base+"*"), func(line []byte) error {
		// The name is an atom or quoted, and none of ours has a character to escape.
		if at := bytes.Index(line, []byte(s.base)); at >= 0 {
			names = append(names, strings.TrimRight(string(line[at:]), `"`))
		}
		return nil
	})
	for _, name := range names {
		if derr := c.do("DELETE", " "+quote(name), nil); derr != nil {
			err = errors.Join(err, fmt.Errorf("the mailbox %s is left behind: %w", name, derr))
		}
	}
	if s.sent > 0 {
		err = errors.Join(err, s.cleanInbox(c))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.server.Name, err)
	}
	return nil
}

// cleanInbox removes the delivered messages, and only them.
func (s *session) cleanInbox(c *conn) error {
	if _, _, err := c.selectMailbox("INBOX"); err != nil {
		return err
	}
	uids, err := c.search("UID SEARCH", fmt.Sprintf("UID %d:* HEADER %s %s", s.inbox, mark, s.mail.token))
	if err != nil {
		return err
	}
	if len(uids) > 0 {
		set := strings.Join(uids, ",")
		if err := c.do("UID STORE", " "+set+` +FLAGS.SILENT (\Deleted)`, nil); err != nil {
			return err
		}
		if err := c.do("UID EXPUNGE", " "+set, nil); err != nil {
			return err
		}
	}
	if len(uids) != s.sent {
		return fmt.Errorf("%d messages were delivered and %d found in INBOX and removed; the header field %s: %s marks the others",
			s.sent, len(uids), mark, s.mail.token)
	}
	return nil
}
