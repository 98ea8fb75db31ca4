package search

import "poststube/kv"

// Stats tells how large the index of an owner is.
type Stats struct {
	Indexed  uint64 // the last email that is in the index, or gone
	Emails   int    // in the index, removed ones included
	Segments int
	Bytes    uint64 // stored, before the store compresses them
	// Fields has the share of each field in Bytes, from From to Body.
	Fields [fields]uint64
}

// Stats returns the state of an owner's index.
func (x *Index) Stats(r kv.Reader, owner uint32) (s Stats, err error) {
	m, _, err := x.manifest(r, owner)
	if err != nil {
		return s, err
	}
	s.Indexed, s.Segments = m.indexed, len(m.segments)
	for i := range m.segments {
		seg := &m.segments[i]
		s.Emails += int(seg.docs)
		for f, info := range seg.field {
			s.Fields[f] += info.bytes
			s.Bytes += info.bytes
		}
	}
	return s, nil
}
