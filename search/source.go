package search

import (
	"bytes"
	"context"

	"poststube/kv"
)

// A source yields the tokens of a field in ascending order, each with its
// emails.
type source interface {
	// token is the current one, nil at the end. It is valid until next.
	token() []byte
	// appendDocs appends the emails of the current token. It is called exactly
	// once for each.
	appendDocs(dst []uint16) ([]uint16, error)
	next() error
}

// A stream reads the values of a range of keys that never change, a window at a
// time, each in a transaction of its own.
type stream struct {
	db     kv.DB
	window int    // octets to be read at once
	lo, hi []byte // what is left of the range
	buf    []byte
	ends   []int // of the values in buf
	at     int   // next of them
}

// next returns the next value, nil at the end. It is valid until the next call.
func (s *stream) next(ctx context.Context) ([]byte, error) {
	if s.at == len(s.ends) {
		if err := s.fill(ctx); err != nil || len(s.ends) == 0 {
			return nil, err
		}
	}
	start := 0
	if s.at > 0 {
		start = s.ends[s.at-1]
	}
	v := s.buf[start:s.ends[s.at]]
	s.at++
	return v, nil
}

func (s *stream) fill(ctx context.Context) error {
	s.buf, s.ends, s.at = s.buf[:0], s.ends[:0], 0
	return s.db.View(ctx, func(r kv.Reader) error {
		var last []byte
		for p := range r.Scan(s.lo, s.hi) {
			s.buf = append(s.buf, p.Value...)
			s.ends = append(s.ends, len(s.buf))
			if last = append(last[:0], p.Key...); len(s.buf) >= s.window {
				break
			}
		}
		if last != nil {
			s.lo = append(last, 0) // the key that follows
		}
		return r.Err()
	})
}

// storedTokens is the source of a field of a stored segment.
type storedTokens struct {
	ctx          context.Context
	vocabularies stream
	parts        stream
	blocks       uint32 // that are still to be read

	block    block
	position int // in the text, of the zero before the current token
	ordinal  int
	size     int // of the current token; 0 at the end
	part     int
	postings postings
	tmp      bitmap
}

func (x *Index) openTokens(ctx context.Context, owner uint32, s *segment, f Field) (*storedTokens, error) {
	t := &storedTokens{ctx: ctx, blocks: s.field[f].blocks}
	t.vocabularies = stream{
		db: x.db, window: x.sizes.window,
		lo: appendVocabularyKey(nil, owner, s.id, f, 0),
		hi: appendFieldKey(nil, owner, s.id, f, partVocabulary+1),
	}
	t.parts = stream{
		db: x.db, window: x.sizes.window,
		lo: appendPostingsKey(nil, owner, s.id, f, 0, 0),
		hi: appendFieldKey(nil, owner, s.id, f, partPostings+1),
	}
	return t, t.nextBlock()
}

func (t *storedTokens) nextBlock() error {
	t.size = 0
	v, err := t.vocabularies.next(t.ctx)
	switch {
	case err != nil:
		return err
	case (v == nil) != (t.blocks == 0):
		return ErrDamaged
	case v == nil:
		return nil
	}
	t.blocks--
	if err := t.block.decode(v); err != nil {
		return err
	}
	t.position, t.ordinal, t.part = 0, 0, -1
	if err := t.measure(); err != nil {
		return err
	}
	return t.nextPart()
}

// measure finds the end of the current token, which is not behind the last.
func (t *storedTokens) measure() error {
	if t.size = bytes.IndexByte(t.block.text[t.position+1:], 0); t.size == 0 {
		return ErrDamaged
	}
	return nil
}

func (t *storedTokens) nextPart() (err error) {
	t.part++
	v, err := t.parts.next(t.ctx)
	if err != nil {
		return err
	}
	t.postings, err = decodePostings(v)
	return err
}

func (t *storedTokens) token() []byte {
	if t.size == 0 {
		return nil
	}
	return t.block.text[t.position+1 : t.position+1+t.size]
}

func (t *storedTokens) appendDocs(dst []uint16) ([]uint16, error) {
	single, list, err := t.postings.next()
	switch {
	case err != nil:
		return dst, err
	case list == nil:
		return append(dst, single), nil
	}
	return appendPostingDocs(dst, list, &t.tmp)
}

func (t *storedTokens) next() error {
	t.position += 1 + t.size
	if t.ordinal++; t.ordinal == t.block.tokens {
		return t.nextBlock()
	}
	if err := t.measure(); err != nil {
		return err
	}
	if t.part+1 < len(t.block.parts) && t.block.parts[t.part+1] == t.ordinal {
		return t.nextPart()
	}
	return nil
}
