package bench

import (
	"context"
	"fmt"
	"strings"
)

// unseenEvery: every tenth message is unseen.
const unseenEvery = 10

// A workload is one measurement. Later ones build on what earlier ones left.
type workload struct {
	name  string
	unit  Unit
	slow  bool                    // filling, which may take longer
	needs func(s *session) string // what the server lacks for it; nil: nothing
	run   func(ctx context.Context, s *session, m *meter) error
}

// workloads lists all. One line adds one; the command has a title for each.
var workloads = []workload{
	{name: "login", unit: PerSecond, run: logins},
	{name: "login_together", unit: PerSecond, run: loginsTogether},
	{name: "append", unit: PerSecond, run: appends},
	{name: "append_together", unit: PerSecond, run: appendsTogether},
	{name: "append_many", unit: PerSecond, slow: true, run: fill},
	{name: "select", unit: Milliseconds, run: selects},
	{name: "fetch_flags", unit: PerSecond, run: fetch("(UID FLAGS)")},
	{name: "fetch_envelopes", unit: PerSecond, run: fetch("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)")},
	{name: "fetch_bodies", unit: Megabytes, run: fetch("(UID BODY.PEEK[])")},
	{name: "search_unseen", unit: Milliseconds, run: search("UNSEEN", unseenEvery)},
	{name: "search_subject", unit: Milliseconds, run: search("SUBJECT "+subjectWord, subjectEvery)},
	{name: "search_body", unit: Milliseconds, run: search("BODY "+bodyWord, bodyEvery)},
	{name: "noop", unit: Milliseconds, run: noops},
	{name: "append_full", unit: PerSecond, run: appends},
	{name: "store", unit: PerSecond, run: stores},
	{name: "store_all", unit: PerSecond, run: storesAll},
	{name: "resync", unit: Milliseconds, needs: extension("QRESYNC"), run: resyncs},
	{name: "copy", unit: PerSecond, run: copies},
	{name: "move", unit: PerSecond, needs: extension("MOVE"), run: moves},
	{name: "expunge", unit: PerSecond, run: expunges},
	{name: "create", unit: PerSecond, run: creates},
	{name: "list", unit: Milliseconds, run: lists},
	{name: "idle_push", unit: Milliseconds, needs: extension("IDLE"), run: pushes},
	{name: "lmtp", unit: PerSecond, needs: deliverable, run: deliveries},
}

// extension says that a server lacks an extension of IMAP.
func extension(name string) func(*session) string {
	return func(s *session) string {
		if s.c.has(name) {
			return ""
		}
		return name
	}
}

