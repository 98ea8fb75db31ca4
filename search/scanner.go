package search

import (
	"bytes"
	"context"
	"math/bits"
	"slices"

	"poststube/kv"
)

// A probe looks in one field of one segment for tokens that match a pattern.
type probe struct {
	seg     *segment
	field   Field
	pattern term
	found   *bitmap // emails with such a token; may be shared by probes
	limit   int     // found is complete when it has as many
	blocks  []byte  // a bit for each block that may have such a token
}

// A request is for one value of a segment.
type request struct {
	key    []byte
	probe  *probe
	n      uint32 // group or block
	list   []int  // rows, or ordinals of tokens, in the value
	origin int    // that the list counts from
}

// A scanner runs probes on a snapshot. Over a network a window of requests is a
// round trip; it is small enough to bound memory, and for a probe to stop when
// it has found everything there is.
type scanner struct {
	x     *Index
	ctx   context.Context
	r     kv.Reader
	owner uint32

	block  block // scratch
	tokens []int
}

const (
	window = 64 // requests at a time
	// keepBlocks is up to how many blocks one run leaves in the cache. A run
	// over more would throw out what is used more often.
	keepBlocks = 256
)

// run finds the emails of all probes.
func (s *scanner) run(probes []*probe) error {
	if err := s.filter(probes); err != nil {
		return err
	}
	total := 0
	for _, p := range probes {
		for _, b := range p.blocks {
			total += bits.OnesCount8(b)
		}
	}
	batch := make([]request, 0, window)
	for _, p := range probes {
		if p.found.count() >= p.limit {
			continue
		}
		for n := range p.seg.field[p.field].blocks {
			if p.blocks[n>>3]>>(n&7)&1 == 0 {
				continue
			}
			key := appendVocabularyKey(nil, s.owner, p.seg.id, p.field, n)
			if batch = append(batch, request{key: key, probe: p, n: n}); len(batch) < window {
				continue
			}
			if err := s.scan(batch, total <= keepBlocks); err != nil {
				return err
			}
			if batch = batch[:0]; p.found.count() >= p.limit {
				break
			}
		}
	}
	return s.scan(batch, total <= keepBlocks)
}

// filter notes in each probe which blocks may have tokens that match.
func (s *scanner) filter(probes []*probe) error {
	var batch []request
	for _, p := range probes {
		blocks := p.seg.field[p.field].blocks
		p.blocks = make([]byte, (blocks+7)/8)
		if p.pattern[0] == 0 && p.pattern[1] <= tokenOpaque {
			p.blocks[0] = 1 // special tokens are the first of all
			continue
		}
		for n := range blocks {
			p.blocks[n>>3] |= 1 << (n & 7)
		}
		rows := filterRowsFor(p.pattern)
		if len(rows) == 0 {
			continue
		}
		for group := range filterGroups(blocks) {
			size := rowsPerPart(filterWidth(blocks, group))
			for i := 0; i < len(rows); {
				part := rows[i] / size
				q := request{probe: p, n: group, origin: part * size}
				q.key = appendFilterKey(nil, s.owner, p.seg.id, p.field, group, uint16(part))
				for ; i < len(rows) && rows[i]/size == part; i++ {
					q.list = append(q.list, rows[i])
				}
				if batch = append(batch, q); len(batch) < window {
					continue
				}
				if err := s.fetch(batch, true, s.mask); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
	}
	return s.fetch(batch, true, s.mask)
}

// mask takes those blocks from a probe that have no bit in some row.
func (s *scanner) mask(q *request, v []byte) error {
	width := filterWidth(q.probe.seg.field[q.probe.field].blocks, q.n)
	blocks := q.probe.blocks[q.n*fullWidth:][:width]
	for _, row := range q.list {
		at := (row - q.origin) * width
		if at+width > len(v) {
			return ErrDamaged
		}
		for i, bits := range v[at : at+width] {
			blocks[i] &= bits
		}
	}
	return nil
}

// scan looks through blocks and adds the emails of the tokens that match.
func (s *scanner) scan(batch []request, keep bool) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	var parts []request
	s.tokens = s.tokens[:0]
	err := s.fetch(batch, keep, func(q *request, v []byte) error {
		b := &s.block
		if err := b.decode(v); err != nil {
			return err
		}
		start := len(s.tokens)
		s.tokens = b.find(s.tokens, q.probe.pattern)
		for found := s.tokens[start:]; len(found) > 0; {
			part := b.partOf(found[0])
			n := 1
			for n < len(found) && (part+1 == len(b.parts) || found[n] < b.parts[part+1]) {
				n++
			}
			key := appendPostingsKey(nil, s.owner, q.probe.seg.id, q.probe.field, q.n, uint16(part))
			parts = append(parts, request{key: key, probe: q.probe, list: found[:n:n], origin: b.parts[part]})
			found = found[n:]
		}
		return nil
	})
	if err != nil {
		return err
	}
	for len(parts) > 0 {
		n := min(len(parts), window)
		if err := s.fetch(parts[:n], keep, collect); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

// collect adds the emails of tokens of one part of a block.
func collect(q *request, v []byte) error {
	p, err := decodePostings(v)
	if err != nil {
		return err
	}
	at := q.origin
	for _, token := range q.list {
		if err := p.skip(token - at); err != nil {
			return err
		}
		single, list, err := p.next()
		switch {
		case err != nil:
			return err
		case list == nil:
			q.probe.found.add(single)
		default:
			if err := q.probe.found.addPosting(list); err != nil {
				return err
			}
		}
		at = token + 1
	}
	return nil
}

// fetch calls handle with the value of each request, in any order. With keep
// set the cache keeps them.
func (s *scanner) fetch(batch []request, keep bool, handle func(*request, []byte) error) error {
	var missing []*request
	for i := range batch {
		q := &batch[i]
		if v, ok := s.x.cache.get(q.key); !ok {
			missing = append(missing, q)
		} else if err := handle(q, v); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.SortFunc(missing, func(a, b *request) int { return bytes.Compare(a.key, b.key) })
	keys := make([][]byte, len(missing))
	for i, q := range missing {
		keys[i] = q.key
	}
	got := 0
	for i, v := range s.r.GetMany(keys) {
		if keep {
			s.x.cache.put(keys[i], v)
		}
		if err := handle(missing[i], v); err != nil {
			return err
		}
		got++
	}
	if got < len(missing) {
		if err := s.r.Err(); err != nil {
			return err
		}
		return ErrDamaged
	}
	return nil
}
