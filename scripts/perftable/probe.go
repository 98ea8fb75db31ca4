package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/crypto/argon2"
)

// probe measures what the machine can do at best, and writes it as a line that
// peers reads.
func probe(w io.Writer, dir string) error {
	sync, err := syncs(dir)
	if err != nil {
		return fmt.Errorf("synced writes: %w", err)
	}
	loop, err := loopbackRate()
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	start := time.Now()
	argon2.IDKey([]byte("secret"), make([]byte, 16), 2, 19<<10, 1, 32)
	hash := time.Since(start).Seconds() * 1000
	return json.NewEncoder(w).Encode(map[string]any{"server": machine, "workload": "probe", "extra": map[string]float64{
		"fsync_ms": sync, "loopback_mb_per_s": loop, "memory_mb_per_s": memory(), "argon2_ms": hash, "cores": float64(runtime.NumCPU()),
	}})
}

// syncs returns the median of a synced write of 4 KiB in milliseconds.
func syncs(dir string) (ms float64, err error) {
	f, err := os.CreateTemp(dir, "perftable")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []float64
	block := make([]byte, 4<<10)
	for range 300 {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start).Seconds()*1000)
	}
	ms, _ = median(took)
	return ms, nil
}

// loopbackRate returns how many megabytes a second one connection carries.
func loopbackRate() (rate float64, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	const total = 1 << 30
	sent := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			sent <- err
			return
		}
		defer c.Close()
		block := make([]byte, 128<<10)
		for range total / len(block) {
			if _, err := c.Write(block); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	start := time.Now()
	// A plain reader, so that octets really come into the process, as a client's do.
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 128<<10))
	took := time.Since(start).Seconds()
	if n != total && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return float64(n) / 1e6 / took, errors.Join(err, <-sent)
}

// memory returns how many megabytes a second one core copies.
func memory() float64 {
	from, to := make([]byte, 128<<20), make([]byte, 128<<20)
	copy(to, from) // get the pages
	start := time.Now()
	for range 4 {
		copy(to, from)
	}
	return 4 * float64(len(to)) / 1e6 / time.Since(start).Seconds()
}
