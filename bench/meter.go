package bench

import (
	"slices"
	"sync"
	"time"
)

// A Unit is what the value of a row counts.
type Unit string

// Units. Of milliseconds less is better, of the others more.
const (
	PerSecond    Unit = "per_second"
	Megabytes    Unit = "megabytes_per_second"
	Milliseconds Unit = "milliseconds"
)

// A meter collects one measurement. Its methods may be called by several
// goroutines at a time.
type meter struct {
	mu    sync.Mutex
	times []time.Duration // of single commands
	ops   int             // commands, or the messages they were about
	bytes int64
	wall  time.Duration // what all of it took, set-up left out
	until time.Time     // when repeating ends
}

// time runs f as one command about n operations.
func (m *meter) time(n int, f func() error) error {
	start := time.Now()
	if err := f(); err != nil {
		return err
	}
	m.add(n, time.Since(start))
	return nil
}

// add records one command about n operations.
func (m *meter) add(n int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times = append(m.times, took)
	m.ops += n
	m.wall += took
}

// together runs f on n goroutines; what their commands took is then not the sum.
func (m *meter) together(n int, f func(worker int) error) error {
	start := time.Now()
	errs := make(chan error, n)
	for worker := range n {
		go func() { errs <- f(worker) }()
	}
	var first error
	for range n {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	m.wall = time.Since(start)
	return first
}

// again tells whether a measurement that was repeated i times shall go on: at
// least once, at most limit times, not beyond its time.
func (m *meter) again(i, limit int) bool {
	return i < limit && (i == 0 || time.Now().Before(m.until))
}

// figure sums up.
func (m *meter) figure(unit Unit) Figure {
	f := Figure{Ops: m.ops, Seconds: m.wall.Seconds(), P50: m.percentile(0.5), P99: m.percentile(0.99)}
	switch {
	case m.wall <= 0 || m.ops == 0:
	case unit == PerSecond:
		f.Value = float64(m.ops) / m.wall.Seconds()
	case unit == Megabytes:
		f.Value = float64(m.bytes) / 1e6 / m.wall.Seconds()
	case unit == Milliseconds:
		f.Value = f.P50
	}
	return f
}

// percentile returns milliseconds.
func (m *meter) percentile(p float64) float64 {
	if len(m.times) == 0 {
		return 0
	}
	slices.Sort(m.times)
	return float64(m.times[int(p*float64(len(m.times)-1))].Nanoseconds()) / 1e6
}
