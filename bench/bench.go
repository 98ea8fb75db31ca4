// Package bench compares mail servers: it puts the same load on each over IMAP
// and LMTP and measures how they bear it. It knows nothing of the servers but
// the protocols, so any will do.
//
// All work is done in mailboxes of its own, which are removed at the end, with
// mail that it makes up. Count and time of every measurement are bounded. The
// servers take turns, measurement by measurement, so that what else the machine
// does hits all of them alike.
package bench

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"time"
)

// A Server is how to reach one of the servers to compare.
type Server struct {
	Name           string
	Addr           string      // IMAP, "host:port"
	TLS            *tls.Config // nil: plain text
	LMTP           string      // "host:port"; empty: no deliveries are measured
	User, Password string
	Recipient      string // address of User, for LMTP
}

// Options bound the load.
type Options struct {
	Messages    int           // in the mailbox that is measured, 100 to 1,000,000
	Limit       time.Duration // how long one measurement goes on repeating; filling may take 60 times as long, and a minute for every 10,000 messages
	Connections int           // of measurements with several, 2 to 64
	// Progress is told what is measured next; it may be nil.
	Progress func(server, workload string)
}

// Standard and Quick are loads of a minute or two and of some seconds.
func Standard() Options {
	return Options{Messages: 5000, Limit: 5 * time.Second, Connections: 8}
}

// Quick: see Standard.
func Quick() Options {
	return Options{Messages: 300, Limit: time.Second, Connections: 4}
}

// Check says what is wrong with the bounds.
func (o Options) Check() error {
	switch {
	case o.Messages < 100 || o.Messages > 1_000_000:
		return fmt.Errorf("%d messages: 100 to 1000000 are possible", o.Messages)
	case o.Connections < 2 || o.Connections > 64:
		return fmt.Errorf("%d connections: 2 to 64 are possible", o.Connections)
	case o.Limit <= 0:
		return errors.New("no time to measure anything")
	}
	return nil
}

// A Row is one measurement on all servers.
type Row struct {
	Workload string   `json:"workload"` // one of Workloads
	Unit     Unit     `json:"unit"`
	Figures  []Figure `json:"figures"` // in the order of the servers
}

// A Figure is what one server did.
type Figure struct {
	Server  string  `json:"server"`
	Value   float64 `json:"value"`   // in the row's unit; milliseconds are a median
	Ratio   float64 `json:"ratio"`   // how many times as fast as the first server; 0: unknown
	Ops     int     `json:"ops"`     // commands or messages
	Seconds float64 `json:"seconds"` // what they took
	P50     float64 `json:"p50_ms"`  // of one command
	P99     float64 `json:"p99_ms"`
	Skipped string  `json:"skipped,omitempty"` // what the server lacks
	Error   string  `json:"error,omitempty"`
}

// Failed counts the measurements that ended with an error.
func Failed(rows []Row) (n int) {
	for _, r := range rows {
		for _, f := range r.Figures {
			if f.Error != "" {
				n++
			}
		}
	}
	return n
}

// Workloads returns the names of all measurements, in their order.
func Workloads() []string {
	names := make([]string, len(workloads))
	for i, w := range workloads {
		names[i] = w.name
	}
	return names
}

// Compare puts the load on all servers. What goes wrong in a measurement is in its
// figure; the error tells that a server could not be used at all, that ctx ended,
// or that something could not be removed and is left behind.
func Compare(ctx context.Context, servers []Server, o Options) (rows []Row, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	var sessions []*session
	defer func() {
		// Cleaning up has its own time: it must happen after an interrupt too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		for _, s := range sessions {
			err = errors.Join(err, s.cleanUp(ctx))
		}
	}()
	for _, server := range servers {
		// Names of its own for each: two servers may be one, at two addresses.
		s, err := open(ctx, server, o, rand.Text()[:10])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", server.Name, err)
		}
		sessions = append(sessions, s)
	}
	for _, w := range workloads {
		row := Row{Workload: w.name, Unit: w.unit}
		for _, s := range sessions {
			if o.Progress != nil {
				o.Progress(s.server.Name, w.name)
			}
			row.Figures = append(row.Figures, s.measure(ctx, w))
			if err := ctx.Err(); err != nil {
				return rows, err
			}
		}
		row.compare()
		rows = append(rows, row)
	}
	return rows, nil
}

// compare fills in the ratios.
func (r *Row) compare() {
	first := r.Figures[0].Value
	for i := range r.Figures {
		f := &r.Figures[i]
		switch {
		case first <= 0 || f.Value <= 0:
		case r.Unit == Milliseconds:
			f.Ratio = first / f.Value
		default:
			f.Ratio = f.Value / first
		}
	}
}
