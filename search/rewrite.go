package search

import (
	"context"

	"poststube/kv"
)

// A rewriting makes one segment of several that follow each other in a chunk.
type rewriting struct {
	chunk    uint64
	from, to int        // which of the manifest's segments
	whole    bool       // these are all of the chunk
	added    *batchPart // emails that come after those of the segments, or nil
	upTo     uint64     // what is then indexed
}

// rewrite writes the new segment, without emails that have been removed, and
// returns the manifest that lists it.
func (x *Index) rewrite(ctx context.Context, owner uint32, m *manifest, r rewriting) (*manifest, error) {
	old := m.segments[r.from:r.to]
	var removed bitmap
	err := x.db.View(ctx, func(kr kv.Reader) error { return addRemoved(&removed, kr, owner, r.chunk) })
	if err != nil {
		return m, err
	}
	w := x.newSegmentWriter(owner, m, r.chunk)
	for f := range fields {
		var sources []source
		for i := range old {
			if old[i].field[f].blocks == 0 {
				continue
			}
			s, err := x.openTokens(ctx, owner, &old[i], f)
			if err != nil {
				return m, err
			}
			sources = append(sources, s)
		}
		if r.added != nil {
			sources = append(sources, r.added.field[f].sealed())
		}
		if err := w.merge(ctx, sources, &removed); err != nil {
			return m, err
		}
	}
	next := &manifest{form: m.form, indexed: r.upTo, next: w.seg.id + 1}
	next.segments = append(next.segments, m.segments[:r.from]...)
	if w.seg.docs = uint32(w.docs.count()); w.seg.docs > 0 {
		next.segments = append(next.segments, w.seg)
	}
	next.segments = append(next.segments, m.segments[r.to:]...)
	return next, w.write(ctx, next, func(tx kv.Tx) error {
		for i := range old {
			if err := tx.DeleteRange(segmentRange(owner, old[i].id)); err != nil {
				return err
			}
		}
		if !r.whole {
			return nil
		}
		return clearRemoved(tx, owner, r.chunk, &removed, r.upTo)
	})
}

// tidy makes one segment of each chunk to which nothing more will be added. With
// all set it also rewrites chunks from which much has been removed.
func (x *Index) tidy(ctx context.Context, owner uint32, m *manifest, all bool) error {
	for from := 0; from < len(m.segments); {
		chunk := m.segments[from].chunk
		to, docs := from, 0
		for to < len(m.segments) && m.segments[to].chunk == chunk {
			docs += int(m.segments[to].docs)
			to++
		}
		full := m.indexed >= chunk<<chunkBits|(chunkEmails-1)
		due := full && to-from > 1
		if all && !due {
			n, err := x.countRemoved(ctx, owner, chunk, m.indexed)
			if err != nil {
				return err
			}
			due = n*removedShare >= docs && n > 0
		}
		if due {
			before := len(m.segments)
			next, err := x.rewrite(ctx, owner, m, rewriting{chunk: chunk, from: from, to: to, whole: true, upTo: m.indexed})
			if err != nil {
				return err
			}
			m, to = next, to-(before-len(next.segments))
		}
		from = to
	}
	return nil
}
