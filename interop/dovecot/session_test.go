package dovecot

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"

	"poststube/dialogue/house"
	"poststube/imap"
	"poststube/message"
)

// sessionSample is how many messages of the corpus TestSessionsAgree takes.
const sessionSample = 500

// TestSessionsAgree stores a sample of the corpus in Dovecot and in poststube,
// both over IMAP, and compares what the two answer to the same FETCH.
func TestSessionsAgree(t *testing.T) {
	messages := corpus(t)
	theirs, ours := openInbox(t, startDovecot(t)), openInbox(t, startPoststube(t))
	var s score
	step := max(1, len(messages)/sessionSample)
	for i := 0; i < len(messages); i += step {
		if m := messages[i]; bytes.IndexByte(m.data, 0) < 0 { // IMAP has no form for NUL
			if err := compareSessions(t, &s, theirs, ours, m); err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
		}
	}
	if s.messages < sessionSample*9/10 {
		t.Errorf("only %d messages of %d were compared", s.messages, len(messages))
	}
	t.Logf("%d messages, %d answers compared", s.messages, s.values)
	for why, n := range s.explained {
		t.Logf("%d differ: %s", n, why)
	}
}

// openInbox returns a client with INBOX selected.
func openInbox(t *testing.T, addr string) *client {
	t.Helper()
	c, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	for _, command := range []string{"LOGIN anna secret", "SELECT INBOX"} {
		if _, err := c.command(nil, "%s", command); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// startPoststube serves IMAP on stores in memory and returns its address.
func startPoststube(t *testing.T) string {
	t.Helper()
	h, err := house.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Set([]string{"user", "anna", "secret"}, nil); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	srv := h.IMAP()
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, imap.ErrClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// compareSessions appends a message to both and compares the answers to
// everything that can be asked of it.
func compareSessions(t *testing.T, s *score, theirs, ours *client, m sample) error {
	for _, c := range []*client{theirs, ours} {
		if _, err := c.command(m.data, `APPEND INBOX (\Seen)`); err != nil {
			return err
		}
	}
	s.messages++
	root, err := message.Parse(bytes.NewReader(m.data), int64(len(m.data)))
	if err != nil {
		return err
	}
	for _, items := range sessionItems(root, m.data) {
		want, err := ours.fetch(s.messages, items)
		if err != nil {
			return err
		}
		if len(want) < len(items) {
			t.Errorf("%s: %d answers to %d items: %.300v", m.name, len(want), len(items), items)
		}
		got, err := theirs.fetch(s.messages, items)
		if err != nil {
			return err
		}
		s.compare(t, m.name, got, want)
	}
	return nil
}

// sessionItems lists what is asked for, by commands. Subsets of the header come
// last, see headerFields.
func sessionItems(root *message.Part, data []byte) [][]string {
	first := []string{"RFC822", "RFC822.HEADER", "RFC822.TEXT", "BODY.PEEK[]<0.100>", "BODY.PEEK[]<50.200>", "BODY.PEEK[TEXT]<7.1000000>",
		"BODY.PEEK[1]<3.10>", "BODY.PEEK[HEADER]<10.20>", "BODY.PEEK[TEXT]<99999999.1>"}
	for name := range answers(root, data) {
		first = append(first, strings.Replace(name, "BODY[", "BODY.PEEK[", 1))
	}
	var last []string
	for name := range headerFields(root, data) {
		last = append(last, strings.Replace(name, "BODY[", "BODY.PEEK[", 1))
	}
	last = append(last, "BODY.PEEK[HEADER.FIELDS (TO CC RECEIVED)]<5.30>")
	return [][]string{first, last}
}
