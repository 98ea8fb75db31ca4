package search

import (
	"bytes"
	"context"
	"slices"
)

// A merger goes through the tokens of several sources in ascending order. It is
// a heap of those that have not ended: the least token first, and of equal ones
// that of the source with the lower emails.
type merger []input

type input struct {
	source
	rank  int
	token []byte // the current one
}

func newMerger(sources []source) merger {
	m := make(merger, 0, len(sources))
	for i, s := range sources {
		if token := s.token(); token != nil {
			m = append(m, input{s, i, token})
		}
	}
	for i := len(m)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m
}

func (m merger) less(i, j int) bool {
	c := bytes.Compare(m[i].token, m[j].token)
	return c < 0 || c == 0 && m[i].rank < m[j].rank
}

// sink moves an input down to where it belongs.
func (m merger) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m); child++ {
			if m.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		m[i], m[least] = m[least], m[i]
		i = least
	}
}

// take appends the emails of the first input's token and moves that input on.
func (m *merger) take(docs []uint16) ([]uint16, error) {
	first := &(*m)[0]
	docs, err := first.appendDocs(docs)
	if err != nil {
		return docs, err
	}
	if err := first.next(); err != nil {
		return docs, err
	}
	if first.token = first.source.token(); first.token == nil {
		last := len(*m) - 1
		(*m)[0] = (*m)[last]
		*m = (*m)[:last]
	}
	if len(*m) > 0 {
		m.sink(0)
	}
	return docs, nil
}

// merge adds the tokens of all sources, which are in the order of their emails,
// to the writer's field, and ends it. Emails in removed are left out; it may be
// nil.
func (w *segmentWriter) merge(ctx context.Context, sources []source, removed *bitmap) (err error) {
	var token []byte
	var docs []uint16
	for m := newMerger(sources); len(m) > 0; {
		token = append(token[:0], m[0].token...)
		docs = docs[:0]
		for len(m) > 0 && bytes.Equal(m[0].token, token) {
			before := len(docs)
			if docs, err = m.take(docs); err != nil {
				return err
			}
			if before > 0 && docs[before] <= docs[before-1] {
				return ErrDamaged
			}
		}
		if removed != nil {
			docs = slices.DeleteFunc(docs, removed.contains)
		}
		if len(docs) == 0 {
			continue
		}
		w.add(token, docs)
		if err = w.room(ctx); err != nil {
			return err
		}
	}
	w.endField()
	return nil
}
