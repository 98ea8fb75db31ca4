package mail

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"poststube/blob"
	"poststube/directory"
	"poststube/message"
)

// inlineMax is the size up to which a message rides in the commit that
// mentions it: one sync makes both durable. Larger ones go to the blob store
// first, so that the write-ahead log stays small. See docs/decisions.
const inlineMax = 64 << 10

// An Upload is a message on its way in: received, parsed and rendered outside
// of any lock, not yet in a mailbox. One goroutine uses it at a time. It may be
// put into several mailboxes, and must be discarded in the end.
type Upload struct {
	engine   *Engine
	size     int64
	sum      uint32      // CRC-32C of the octets
	data     []byte      // when it is small
	file     blob.Writer // else
	summary  *message.Summary
	rendered []byte // of the summary, as emails keep it

	body      uint64 // under which the octets are stored, once they are
	committed bool   // file has become a blob
	placed    bool   // an email uses the blob, or may
}

// Upload reads a message to the end of r and parses it. size is how long it
// will be if that is known, else -1. At most 64 KiB are held in memory. The
// error is TooBig for more than Engine.MaxMessage octets; r is then read no
// further.
func (e *Engine) Upload(ctx context.Context, r io.Reader, size int64) (*Upload, error) {
	limit := e.config.MaxMessage
	if size > limit {
		return nil, tooBig(limit)
	}
	e.writes.Add(1)
	up := &Upload{engine: e}
	if err := up.receive(ctx, io.LimitReader(r, limit+1), size); err != nil {
		up.Discard()
		return nil, err
	}
	if up.size > limit {
		up.Discard()
		return nil, tooBig(limit)
	}
	var err error
	if up.summary, err = up.parse(ctx); err != nil {
		up.Discard()
		return nil, e.failure(ctx, "upload", err)
	}
	up.rendered = renderEmail(up.summary)
	return up, nil
}

func tooBig(limit int64) error {
	return fail(TooBig, "the message is larger than the %d octets that are taken here", limit)
}

func (up *Upload) receive(ctx context.Context, r io.Reader, size int64) error {
	buf := bytes.NewBuffer(make([]byte, 0, min(max(size, 512), inlineMax)+bytes.MinRead))
	if size <= inlineMax {
		n, err := buf.ReadFrom(io.LimitReader(r, inlineMax+1))
		if err != nil {
			return err
		}
		if n <= inlineMax {
			up.data, up.size = buf.Bytes(), n
			up.sum = crc32.Checksum(up.data, octetSum)
			return nil
		}
	}
	var err error
	if up.file, err = up.engine.blobs.Create(ctx); err != nil {
		return up.engine.failure(ctx, "upload", err)
	}
	if _, err := (sink{up}).Write(buf.Bytes()); err != nil {
		return err
	}
	n, err := io.Copy(sink{up}, r)
	up.size = int64(buf.Len()) + n
	return err
}

// A sink tells errors of the blob store from those of the reader.
type sink struct{ up *Upload }

func (s sink) Write(p []byte) (int, error) {
	n, err := s.up.file.Write(p)
	s.up.sum = crc32.Update(s.up.sum, octetSum, p[:n])
	if err != nil {
		err = s.up.engine.failure(context.Background(), "upload", err)
	}
	return n, err
}

func (up *Upload) reader() io.ReaderAt {
	if up.file != nil {
		return up.file
	}
	return bytes.NewReader(up.data)
}

// parse looks at the message. Large ones, and the later of many, are looked at in
// turn: of the user, if the context says whose, else of all who deliver.
func (up *Upload) parse(ctx context.Context) (*message.Summary, error) {
	turn := turnOf(ctx)
	if turn == nil && up.size > inlineMax {
		turn = &Turn{turns: up.engine.turns, now: time.Now}
	}
	begin := turn.Step
	if up.size > inlineMax {
		begin = turn.Take
	}
	if err := begin(ctx); err != nil {
		return nil, err
	}
	defer turn.Pause()
	return message.Summarize(up.reader(), up.size)
}

// Held is how many octets the upload takes in memory, roughly.
func (up *Upload) Held() int64 { return int64(len(up.data)+len(up.rendered)) + 512 }

// Size is the length of the message in octets.
func (up *Upload) Size() int64 { return up.size }

// Summary is what was found in the message.
func (up *Upload) Summary() *message.Summary { return up.summary }

// prepare makes a large message durable, before any lock is taken.
func (up *Upload) prepare() error {
	if up.body != 0 {
		return nil
	}
	if up.file == nil {
		up.body = up.engine.nextBody.Add(1) - 1
		return nil
	}
	id, err := up.file.Commit()
	if err != nil {
		return err
	}
	up.body, up.committed = uint64(id), true
	return nil
}

// Discard frees what the upload holds. After the message was put somewhere it
// does nothing.
func (up *Upload) Discard() {
	if up.committed && !up.placed {
		// It was refused after its octets were durable: of no use to anybody.
		if err := up.engine.blobs.Delete(context.Background(), blob.ID(up.body)); err != nil {
			up.engine.log.Warn("octets of a refused message not removed", "err", err)
		}
		up.placed = true
	}
	if up.file != nil && !up.committed {
		if err := up.file.Abort(); err != nil && !errors.Is(err, blob.ErrNotFound) {
			up.engine.log.Warn("unfinished upload not removed", "err", err)
		}
	}
}

func (up *Upload) where() byte {
	if up.file != nil {
		return bodyInBlob
	}
	return bodyInStore
}

// store writes the octets, if they ride in the commit, and marks that the email
// of an owner uses them. Owners of one delivery share them.
func (up *Upload) store(t *txn, a *account, email uint64) error {
	if up.file == nil && !slices.Contains(t.bodies, up.body) {
		if err := t.w.Set(bodyKey(up.body), up.data); err != nil {
			return err
		}
		t.bodies = append(t.bodies, up.body)
	}
	t.uploads = append(t.uploads, up)
	return t.refer(up.where(), up.body, a.id, email)
}

// refer marks that an email uses a body.
func (t *txn) refer(where byte, body uint64, owner directory.ID, email uint64) error {
	if where == bodyInBlob {
		return t.w.Set(blobRefKey(body, owner, email), nil)
	}
	return t.w.Set(bodyRefKey(body, owner, email), nil)
}
