package search

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"

	"poststube/kv"
)

// A manifest lists what is stored about one owner. Segments are written once
// and never changed; a change of the index is a new manifest.
type manifest struct {
	form       string // how texts were cut; another form makes the index void
	generation uint64 // counts changes, so that two writers notice each other
	next       uint64 // id of the next segment
	indexed    uint64 // emails up to this one are in the index, or are gone
	building   []uint64
	segments   []segment // in the order of their emails
}

// A segment is the index of some successive emails of one chunk.
type segment struct {
	id    uint64
	chunk uint64
	docs  uint32 // emails that have gone in
	field [fields]fieldInfo
}

// A fieldInfo describes a field of a segment.
type fieldInfo struct {
	blocks uint32
	docs   uint32 // emails with text in this field
	opaque uint32 // emails with more text than the index takes
	bytes  uint64 // octets stored, keys included
}

const manifestVersion = 1

func (m *manifest) encode() []byte {
	b := []byte{manifestVersion}
	b = binary.AppendUvarint(b, uint64(len(m.form)))
	b = append(b, m.form...)
	for _, n := range [...]uint64{m.generation, m.next, m.indexed, uint64(len(m.building))} {
		b = binary.AppendUvarint(b, n)
	}
	for _, id := range m.building {
		b = binary.AppendUvarint(b, id)
	}
	b = binary.AppendUvarint(b, uint64(len(m.segments)))
	for i := range m.segments {
		s := &m.segments[i]
		b = binary.AppendUvarint(b, s.id)
		b = binary.AppendUvarint(b, s.chunk)
		b = binary.AppendUvarint(b, uint64(s.docs))
		for _, f := range s.field {
			b = binary.AppendUvarint(b, uint64(f.blocks))
			if f.blocks > 0 {
				b = binary.AppendUvarint(b, uint64(f.docs))
				b = binary.AppendUvarint(b, uint64(f.opaque))
				b = binary.AppendUvarint(b, f.bytes)
			}
		}
	}
	return b
}

func decodeManifest(v []byte) (*manifest, error) {
	if len(v) == 0 || v[0] != manifestVersion {
		return nil, ErrDamaged
	}
	d := decoder{b: v[1:]}
	m := &manifest{form: string(d.bytes())}
	m.generation, m.next, m.indexed = d.uvarint(), d.uvarint(), d.uvarint()
	for range d.below(uint64(len(d.b)) + 1) {
		m.building = append(m.building, d.uvarint())
	}
	m.segments = make([]segment, d.below(uint64(len(d.b))+1))
	for i := range m.segments {
		s := &m.segments[i]
		s.id, s.chunk, s.docs = d.uvarint(), d.below(1<<(64-chunkBits)), uint32(d.below(chunkEmails+1))
		for n := range s.field {
			f := &s.field[n]
			if f.blocks = uint32(d.below(1 << 31)); f.blocks > 0 {
				f.docs, f.opaque = uint32(d.below(chunkEmails+1)), uint32(d.below(chunkEmails+1))
				f.bytes = d.uvarint()
			}
		}
		if i > 0 && s.chunk < m.segments[i-1].chunk {
			d.bad = true
		}
	}
	if d.bad || len(d.b) > 0 {
		return nil, ErrDamaged
	}
	return m, nil
}

// manifest returns what is stored about an owner: an empty manifest if there is
// none. One of another form counts as empty, but keeps its list of segments in
// void, to be deleted.
func (x *Index) manifest(r kv.Reader, owner uint32) (m *manifest, void bool, err error) {
	v, err := r.Get(manifestKey(owner))
	switch {
	case errors.Is(err, kv.ErrNotFound):
		// Ids begin anywhere, so that nothing that is left in a cache from an
		// index that was dropped is taken for a part of this one.
		return &manifest{form: x.form, next: rand.Uint64() >> 16}, false, nil
	case err != nil:
		return nil, false, err
	}
	if m, err = decodeManifest(v); err != nil {
		return nil, false, err
	}
	if m.form != x.form {
		return &manifest{form: x.form, generation: m.generation, next: m.next}, true, nil
	}
	return m, false, nil
}
