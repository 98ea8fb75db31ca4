package search

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"poststube/kv"
)

// Add puts the emails of a batch into the index of an owner, who has no other
// emails that are not indexed with numbers up to upTo. It may be called for an
// empty batch. The batch is not changed.
//
// Add is meant for the background: most calls write what they were given, but
// some write up to 65,536 emails anew. No lock is held meanwhile but the one
// that keeps others from adding to the same owner, and up to some 16 MiB of
// memory is used beside the batch. What has been added is in the index even if
// the error is not nil; ask Indexed.
func (x *Index) Add(ctx context.Context, owner uint32, b *Batch, upTo uint64) error {
	b.end()
	release, err := x.acquire(ctx, owner)
	if err != nil {
		return err
	}
	defer release()
	m, err := x.prepare(ctx, owner)
	if err != nil {
		return err
	}
	switch {
	case len(b.parts) > 0 && b.parts[0].first <= m.indexed:
		return fmt.Errorf("%w: email %d has been indexed", ErrOrder, b.parts[0].first)
	case b.begun && b.email > upTo, upTo < m.indexed:
		return fmt.Errorf("%w: index up to email %d of %d", ErrOrder, upTo, max(b.email, m.indexed))
	}
	for i, p := range b.parts {
		end := upTo
		if i < len(b.parts)-1 {
			end = b.parts[i+1].first - 1
		}
		if m, err = x.addPart(ctx, owner, m, p, end); err != nil {
			return err
		}
	}
	if len(b.parts) == 0 && upTo > m.indexed {
		next := *m
		next.generation++
		next.indexed = upTo
		if err := x.update(ctx, owner, m, &next, func(kv.Tx) error { return nil }); err != nil {
			return err
		}
		m = &next
	}
	return x.tidy(ctx, owner, m, false)
}

// prepare reads the manifest and deletes what nobody will use any more: an index
// of another form, and what a crash has left of segments.
func (x *Index) prepare(ctx context.Context, owner uint32) (m *manifest, err error) {
	var void bool
	err = x.db.View(ctx, func(r kv.Reader) error {
		m, void, err = x.manifest(r, owner)
		return err
	})
	if err != nil || !void && len(m.building) == 0 {
		return m, err
	}
	clean := *m
	clean.generation++
	clean.building = nil
	return &clean, x.update(ctx, owner, m, &clean, func(tx kv.Tx) error {
		if void {
			return tx.DeleteRange(tableRange(owner, tableSegment))
		}
		for _, id := range m.building {
			if err := tx.DeleteRange(segmentRange(owner, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// level orders segments by size: merging four of a level makes one of the next.
func level(docs uint32) int { return (bits.Len32(docs) + 1) / 2 }

// mergeWidth is how many segments of a level are merged.
const mergeWidth = 4

// mergeFrom returns from which of the segments of a chunk, in the order of their
// emails, on to merge, when docs more come. With full set nothing more comes, and
// the chunk becomes one segment. As levels are powers of four, an email is written
// at most eight times, and a chunk has at most 24 segments.
func mergeFrom(segments []segment, docs uint32, full bool) int {
	if full {
		return 0
	}
	from := len(segments)
	for {
		i, sum := from, docs
		for i > 0 && level(segments[i-1].docs) <= level(docs) {
			i--
			sum += segments[i].docs
		}
		if from-i < mergeWidth-1 {
			return from
		}
		from, docs = i, sum
	}
}

// addPart adds the emails of one chunk.
func (x *Index) addPart(ctx context.Context, owner uint32, m *manifest, p *batchPart, upTo uint64) (*manifest, error) {
	last := p.chunk<<chunkBits | (chunkEmails - 1)
	first, _ := slices.BinarySearchFunc(m.segments, p.chunk, func(s segment, chunk uint64) int {
		if s.chunk < chunk {
			return -1
		}
		return 1
	})
	from := first + mergeFrom(m.segments[first:], p.docs, upTo >= last)
	return x.rewrite(ctx, owner, m, rewriting{
		chunk: p.chunk, from: from, to: len(m.segments), whole: from == first, added: p, upTo: upTo,
	})
}
