package search

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"poststube/kv"
)

// Check reads the whole index of an owner and tells what is wrong with it: an
// error that is ErrDamaged. Nothing may be added meanwhile, so it waits for Add
// and is waited for. It holds one token's emails and 2 MiB in memory.
func (x *Index) Check(ctx context.Context, owner uint32) error {
	release, err := x.acquire(ctx, owner)
	if err != nil {
		return err
	}
	defer release()
	m, err := x.prepare(ctx, owner)
	if err != nil {
		return err
	}
	var before uint64 // the last email of the segments before
	for i := range m.segments {
		c := checker{x: x, ctx: ctx, owner: owner, seg: &m.segments[i]}
		for f := range fields {
			if err := c.tokens(f); err != nil {
				return fmt.Errorf("segment %d, field %d: %w", c.seg.id, f, err)
			}
			if err := c.filter(f); err != nil {
				return fmt.Errorf("segment %d, filter of field %d: %w", c.seg.id, f, err)
			}
		}
		docs := c.docs.appendDocs(nil)
		if len(docs) == 0 || len(docs) != int(c.seg.docs) {
			return fmt.Errorf("segment %d has %d emails, not %d: %w", c.seg.id, len(docs), c.seg.docs, ErrDamaged)
		}
		base := c.seg.chunk << chunkBits
		if first := base | uint64(docs[0]); i > 0 && first <= before {
			return fmt.Errorf("segment %d begins at email %d, behind %d: %w", c.seg.id, first, before, ErrDamaged)
		}
		if before = base | uint64(docs[len(docs)-1]); before > m.indexed {
			return fmt.Errorf("segment %d has email %d, the index ends at %d: %w", c.seg.id, before, m.indexed, ErrDamaged)
		}
	}
	return x.checkStrays(ctx, owner, m)
}

// checkStrays looks for segments that are not listed.
func (x *Index) checkStrays(ctx context.Context, owner uint32, m *manifest) error {
	return x.db.View(ctx, func(r kv.Reader) error {
		lo, hi := tableRange(owner, tableSegment)
		for {
			var stray uint64
			found := false
			for p := range r.Scan(lo, hi) {
				if len(p.Key) < keyBase {
					return fmt.Errorf("a key of %d octets: %w", len(p.Key), ErrDamaged)
				}
				stray, found = segmentOf(p.Key), true
				break
			}
			if !found {
				return r.Err()
			}
			if !slices.ContainsFunc(m.segments, func(s segment) bool { return s.id == stray }) {
				return fmt.Errorf("segment %d is not listed: %w", stray, ErrDamaged)
			}
			_, lo = segmentRange(owner, stray)
		}
	})
}

// A checker checks one segment.
type checker struct {
	x     *Index
	ctx   context.Context
	owner uint32
	seg   *segment
	docs  bitmap // emails seen
}

// tokens checks the order of tokens and of their emails, and the counts.
func (c *checker) tokens(f Field) error {
	info := &c.seg.field[f]
	if info.blocks == 0 {
		return nil
	}
	s, err := c.x.openTokens(c.ctx, c.owner, c.seg, f)
	if err != nil {
		return err
	}
	var last []byte
	var docs []uint16
	var all, opaque int
	for s.token() != nil {
		token := s.token()
		if last != nil && bytes.Compare(last, token) >= 0 {
			return fmt.Errorf("tokens out of order: %w", ErrDamaged)
		}
		if len(token) > maxToken {
			return fmt.Errorf("a token of %d octets: %w", len(token), ErrDamaged)
		}
		last = append(last[:0], token...)
		if docs, err = s.appendDocs(docs[:0]); err != nil {
			return err
		}
		if len(docs) == 0 || !slices.IsSorted(docs) {
			return fmt.Errorf("emails out of order: %w", ErrDamaged)
		}
		switch {
		case len(last) > 1 || last[0] > tokenOpaque:
		case last[0] == tokenAll:
			all = len(docs)
		default:
			opaque = len(docs)
		}
		if len(last) == 1 && last[0] <= tokenOpaque {
			for _, d := range docs {
				c.docs.add(d)
			}
		} else if slices.ContainsFunc(docs, func(d uint16) bool { return !c.docs.contains(d) }) {
			return fmt.Errorf("a token of an unknown email: %w", ErrDamaged)
		}
		if err := s.next(); err != nil {
			return err
		}
	}
	if all != int(info.docs) || opaque != int(info.opaque) {
		return fmt.Errorf("%d emails with text and %d opaque, not %d and %d: %w", all, opaque, info.docs, info.opaque, ErrDamaged)
	}
	return nil
}

// filter checks that each block has its bits in the filter.
func (c *checker) filter(f Field) error {
	blocks := c.seg.field[f].blocks
	if filterGroups(blocks) == 0 {
		return nil
	}
	vocabularies := stream{
		db: c.x.db, window: c.x.sizes.window,
		lo: appendVocabularyKey(nil, c.owner, c.seg.id, f, 0),
		hi: appendFieldKey(nil, c.owner, c.seg.id, f, partVocabulary+1),
	}
	var rows []byte
	var b block
	for n := range blocks {
		group := n / groupBlocks
		width := filterWidth(blocks, group)
		if n%groupBlocks == 0 {
			var err error
			if rows, err = c.rows(rows[:0], f, group); err != nil {
				return err
			}
			if len(rows) != filterRows*width {
				return fmt.Errorf("group %d has %d octets: %w", group, len(rows), ErrDamaged)
			}
		}
		v, err := vocabularies.next(c.ctx)
		if err != nil {
			return err
		}
		if err := b.decode(v); err != nil {
			return err
		}
		at := int(n % groupBlocks)
		for i := 2; i < len(b.text); i++ {
			row := filterRow(b.text[i-2], b.text[i-1], b.text[i])
			if rows[row*width+at>>3]>>(at&7)&1 == 0 {
				return fmt.Errorf("block %d lacks a bit: %w", n, ErrDamaged)
			}
		}
	}
	return nil
}

// rows reads a group of the filter.
func (c *checker) rows(dst []byte, f Field, group uint32) ([]byte, error) {
	s := stream{
		db: c.x.db, window: c.x.sizes.window,
		lo: appendFilterKey(nil, c.owner, c.seg.id, f, group, 0),
		hi: appendFilterKey(nil, c.owner, c.seg.id, f, group+1, 0),
	}
	for {
		v, err := s.next(c.ctx)
		if v == nil || err != nil {
			return dst, err
		}
		dst = append(dst, v...)
	}
}