func logins(ctx context.Context, s *session, m *meter) error {
	for i := 0; m.again(i, 100); i++ {
		if err := s.loginOnce(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func loginsTogether(ctx context.Context, s *session, m *meter) error {
	return m.together(s.o.Connections, func(int) error { return logins(ctx, s, m) })
}

func (s *session) loginOnce(ctx context.Context, m *meter) error {
	var c *conn
	err := m.time(1, func() (err error) {
		c, err = login(ctx, s.server)
		return err
	})
	if err == nil {
		c.logout()
	}
	return err
}

// appends measures one client that appends one message after another; what it puts
// in is part of the mailbox. It is measured on the empty mailbox and on the full one.
func appends(_ context.Context, s *session, m *meter) error {
	for i := 0; m.again(i, min(s.o.Messages/10, 1000)); i++ {
		if err := s.appendNext(s.c, m, 1); err != nil {
			return err
		}
	}
	return nil
}

func appendsTogether(ctx context.Context, s *session, m *meter) error {
	return s.withConns(ctx, m, func(c *conn) error {
		for i := 0; m.again(i, s.o.Messages/4/s.o.Connections); i++ {
			if err := s.appendNext(c, m, 1); err != nil {
				return err
			}
		}
		return nil
	})
}

// fill appends what the mailbox lacks: several messages with a command where the
// server takes that, else on several connections.
func fill(ctx context.Context, s *session, m *meter) error {
	if !s.c.has("MULTIAPPEND") {
		share := (s.o.Messages - int(s.put.Load())) / s.o.Connections
		err := s.withConns(ctx, m, func(c *conn) error {
			for range share {
				if err := s.appendNext(c, m, 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for left := s.o.Messages - int(s.put.Load()); left > 0; left = s.o.Messages - int(s.put.Load()) {
		n := 1
		if s.c.has("MULTIAPPEND") {
			n = min(left, batch)
		}
		if err := s.appendNext(s.c, m, n); err != nil {
			return fmt.Errorf("%w: %d of %d messages are in the mailbox", err, s.put.Load(), s.o.Messages)
		}
	}
	return nil
}

// appendNext puts the next n messages into the mailbox. Making them up is not timed.
func (s *session) appendNext(c *conn, m *meter, n int) error {
	from := int(s.put.Add(int64(n))) - n
	messages := make([][]byte, n)
	for i := range messages {
		messages[i] = s.mail.message(from + i)
	}
	return m.time(n, func() error { return c.append(s.main, from, messages...) })
}

// withConns runs f on several connections at a time.
func (s *session) withConns(ctx context.Context, m *meter, f func(c *conn) error) error {
	conns := make([]*conn, s.o.Connections)
	for i := range conns {
		c, err := login(ctx, s.server)
		if err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		defer c.logout()
		conns[i] = c
	}
	return m.together(len(conns), func(worker int) error { return f(conns[worker]) })
}

// selects opens the mailbox from another one, which has nothing in it.
func selects(_ context.Context, s *session, m *meter) error {
	for i := 0; m.again(i, 50); i++ {
		if _, _, err := s.c.selectMailbox(s.watched()); err != nil {
			return err
		}
		exists := 0
		err := m.time(1, func() (err error) {
			exists, _, err = s.c.selectMailbox(s.main)
			return err
		})
		if err != nil {
			return err
		}
		if want := int(s.put.Load()); exists != want {
			return fmt.Errorf("the mailbox has %d messages, not the %d that were put in", exists, want)
		}
	}
	return nil
}

// fetch reads something of all messages.
func fetch(items string) func(context.Context, *session, *meter) error {
	return func(_ context.Context, s *session, m *meter) error {
		exists, _, err := s.c.selectMailbox(s.main)
		if err != nil {
			return err
		}
		for i := 0; m.again(i, 20); i++ {
			before, fetched := s.c.bytes, 0
			err := m.time(exists, func() error {
				return s.c.do("FETCH", " 1:* "+items, func(line []byte) error {
					if _, ok := numbered(line, "FETCH"); ok {
						fetched++
					}
					return nil
				})
			})
			if err != nil {
				return err
			}
			if fetched < exists {
				return fmt.Errorf("FETCH shows %d messages of %d", fetched, exists)
			}
			m.bytes += s.c.bytes - before
		}
		return nil
	}
}

// search finds what every k-th message has; another count than that is an error.
func search(criteria string, k int) func(context.Context, *session, *meter) error {
	return func(_ context.Context, s *session, m *meter) error {
		exists, _, err := s.c.selectMailbox(s.main)
		if err != nil {
			return err
		}
		for i := 0; m.again(i, 20); i++ {
			var found []string
			err := m.time(1, func() (err error) {
				found, err = s.c.search("SEARCH", criteria)
				return err
			})
			if err != nil {
				return err
			}
			if want := every(exists, k); len(found) != want {
				return fmt.Errorf("SEARCH %s finds %d messages, not %d", criteria, len(found), want)
			}
		}
		return nil
	}
}

func noops(_ context.Context, s *session, m *meter) error {
	if _, _, err := s.c.selectMailbox(s.main); err != nil {
		return err
	}
	for i := 0; m.again(i, 200); i++ {
		if err := m.time(1, func() error { return s.c.do("NOOP", "", nil) }); err != nil {
			return err
		}
	}
	return nil
}

// stores changes a flag of one message after another.
func stores(_ context.Context, s *session, m *meter) error {
	exists, _, err := s.c.selectMailbox(s.main)
	if err != nil {
		return err
	}
	for i := 0; m.again(i, 2000); i++ {
		args := fmt.Sprintf(` %d %sFLAGS (\Flagged)`, i%exists+1, sign(i/exists))
		if err := m.time(1, func() error { return s.c.do("STORE", args, nil) }); err != nil {
			return err
		}
	}
	return nil
}

// storesAll changes a flag of all messages at once.
func storesAll(_ context.Context, s *session, m *meter) error {
	exists, _, err := s.c.selectMailbox(s.main)
	if err != nil {
		return err
	}
	for i := 0; m.again(i, 20); i++ {
		args := fmt.Sprintf(` 1:* %sFLAGS.SILENT (\Answered)`, sign(i))
		if err := m.time(exists, func() error { return s.c.do("STORE", args, nil) }); err != nil {
			return err
		}
	}
	return nil
}

// sign is for flags that are set in even rounds and taken in odd ones.
func sign(round int) string {
	if round%2 == 0 {
		return "+"
	}
	return "-"
}

// portion is how many messages COPY and MOVE take at once.
func (s *session) portion() int { return min(int(s.put.Load()), 1000) }

func copies(_ context.Context, s *session, m *meter) error {
	if _, _, err := s.c.selectMailbox(s.main); err != nil {
		return err
	}
	args := fmt.Sprintf(" 1:%d %s", s.portion(), quote(s.copies()))
	for i := 0; m.again(i, 5); i++ {
		if err := m.time(s.portion(), func() error { return s.c.do("COPY", args, nil) }); err != nil {
			return err
		}
	}
	return nil
}

// moves takes away what copies has made.
func moves(_ context.Context, s *session, m *meter) error {
	exists, _, err := s.c.selectMailbox(s.copies())
	if err != nil {
		return err
	}
	for ; exists > 0; exists -= min(exists, s.portion()) {
		n := min(exists, s.portion())
		args := fmt.Sprintf(" 1:%d %s", n, quote(s.moved()))
		if err := m.time(n, func() error { return s.c.do("MOVE", args, nil) }); err != nil {
			return err
		}
	}
	return nil
}

// expunges takes away what moves has left, or copies where there is no MOVE.
func expunges(_ context.Context, s *session, m *meter) error {
	mailbox := s.moved()
	if !s.c.has("MOVE") {
		mailbox = s.copies()
	}
	exists, _, err := s.c.selectMailbox(mailbox)
	if err != nil {
		return err
	}
	for ; exists > 0; exists -= min(exists, s.portion()) {
		n := min(exists, s.portion())
		if err := s.c.do("STORE", fmt.Sprintf(` 1:%d +FLAGS.SILENT (\Deleted)`, n), nil); err != nil {
			return err
		}
		if err := m.time(n, func() error { return s.c.do("EXPUNGE", "", nil) }); err != nil {
			return err
		}
	}
	return nil
}

func creates(_ context.Context, s *session, m *meter) error {
	for i := 0; m.again(i, min(s.o.Messages/10, 200)); i++ {
		args := " " + quote(fmt.Sprintf("%s-list-%03d", s.base, i))
		if err := m.time(1, func() error { return s.c.do("CREATE", args, nil) }); err != nil {
			return err
		}
	}
	return nil
}

// lists lists all mailboxes of the account, so accounts of equal size are to be compared.
func lists(_ context.Context, s *session, m *meter) error {
	for i := 0; m.again(i, 50); i++ {
		own := 0
		err := m.time(1, func() error {
			return s.c.do("LIST", ` "" "*"`, func(line []byte) error {
				if strings.Contains(string(line), s.base) {
					own++
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		if own < 4 {
			return fmt.Errorf("LIST shows %d of the mailboxes that were made", own)
		}
	}
	return nil
}
