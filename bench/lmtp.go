package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// deliverable says what is missing to measure deliveries.
func deliverable(s *session) string {
	switch {
	case s.server.LMTP == "":
		return "LMTP"
	case !s.c.has("UIDPLUS"):
		return "UIDPLUS" // without which nothing can be removed alone from INBOX
	}
	return ""
}

// deliveries measures one LMTP client (RFC 2033) that delivers to the user.
func deliveries(ctx context.Context, s *session, m *meter) error {
	_, next, err := s.c.selectMailbox("INBOX")
	if err != nil {
		return err
	}
	if next == 0 {
		return fmt.Errorf("the server tells no UIDNEXT, without which deliveries could not be removed")
	}
	s.inbox = next
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", s.server.LMTP)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	l := &lmtp{r: bufio.NewReader(nc), w: bufio.NewWriter(nc)}
	if err := l.expect("220"); err != nil {
		return err
	}
	if err := l.command("250", "LHLO bench.example.org"); err != nil {
		return err
	}
	for i := 0; m.again(i, s.o.Messages/10); i++ {
		message := s.mail.message(i)
		start := time.Now()
		if err := l.deliver(s.server.Recipient, message); err != nil {
			return err
		}
		m.add(1, time.Since(start))
		s.sent++
	}
	return l.command("221", "QUIT")
}

type lmtp struct {
	r *bufio.Reader
	w *bufio.Writer
}

// deliver sends one message to one recipient, each command by itself: servers
// without PIPELINING can be compared with others.
func (l *lmtp) deliver(to string, message []byte) error {
	if err := l.command("250", "MAIL FROM:<sender@example.org>"); err != nil {
		return err
	}
	if err := l.command("250", "RCPT TO:<"+to+">"); err != nil {
		return err
	}
	if err := l.command("354", "DATA"); err != nil {
		return err
	}
	for line := range bytes.Lines(message) {
		if line[0] == '.' {
			l.w.WriteByte('.')
		}
		l.w.Write(line)
	}
	return l.command("250", ".")
}

func (l *lmtp) command(want, line string) error {
	l.w.WriteString(line + "\r\n")
	if err := l.w.Flush(); err != nil {
		return err
	}
	if err := l.expect(want); err != nil {
		verb, _, _ := strings.Cut(line, ":")
		return fmt.Errorf("LMTP %s: %w", verb, err)
	}
	return nil
}

// expect reads a reply of one or more lines.
func (l *lmtp) expect(code string) error {
	for {
		line, err := l.r.ReadString('\n')
		if err != nil {
			return err
		}
		switch {
		case len(line) < 4 || !strings.HasPrefix(line, code):
			return fmt.Errorf("the server answers %s", printable([]byte(strings.TrimSpace(line))))
		case line[3] != '-':
			return nil
		}
	}
}
