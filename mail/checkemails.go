package mail

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
	"poststube/message"
)

// allEmails checks each email, and the indexes that lead to emails.
func (c *checker) allEmails(ctx context.Context, t *txn, a *account) error {
	// Messages that exist, and those that can be had back.
	sizes := map[uint64]int64{}
	var rec messageRecord
	lo, hi := wholeTable(c.owner, tableMessage)
	for p := range t.r.Scan(lo, hi) {
		num, uid := binary.BigEndian.Uint32(p.Key[len(lo):]), suffix32(p.Key)
		if err := rec.decode(p.Value); err != nil {
			return err
		}
		if size, known := sizes[rec.email]; known && size != rec.size {
			c.found(num, uid, "has another size than the same email elsewhere")
		}
		sizes[rec.email] = rec.size
		if rec.email == 0 || rec.email > a.rec.nextEmail {
			c.found(num, uid, "has an email number that was never given")
		}
		if _, err := t.r.Get(t.key.start(c.owner, tablePlace).u64(rec.email).u32(num).u32(uid).b); err != nil {
			c.found(num, uid, "is not in the index of places")
		}
		if _, err := t.r.Get(t.key.start(c.owner, tableEmail).u64(rec.email).b); err != nil {
			c.found(num, uid, "has lost its email, number %d", rec.email)
		}
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	lo, hi = wholeTable(c.owner, tablePlace)
	for p := range t.r.Scan(lo, hi) {
		tail := p.Key[len(lo):]
		email, num, uid := binary.BigEndian.Uint64(tail), binary.BigEndian.Uint32(tail[8:]), suffix32(tail)
		v, err := t.r.Get(t.key.start(c.owner, tableMessage).u32(num).u32(uid).b)
		if err != nil || rec.decode(v) != nil || rec.email != email {
			c.found(num, uid, "is in the index of places, and is not email %d", email)
		}
	}
	if err := t.r.Err(); err != nil {
		return err
	}
	lo, hi = wholeTable(c.owner, tableEmail)
	for p := range t.r.Scan(lo, hi) {
		if err := ctx.Err(); err != nil {
			return err
		}
		number := suffix64(p.Key)
		size, placed := sizes[number]
		if !placed {
			c.found(0, 0, "email %d is in no mailbox", number)
			size = -1
		}
		e, err := decodeEmail(bytes.Clone(p.Value))
		if err == nil {
			err = c.email(ctx, t, number, &e, size)
		}
		if err != nil {
			c.found(0, 0, "email %d %v", number, err)
		}
	}
	return t.r.Err()
}

// email checks that an email is there with all its octets, of which there are
// size unless it is negative.
func (c *checker) email(ctx context.Context, t *txn, number uint64, e *emailRecord, size int64) error {
	hashes, err := e.threadHashes()
	if err != nil {
		return errors.New("has a damaged record")
	}
	for _, h := range hashes {
		if _, err := t.r.Get(t.key.start(c.owner, tableThread).u64(h).b); err != nil {
			return errors.New("is not in the index of threads")
		}
	}
	if _, err := t.r.Get(e.refKey(c.owner, number)); err != nil {
		return errors.New("is not marked as a user of its octets")
	}
	r, close, err := c.e.openOctets(ctx, t.r, e)
	if err != nil {
		return fmt.Errorf("has lost its octets: %w", err)
	}
	defer close()
	if size >= 0 && r.Size() != size {
		return fmt.Errorf("has %d octets, %d are stored", size, r.Size())
	}
	if !c.o.Bodies {
		return nil
	}
	return e.compare(r)
}

// refKey is where it is marked that the email uses its octets.
func (e *emailRecord) refKey(owner directory.ID, number uint64) []byte {
	if e.where == bodyInBlob {
		return blobRefKey(e.body, owner, number)
	}
	return bodyRefKey(e.body, owner, number)
}

// openOctets opens the octets of an email wherever they are.
func (e *Engine) openOctets(ctx context.Context, r kv.Reader, email *emailRecord) (*io.SectionReader, func() error, error) {
	if email.where == bodyInBlob {
		b, err := e.blobs.Open(ctx, blob.ID(email.body))
		if err != nil {
			return nil, nil, err
		}
		return io.NewSectionReader(b, 0, b.Size()), b.Close, nil
	}
	raw, err := r.Get(bodyKey(email.body))
	if err != nil {
		return nil, nil, err
	}
	raw = bytes.Clone(raw)
	return io.NewSectionReader(bytes.NewReader(raw), 0, int64(len(raw))), func() error { return nil }, nil
}

// compare holds what is kept of an email against its octets.
func (e *emailRecord) compare(r *io.SectionReader) error {
	sum, err := sumOf(r)
	if err != nil {
		return fmt.Errorf("has octets that cannot be read: %w", err)
	}
	if e.summed && sum != e.sum {
		return errors.New("has octets that do not match their checksum")
	}
	s, err := message.Summarize(r, r.Size())
	if err != nil {
		return fmt.Errorf("has octets that cannot be read: %w", err)
	}
	if !bytes.Equal(renderEmail(s), e.rendered) {
		return errors.New("differs in what was rendered at arrival from what its octets give now")
	}
	return nil
}

// sumOf reads all octets.
func sumOf(r *io.SectionReader) (uint32, error) {
	h := crc32.New(octetSum)
	_, err := io.Copy(h, io.NewSectionReader(r, 0, r.Size()))
	return h.Sum32(), err
}

// checkShared checks what belongs to no one owner: who uses which octets, and the
// index of shares.
func (e *Engine) checkShared(ctx context.Context, o CheckOptions, report func(Problem) bool) error {
	stopped := errors.New("stopped")
	err := e.db.View(ctx, func(r kv.Reader) error {
		for _, name := range []string{"format", "secret"} {
			if _, err := r.Get(globalKey(name)); err != nil && !report(Problem{Text: fmt.Sprintf("the engine's %s is lost: %v", name, err)}) {
				return stopped
			}
		}
		return e.eachStray(ctx, r, func(s stray) error {
			if !report(Problem{Owner: s.owner, Text: s.why}) {
				return stopped
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, stopped) {
		return err
	}
	unused, err := e.unusedBlobs(ctx)
	if o.Count != nil {
		o.Count.Unused = len(unused)
	}
	return err
}

// A stray is a record of what owners share that leads nowhere.
type stray struct {
	key   []byte
	owner directory.ID
	why   string
}

// eachStray visits the strays in key order.
func (e *Engine) eachStray(ctx context.Context, r kv.Reader, visit func(stray) error) error {
	used := func(owner directory.ID, number uint64, where byte, body uint64) bool {
		var k keyBuf
		v, err := r.Get(k.start(owner, tableEmail).u64(number).b)
		if err != nil {
			return false
		}
		email, err := decodeEmail(v)
		return err == nil && email.where == where && email.body == body
	}
	var body []byte // octets whose first user has not been met
	lonely := func() error {
		if body == nil {
			return nil
		}
		key := body
		body = nil
		return visit(stray{key: key, why: fmt.Sprintf("octets %d belong to no email", binary.BigEndian.Uint64(key[1:]))})
	}
	for p := range r.Scan([]byte{bodyPrefix}, []byte{bodyPrefix + 1}) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(p.Key) == 10 {
			if err := lonely(); err != nil {
				return err
			}
			body = bytes.Clone(p.Key)
			continue
		}
		if len(p.Key) != 22 {
			continue // reported as a damaged key
		}
		if body != nil && bytes.Equal(body[:9], p.Key[:9]) {
			body = nil
		}
		seq, owner, number := binary.BigEndian.Uint64(p.Key[1:]), directory.ID(binary.BigEndian.Uint32(p.Key[10:])), suffix64(p.Key)
		if !used(owner, number, bodyInStore, seq) {
			if err := visit(stray{bytes.Clone(p.Key), owner, fmt.Sprintf("octets %d are marked for email %d, which does not use them", seq, number)}); err != nil {
				return err
			}
		}
	}
	if err := lonely(); err != nil {
		return err
	}
	for p := range r.Scan([]byte{blobRefPrefix}, []byte{blobRefPrefix + 1}) {
		id, owner, number := binary.BigEndian.Uint64(p.Key[1:]), directory.ID(binary.BigEndian.Uint32(p.Key[9:])), suffix64(p.Key)
		if !used(owner, number, bodyInBlob, id) {
			if err := visit(stray{bytes.Clone(p.Key), owner, fmt.Sprintf("file %d is marked for email %d, which does not use it", id, number)}); err != nil {
				return err
			}
		}
	}
	for p := range r.Scan([]byte{reversePrefix}, []byte{reversePrefix + 1}) {
		kind, id := p.Key[1], binary.BigEndian.Uint32(p.Key[2:])
		who := acl.Who{Kind: acl.Kind(kind &^ 0x80), Negative: kind&0x80 != 0, ID: id}
		owner, num := directory.ID(binary.BigEndian.Uint32(p.Key[6:])), suffix32(p.Key)
		var k keyBuf
		v, err := r.Get(k.start(owner, tableMailbox).u32(num).b)
		var n *node
		if err == nil {
			n, err = decodeNode(num, v)
		}
		if err == nil && slices.ContainsFunc(n.acl, func(e acl.Entry) bool { return e.Who == who && indexed(e) }) {
			continue
		}
		if err := visit(stray{bytes.Clone(p.Key), owner, fmt.Sprintf("the index of shares has mailbox %d for %v, which has no such entry", num, who)}); err != nil {
			return err
		}
	}
	return r.Err()
}

// unusedBlobs returns the files that no email is marked for.
func (e *Engine) unusedBlobs(ctx context.Context) (ids []blob.ID, err error) {
	for id, err := range e.blobs.List(ctx) {
		if err != nil {
			return ids, err
		}
		used := false
		err = e.db.View(ctx, func(r kv.Reader) error {
			lo := blobRefKey(uint64(id), 0, 0)[:9]
			for range r.Scan(lo, prefixEnd(slices.Clone(lo))) {
				used = true
				break
			}
			return r.Err()
		})
		if err != nil {
			return ids, err
		}
		if !used {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
