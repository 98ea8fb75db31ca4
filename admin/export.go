package admin

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"poststube/mail"
)

// Export implements Service.
func (l *Local) Export(ctx context.Context, box MailboxName, visit func(Message) error) error {
	u, err := l.owner(ctx, box.Owner)
	if err != nil {
		return err
	}
	b, err := u.Open(ctx, box.Name)
	if err != nil {
		return l.suggest(ctx, err, box.Owner, box.Name)
	}
	state, err := b.State(ctx, false)
	if err != nil {
		return err
	}
	// Visitors of the store must not wait for others, so messages are copied
	// out of it in portions.
	const portion = 4 << 20
	var copies []copied
	for from := uint32(1); from != 0; {
		size := 0
		copies = copies[:0]
		from, err = b.Messages(ctx, state.UIDs, from, mail.WantRaw, func(m *mail.Message) bool {
			copies = append(copies, copied{m.UID, m.InternalDate(), formatFlags(m.Flags), bytes.Clone(m.Raw)})
			size += len(m.Raw)
			return size < portion
		})
		if err != nil {
			return err
		}
		for _, c := range copies {
			if err := c.visit(ctx, b, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

type copied struct {
	uid   uint32
	date  time.Time
	flags []string
	raw   []byte // nil if the body must be opened
}

func (c *copied) visit(ctx context.Context, b *mail.Mailbox, visit func(Message) error) error {
	m := Message{UID: c.uid, Date: c.date, Flags: c.flags, Body: bytes.NewReader(c.raw)}
	if c.raw == nil {
		body, err := b.OpenBody(ctx, c.uid)
		if mail.KindOf(err) == mail.NotFound {
			return nil // expunged meanwhile
		}
		if err != nil {
			return err
		}
		defer body.Close()
		m.Body = io.NewSectionReader(body, 0, body.Size())
	}
	return visit(m)
}

// systemFlags are the names of the flags of RFC 9051 section 2.3.2.
var systemFlags = [...]struct {
	flag mail.SystemFlags
	name string
}{
	{mail.Seen, `\Seen`}, {mail.Answered, `\Answered`}, {mail.Flagged, `\Flagged`}, {mail.Deleted, `\Deleted`}, {mail.Draft, `\Draft`},
}

func formatFlags(f mail.Flags) []string {
	names := make([]string, 0, len(f.Keywords)+2)
	for _, s := range systemFlags {
		if f.System&s.flag != 0 {
			names = append(names, s.name)
		}
	}
	return append(names, f.Keywords...)
}

// parseFlags is formatFlags' inverse. Unknown system flags are left out.
func parseFlags(names []string) (f mail.Flags) {
	for _, name := range names {
		if !strings.HasPrefix(name, `\`) {
			f.Keywords = append(f.Keywords, name)
			continue
		}
		for _, s := range systemFlags {
			if strings.EqualFold(name, s.name) {
				f.System |= s.flag
			}
		}
	}
	return f
}
