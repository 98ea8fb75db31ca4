package mail

import (
	"bytes"
	"context"
	"io"

	"poststube/blob"
	"poststube/message"
	"poststube/uidset"
)

// eachEmail calls f for the emails of the messages of uids, in the order of the
// UIDs, in batches that keep memory bounded.
func (m *mailbox) eachEmail(ctx context.Context, uids uidset.Set, f func(*visible, emailRecord) error) error {
	fetch := fetcher{m: m, want: WantRendered, fetchMemory: m.t.e.takeMemory()}
	defer m.t.e.giveMemory(fetch.fetchMemory)
	progress := progressOf(ctx)
	progress.Count(0, uids.Len())
	list := make([]visible, 0, fetchBatch)
	flush := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		fetch.batch = fetch.batch[:0]
		for i := range list {
			fetch.batch = append(fetch.batch, Message{UID: list[i].uid, EmailID: list[i].rec.email})
		}
		err := fetch.emails(func(i int, e emailRecord) error {
			if i%stepEvery == 0 {
				if err := m.t.turn.Step(ctx); err != nil {
					return err
				}
			}
			return f(&list[i], e)
		})
		progress.Count(len(list), 0)
		list = list[:0]
		return err
	}
	err := m.each(uids, 1, true, func(v *visible) (bool, error) {
		c := *v
		c.keywords, c.span = nil, nil
		if list = append(list, c); len(list) < fetchBatch {
			return true, nil
		}
		return true, flush()
	})
	if err != nil || len(list) == 0 {
		return err
	}
	return flush()
}

// octets opens the octets of an email.
func (t *txn) octets(ctx context.Context, e *emailRecord) (r io.ReaderAt, done func() error, err error) {
	if e.where == bodyInBlob {
		b, err := t.e.blobs.Open(ctx, blob.ID(e.body))
		if err != nil {
			return nil, nil, err
		}
		return b, b.Close, nil
	}
	raw, err := t.r.Get(bodyKey(e.body))
	return bytes.NewReader(raw), func() error { return nil }, err
}

// header reads the header block of an email.
func (t *txn) header(e *emailRecord, size int64) ([]byte, error) {
	r, done, err := t.octets(context.Background(), e)
	if err != nil {
		return nil, err
	}
	defer done()
	b := make([]byte, min(size, message.MaxHeader))
	_, err = io.ReadFull(io.NewSectionReader(r, 0, int64(len(b))), b)
	return b, err
}
