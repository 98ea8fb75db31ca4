package search

import (
	"context"
	"errors"
	"slices"

	"poststube/kv"
)

// removedShare is which part of the emails of a chunk, as 1/n, may be removed
// before the chunk is written anew.
const removedShare = 4

// Remove tells that emails of an owner are gone, whether indexed or not: they
// are not found any more. What the index has of them goes when their part of it
// is next rewritten; see Tidy.
func (x *Index) Remove(ctx context.Context, owner uint32, emails []uint64) error {
	if len(emails) == 0 {
		return nil
	}
	emails = slices.Clone(emails)
	slices.Sort(emails)
	return x.db.Update(kv.WithReserve(ctx), []string{lockName(owner)}, func(tx kv.Tx) error {
		for rest := emails; len(rest) > 0; {
			chunk := rest[0] >> chunkBits
			var b bitmap
			if err := addRemoved(&b, tx, owner, chunk); err != nil {
				return err
			}
			for len(rest) > 0 && rest[0]>>chunkBits == chunk {
				b.add(uint16(rest[0]))
				rest = rest[1:]
			}
			if err := setRemoved(tx, owner, chunk, &b); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tidy rewrites those parts of an owner's index of which a quarter or more has
// been removed. Like Add it is meant for the background.
func (x *Index) Tidy(ctx context.Context, owner uint32) error {
	release, err := x.acquire(ctx, owner)
	if err != nil {
		return err
	}
	defer release()
	m, err := x.prepare(ctx, owner)
	if err != nil {
		return err
	}
	return x.tidy(ctx, owner, m, true)
}

// addRemoved adds to b which emails of a chunk have been removed.
func addRemoved(b *bitmap, r kv.Reader, owner uint32, chunk uint64) error {
	v, err := r.Get(removedKey(owner, chunk))
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.addPosting(v)
}

func setRemoved(tx kv.Tx, owner uint32, chunk uint64, b *bitmap) error {
	docs := b.appendDocs(nil)
	if len(docs) == 0 {
		return tx.Delete(removedKey(owner, chunk))
	}
	return tx.Set(removedKey(owner, chunk), appendPosting(nil, docs))
}

// clearRemoved forgets those of done that the index, which reaches up to an
// email, does not have any more.
func clearRemoved(tx kv.Tx, owner uint32, chunk uint64, done *bitmap, upTo uint64) error {
	var b bitmap
	if err := addRemoved(&b, tx, owner, chunk); err != nil {
		return err
	}
	forget := *done
	forget.keepUpTo(chunk, upTo)
	b.andNot(&forget)
	return setRemoved(tx, owner, chunk, &b)
}

// keepUpTo drops from the emails of a chunk those beyond one.
func (b *bitmap) keepUpTo(chunk, email uint64) {
	last := email - chunk<<chunkBits
	if last >= chunkEmails-1 {
		return
	}
	b[last>>6] &= 1<<(last&63)<<1 - 1
	clear(b[last>>6+1:])
}

// countRemoved counts what has been removed from a chunk of an index that
// reaches up to an email.
func (x *Index) countRemoved(ctx context.Context, owner uint32, chunk, upTo uint64) (n int, err error) {
	err = x.db.View(ctx, func(r kv.Reader) error {
		var b bitmap
		if err := addRemoved(&b, r, owner, chunk); err != nil {
			return err
		}
		b.keepUpTo(chunk, upTo)
		n = b.count()
		return nil
	})
	return n, err
}
