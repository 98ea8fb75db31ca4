package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"poststube/kv"
)

// A Result tells which emails contain a needle. It knows them by their numbers:
// some in the sets may be gone.
type Result struct {
	// Certain has emails that contain the needle.
	Certain Set
	// Possible has emails whose text must be looked at. None is in Certain.
	Possible Set
	// Indexed is the last email that the answer is about. The text of those
	// beyond must be looked at.
	Indexed uint64
}

// Find finds the emails of an owner that contain a needle in a field. Emails up
// to Indexed that are in neither set do not contain it. About an empty needle,
// which every text contains, it says nothing: Indexed is 0.
//
// r is from the database of the index, and the answer is about its snapshot.
// Beside the cache some 25 KiB are used for each segment of the index, of which
// there is one for 65,536 emails and up to 24 that are smaller, and 2 MiB.
//
// The error is ErrDamaged if the index has to be dropped and made anew.
func (x *Index) Find(ctx context.Context, r kv.Reader, owner uint32, f Field, n Needle) (*Result, error) {
	var parts []Field
	switch {
	case f < fields:
		parts = []Field{f}
	case f == Text:
		parts = []Field{Header, Body}
	default:
		return nil, fmt.Errorf("search: there is no field %d", f)
	}
	m, _, err := x.manifest(r, owner)
	if err != nil || n.Empty() {
		return &Result{}, err
	}
	terms, exact := n.terms(parts[0].class())
	if len(terms) == 0 {
		// Nothing but separators: any text may have them.
		terms = []term{special(tokenAll)}
	}
	// Those that few tokens match come first: what they exclude the others
	// need not look at.
	slices.SortStableFunc(terms, func(a, b term) int { return cmp.Compare(len(b), len(a)) })
	s := &scanner{x: x, ctx: ctx, r: r, owner: owner}
	hits, err := s.all(m.segments, parts, terms[:min(len(terms), maxTerms)])
	if err != nil {
		return nil, err
	}
	opaque, err := s.opaque(m.segments, parts)
	if err != nil {
		return nil, err
	}
	return s.result(m, hits, opaque, exact)
}

// maxTerms bounds how many words of a needle are looked for. The more, the fewer
// candidates.
const maxTerms = 8

func special(token byte) term { return term{0, token, 0} }

// A hit is what has been found in a segment.
type hit struct {
	seg  *segment
	bits bitmap
}

// all finds the emails for which all terms match.
func (s *scanner) all(segments []segment, parts []Field, terms []term) ([]*hit, error) {
	hits := make([]*hit, len(segments))
	for i := range segments {
		hits[i] = &hit{seg: &segments[i]}
	}
	for i, t := range terms {
		found := hits
		if i > 0 {
			found = make([]*hit, len(hits))
			for j, h := range hits {
				found[j] = &hit{seg: h.seg}
			}
		}
		if err := s.any(found, parts, t); err != nil {
			return nil, err
		}
		for j := range found {
			if i > 0 {
				hits[j].bits.and(&found[j].bits)
			}
		}
		hits = slices.DeleteFunc(hits, func(h *hit) bool { return h.bits == bitmap{} })
	}
	return hits, nil
}

// opaque finds the emails that the index does not know whole.
func (s *scanner) opaque(segments []segment, parts []Field) (hits []*hit, err error) {
	for i := range segments {
		for _, f := range parts {
			if segments[i].field[f].opaque > 0 {
				hits = append(hits, &hit{seg: &segments[i]})
				break
			}
		}
	}
	return hits, s.any(hits, parts, special(tokenOpaque))
}

// any adds to each hit the emails that have a token that matches, in one of
// several fields.
func (s *scanner) any(hits []*hit, parts []Field, t term) error {
	var probes []*probe
	for _, h := range hits {
		limit := 0
		for _, f := range parts {
			info := &h.seg.field[f]
			limit += int(info.docs + info.opaque)
		}
		for _, f := range parts {
			if h.seg.field[f].blocks > 0 {
				probes = append(probes, &probe{
					seg: h.seg, field: f, pattern: t, found: &h.bits, limit: min(limit, int(h.seg.docs)),
				})
			}
		}
	}
	return s.run(probes)
}

// result makes the answer of what has been found.
func (s *scanner) result(m *manifest, hits, opaque []*hit, exact bool) (*Result, error) {
	res := &Result{Indexed: m.indexed}
	add := func(to *Set, hits []*hit) error {
		for _, h := range hits {
			var removed bitmap
			if err := addRemoved(&removed, s.r, s.owner, h.seg.chunk); err != nil {
				return err
			}
			h.bits.andNot(&removed)
			to.or(h.seg.chunk, &h.bits)
		}
		return nil
	}
	to := &res.Possible
	if exact {
		to = &res.Certain
	}
	if err := add(to, hits); err != nil {
		return nil, err
	}
	if err := add(&res.Possible, opaque); err != nil {
		return nil, err
	}
	if res.Certain.Len() > 0 && res.Possible.Len() > 0 {
		res.Possible = *res.Possible.Subtract(&res.Certain)
	}
	return res, nil
}
