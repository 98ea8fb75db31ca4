package admin

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"time"

	"poststube/mail"
)

// A batch is what Import commits at once: enough that a sync is shared by many
// messages, little enough to hold in memory and to lose at an interruption.
const (
	batchMessages = 256
	batchOctets   = 8 << 20
)

// Import implements Service.
func (l *Local) Import(ctx context.Context, box MailboxName, src iter.Seq2[Message, error], progress func(Imported)) (Imported, error) {
	im := &importer{ctx: ctx, engine: l.Engine, name: box.Name, done: Imported{Mailbox: box.Name}, progress: progress}
	var err error
	if im.user, err = l.owner(ctx, box.Owner); err != nil {
		return im.done, err
	}
	made, err := makeMailbox(ctx, im.user, box.Name, nil)
	if err == nil && made {
		err = show(ctx, im.user, box.Name)
	}
	if err != nil {
		return im.done, err
	}
	defer im.discard()
	for m, err := range src {
		if err != nil {
			// What came whole before the error is stored still.
			if flushErr := im.flush(); flushErr != nil {
				return im.done, flushErr
			}
			return im.done, err
		}
		if err := im.add(m); err != nil {
			return im.done, err
		}
	}
	return im.done, im.flush()
}

// An importer collects messages for one mailbox.
type importer struct {
	ctx      context.Context
	engine   *mail.Engine
	user     *mail.User
	name     string
	progress func(Imported)

	number int // of the last message of the source
	batch  []mail.NewMessage
	octets int64
	done   Imported
}

func (im *importer) add(m Message) error {
	im.number++
	body := &sourceBody{r: m.Body}
	up, err := im.engine.Upload(im.ctx, body, -1)
	if body.err != nil {
		if up != nil {
			up.Discard()
		}
		return body.err
	}
	if mail.KindOf(err) == mail.TooBig {
		im.skip(m.Source, err)
		return nil
	}
	if err != nil {
		return fault(err)
	}
	date := m.Date
	if sent := up.Summary().Sent; date.IsZero() && sent.Before(time.Now()) {
		date = sent
	}
	im.batch = append(im.batch, mail.NewMessage{Upload: up, Flags: parseFlags(m.Flags), InternalDate: date, Source: m.Source, UID: m.UID})
	im.octets += up.Size()
	if len(im.batch) >= batchMessages || im.octets >= batchOctets {
		return im.flush()
	}
	return nil
}

func (im *importer) skip(source string, err error) {
	if len(im.done.Skipped) == MaxSkipped {
		im.done.SkippedMore++
		return
	}
	im.done.Skipped = append(im.done.Skipped, Skipped{im.number, source, mail.Text(err)})
}

// flush commits the batch and reports it.
func (im *importer) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	a, err := im.user.Append(im.ctx, im.name, im.batch)
	if err != nil {
		return err
	}
	d := &im.done
	for _, i := range a.Known {
		im.octets -= im.batch[i].Upload.Size()
	}
	if d.Messages == 0 {
		d.FirstUID = a.UIDs.Min()
	}
	d.UIDValidity, d.LastUID = a.UIDValidity, max(d.LastUID, a.UIDs.Max())
	d.Messages += len(im.batch) - len(a.Known)
	d.Known += len(a.Known)
	d.Octets += im.octets
	for _, k := range a.Dropped {
		if !slices.Contains(d.Dropped, k) {
			d.Dropped = append(d.Dropped, k)
		}
	}
	im.discard()
	if im.progress != nil {
		im.progress(*d)
	}
	return nil
}

// discard releases the messages of the batch, stored or not.
func (im *importer) discard() {
	for _, m := range im.batch {
		m.Upload.Discard()
	}
	im.batch, im.octets = im.batch[:0], 0
}

// sourceBody remembers an error of a message's source, to tell it from those of
// whoever reads it.
type sourceBody struct {
	r   io.Reader
	err error
}

func (b *sourceBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
