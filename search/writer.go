package search

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"poststube/kv"
)

// sizes, all in octets, are of what is kept, written and read together. Tests
// make them small.
type sizes struct {
	block int // text of a block of the vocabulary
	part  int // postings that are stored together
	// flush is what is written in one update. A segment that is larger is
	// written in several and becomes visible with the last.
	flush  int
	window int // what is read of a segment at once to be rewritten
}

var usualSizes = sizes{block: 16 << 10, part: 32 << 10, flush: 4 << 20, window: 128 << 10}

// A segmentWriter writes a segment: for each field its tokens in ascending
// order.
type segmentWriter struct {
	x     *Index
	owner uint32
	m     *manifest // as it is stored
	seg   segment
	docs  bitmap // emails with anything in the segment

	// What is being collected: the field, its block, and the part of the
	// postings.
	field  Field
	text   []byte
	tokens int
	ends   []int // tokens before the end of each part
	heads  []byte
	lists  []byte

	filter filterWriter
	// early keeps the texts of the first blocks of a field, until there are
	// enough to be worth a filter.
	early [][]byte

	buf   []byte // keys and values of pairs
	pairs []int  // ends of keys and values in buf
	begun bool   // the store knows that the segment is being built
	value []byte // scratch
}

func (x *Index) newSegmentWriter(owner uint32, m *manifest, chunk uint64) *segmentWriter {
	return &segmentWriter{x: x, owner: owner, m: m, seg: segment{id: m.next, chunk: chunk}}
}

// add adds a token with its emails, which ascend and are not none.
func (w *segmentWriter) add(token []byte, docs []uint16) {
	if len(w.text) == 0 {
		w.text = append(w.text, 0)
	}
	w.text = append(append(w.text, token...), 0)
	w.tokens++
	if len(docs) == 1 {
		w.heads = binary.AppendUvarint(w.heads, uint64(docs[0])<<1)
	} else {
		start := len(w.lists)
		w.lists = appendPosting(w.lists, docs)
		w.heads = binary.AppendUvarint(w.heads, uint64(len(w.lists)-start)<<1|1)
	}
	if len(token) == 1 && token[0] <= tokenOpaque {
		w.addSpecial(token[0], docs)
	}
	switch {
	case len(w.text) >= w.x.sizes.block:
		w.endBlock()
	case len(w.heads)+len(w.lists) >= w.x.sizes.part:
		w.endPart()
	}
}

// addSpecial counts emails.
func (w *segmentWriter) addSpecial(token byte, docs []uint16) {
	info := &w.seg.field[w.field]
	if token == tokenAll {
		info.docs = uint32(len(docs))
	} else {
		info.opaque = uint32(len(docs))
	}
	for _, d := range docs {
		w.docs.add(d)
	}
}

// endPart writes the postings of the tokens since the last part.
func (w *segmentWriter) endPart() {
	if len(w.heads) == 0 {
		return
	}
	w.value = binary.AppendUvarint(w.value[:0], uint64(len(w.heads)))
	w.value = append(append(w.value, w.heads...), w.lists...)
	w.heads, w.lists = w.heads[:0], w.lists[:0]
	block, part := w.seg.field[w.field].blocks, uint16(len(w.ends))
	w.put(func(k []byte) []byte {
		return appendPostingsKey(k, w.owner, w.seg.id, w.field, block, part)
	}, w.value)
	w.ends = append(w.ends, w.tokens)
}

// endBlock writes the tokens since the last block.
func (w *segmentWriter) endBlock() {
	if w.tokens == 0 {
		return
	}
	w.endPart()
	info := &w.seg.field[w.field]
	w.value = binary.AppendUvarint(w.value[:0], uint64(w.tokens))
	w.value = binary.AppendUvarint(w.value, uint64(len(w.ends)-1))
	before := 0
	for _, end := range w.ends[:len(w.ends)-1] {
		w.value = binary.AppendUvarint(w.value, uint64(end-before))
		before = end
	}
	w.value = append(w.value, w.text...)
	w.put(func(k []byte) []byte {
		return appendVocabularyKey(k, w.owner, w.seg.id, w.field, info.blocks)
	}, w.value)
	info.blocks++
	w.addToFilter(info.blocks)
	w.text, w.tokens, w.ends = w.text[:0], 0, w.ends[:0]
}

// addToFilter adds the block, the n-th of the field.
func (w *segmentWriter) addToFilter(n uint32) {
	if n < minFilterBlock {
		w.early = append(w.early, slices.Clone(w.text))
		return
	}
	for _, text := range w.early {
		w.filter.add(text)
	}
	w.early = w.early[:0]
	w.filter.add(w.text)
	if w.filter.blocks == groupBlocks {
		w.endGroup()
	}
}

func (w *segmentWriter) endGroup() {
	group := (w.seg.field[w.field].blocks - 1) / groupBlocks
	w.filter.flush(func(part uint16, rows []byte) {
		w.put(func(k []byte) []byte {
			return appendFilterKey(k, w.owner, w.seg.id, w.field, group, part)
		}, rows)
	})
}

// endField ends the field; the next one begins.
func (w *segmentWriter) endField() {
	w.endBlock()
	w.endGroup()
	w.early = w.early[:0]
	w.field++
}

// put collects a pair.
func (w *segmentWriter) put(key func([]byte) []byte, value []byte) {
	start := len(w.buf)
	w.buf = key(w.buf)
	w.pairs = append(w.pairs, len(w.buf))
	w.buf = append(w.buf, value...)
	w.pairs = append(w.pairs, len(w.buf))
	w.seg.field[w.field].bytes += uint64(len(w.buf) - start)
}

// room writes what has been collected, if it is much.
func (w *segmentWriter) room(ctx context.Context) error {
	if len(w.buf) < w.x.sizes.flush {
		return nil
	}
	m := *w.m
	if !w.begun {
		m.next++
		m.building = append(slices.Clone(m.building), w.seg.id)
		w.begun = true
	}
	return w.write(ctx, &m, nil)
}

// write writes what has been collected together with the next manifest. It is
// the one place where a manifest changes.
func (w *segmentWriter) write(ctx context.Context, m *manifest, also func(kv.Tx) error) error {
	m.generation = w.m.generation + 1
	err := w.x.update(ctx, w.owner, w.m, m, func(tx kv.Tx) error {
		start := 0
		for i := 0; i < len(w.pairs); i += 2 {
			if err := tx.Set(w.buf[start:w.pairs[i]], w.buf[w.pairs[i]:w.pairs[i+1]]); err != nil {
				return err
			}
			start = w.pairs[i+1]
		}
		if also != nil {
			return also(tx)
		}
		return nil
	})
	w.buf, w.pairs = w.buf[:0], w.pairs[:0]
	if err == nil {
		w.m = m
	}
	return err
}

// update replaces the manifest from by to, together with what fn writes. The
// error is ErrConflict if it is no longer from.
func (x *Index) update(ctx context.Context, owner uint32, from, to *manifest, fn func(kv.Tx) error) error {
	return x.db.Update(ctx, []string{lockName(owner)}, func(tx kv.Tx) error {
		var generation uint64
		switch v, err := tx.Get(manifestKey(owner)); {
		case errors.Is(err, kv.ErrNotFound):
		case err != nil:
			return err
		default:
			m, err := decodeManifest(v)
			if err != nil {
				return err
			}
			generation = m.generation
		}
		if generation != from.generation {
			return ErrConflict
		}
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Set(manifestKey(owner), to.encode())
	})
}
