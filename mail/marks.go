package mail

import (
	"context"

	"poststube/acl"
)

// Marks returns for each mailbox up to which modseq something has happened there
// that the user can see, and 0 for one that is gone or may no longer be read. It
// reads two records a mailbox, so a session that watches many learns cheaply of
// which to ask the Status.
func (u *User) Marks(ctx context.Context, ids []MailboxID) ([]ModSeq, error) {
	marks := make([]ModSeq, len(ids))
	err := u.view(ctx, "marks", func(t *txn) error {
		for i, id := range ids {
			m, err := t.mailbox(id, acl.Read)
			if k := KindOf(err); err != nil && (k == NotFound || k == Denied) {
				continue
			}
			if err != nil {
				return err
			}
			t.boxes = t.boxes[:0]
			marks[i] = max(m.c.highestModSeq, m.privateModSeq(), 1)
		}
		return nil
	})
	return marks, err
}
