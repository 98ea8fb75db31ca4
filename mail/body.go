package mail

import (
	"bytes"
	"context"
	"errors"
	"io"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
)

// A Body is the octets of one message, for reading at any offset.
type Body struct {
	io.ReaderAt
	size      int64
	close     func() error
	structure []byte
}

// Size is the length in octets.
func (b *Body) Size() int64 { return b.size }

// Structure is the part tree by offsets; message.ParseStructure reads it.
func (b *Body) Structure() []byte { return b.structure }

// Close must be called in the end.
func (b *Body) Close() error {
	if b.close == nil {
		return nil
	}
	return b.close()
}

// OpenBody opens a message's octets; it needs r. The error is NotFound when the
// message is no longer there.
func (b *Mailbox) OpenBody(ctx context.Context, uid uint32) (*Body, error) {
	var body *Body
	var blobID blob.ID
	err := b.view(ctx, "body", acl.Read, func(m *mailbox) error {
		there, err := m.exists(uid)
		if err != nil {
			return err
		}
		if !there {
			return fail(NotFound, "the message is no longer there")
		}
		v, err := m.t.r.Get(m.t.key.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(uid).b)
		if err != nil {
			return err
		}
		var rec messageRecord
		if err := rec.decode(v); err != nil {
			return err
		}
		e, err := m.t.email(m.id.Owner, rec.email)
		if err != nil {
			return err
		}
		body = &Body{size: rec.size}
		if body.structure, err = e.structure(); err != nil {
			return err
		}
		if e.where == bodyInBlob {
			blobID = blob.ID(e.body)
			return nil
		}
		raw, err := m.t.r.Get(bodyKey(e.body))
		if err != nil {
			return err
		}
		body.ReaderAt = bytes.NewReader(bytes.Clone(raw))
		return nil
	})
	if err != nil || body.ReaderAt != nil {
		return body, err
	}
	r, err := b.user.engine.blobs.Open(ctx, blobID)
	if err != nil {
		return nil, b.user.engine.failure(ctx, "body", err)
	}
	body.ReaderAt, body.close = r, r.Close
	return body, nil
}

// email reads an email of an owner.
func (t *txn) email(owner directory.ID, email uint64) (emailRecord, error) {
	v, err := t.r.Get(t.key.start(owner, tableEmail).u64(email).b)
	if errors.Is(err, kv.ErrNotFound) {
		return emailRecord{}, errRecord
	}
	if err != nil {
		return emailRecord{}, err
	}
	return decodeEmail(v)
}
