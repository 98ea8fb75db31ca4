package mail

import (
	"context"
	"time"

	"poststube/acl"
)

// named purges expunged messages that somebody has named, at once. Those that
// exist, or are back, are left out: they must be expunged first.
func (p *purger) named(ctx context.Context) error {
	return p.repeat(ctx, func(t *txn) (last bool, err error) {
		m, tombs, err := p.tombs(t)
		if err != nil {
			return true, err
		}
		last = len(tombs) <= purgeStep
		for _, g := range tombs[:min(len(tombs), purgeStep)] {
			if err := p.message(t, m.id, g.uid, g.rec, g.email); err != nil {
				return true, err
			}
		}
		// The log still says who expunged them, and when: as a purge by time
		// leaves it until the log's own time is over.
		return last, nil
	})
}

// tombs returns the named messages that can be purged.
func (p *purger) tombs(t *txn) (*mailbox, []tomb, error) {
	m, err := t.mailbox(MailboxID{p.u.principal.ID, p.o.Mailbox}, acl.None)
	if err != nil {
		return nil, nil, err
	}
	tombs, err := m.expunged(time.Time{}, p.o.UIDs.Contains)
	return m, tombs, err
}
