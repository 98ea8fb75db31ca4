package main

import (
	"io"
	"sync/atomic"
)

// A meter counts what is read. The count may be looked at meanwhile.
type meter struct {
	n atomic.Int64
}

func (m *meter) position() int64 { return m.n.Load() }

// count returns r with its octets counted.
func (m *meter) count(r io.Reader) io.Reader { return &meterReader{r, m} }

type meterReader struct {
	r io.Reader
	m *meter
}

func (r *meterReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.m.n.Add(int64(n))
	return n, err
}
