package server

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"poststube/diskspace"
	"poststube/kv/pebblekv"
)

// A reason is why the server is not healthy or not ready, for a program (Check) and
// for a person.
type reason struct {
	Check string `json:"check"` // "store", "disk", "memory" or "stopping"
	Text  string `json:"text"`
}

// live returns why the process should be started anew; nothing if it need not.
func (s *Server) live() []reason {
	m, err := s.store.db.Metrics()
	if err != nil {
		return nil // it is closed: the end of a stop
	}
	return unhealthy(&m)
}

func unhealthy(m *pebblekv.Metrics) []reason {
	if m.Failed {
		return []reason{{"store", "the disk has failed; the log says how. Start the server again to read what is there"}}
	}
	return nil
}

// ready returns why mail should not be sent here now; nothing if it can.
func (s *Server) ready() []reason {
	if s.stopping.Load() {
		return []reason{{"stopping", "the server is stopping"}}
	}
	if reasons := s.live(); reasons != nil {
		return reasons
	}
	var reasons []reason
	if m, err := s.store.db.Metrics(); err == nil && m.Space != diskspace.Ample {
		reasons = append(reasons, reason{"disk", "less than storage.min_free is free on the disk: new mail is refused, reading goes on"})
	} else if err := s.probe.check(); err != nil {
		reasons = append(reasons, reason{"store", err.Error()})
	}
	if s.memory.tight() {
		reasons = append(reasons, reason{"memory", "memory is tight: new connections and large commands are refused"})
	}
	return reasons
}

// A probe finds out whether something can be written, at most once a second
// however many ask, and without waiting for ever for a disk that hangs.
type probe struct {
	write func() error
	now   func() time.Time

	mu      sync.Mutex
	running chan struct{} // closed when the write under way has ended; nil: none is
	began   time.Time
	err     error // of the last one
}

const (
	probeEvery = time.Second
	probeTime  = 2 * time.Second
)

// errSlowDisk says that the last probe has not come back.
type errSlowDisk time.Duration

func (e errSlowDisk) Error() string {
	return "the disk has not finished a write for " + time.Duration(e).Round(time.Second).String()
}

func (p *probe) check() error {
	p.mu.Lock()
	if p.running == nil && p.now().Sub(p.began) >= probeEvery {
		done := make(chan struct{})
		p.running, p.began = done, p.now()
		go func() {
			err := p.write()
			p.mu.Lock()
			p.running, p.err = nil, err
			p.mu.Unlock()
			close(done)
		}()
	}
	running := p.running
	p.mu.Unlock()
	if running != nil {
		timer := time.NewTimer(probeTime)
		defer timer.Stop()
		select {
		case <-running:
		case <-timer.C:
			p.mu.Lock()
			defer p.mu.Unlock()
			return errSlowDisk(p.now().Sub(p.began))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// answer writes what a check has found: 200 if nothing, else 503 with the reasons.
func answer(w http.ResponseWriter, good string, reasons []reason) {
	status, code := good, http.StatusOK
	if len(reasons) > 0 {
		status, code = "not "+good, http.StatusServiceUnavailable
	}
	if reasons == nil {
		reasons = []reason{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// The one who asks may be gone.
	_ = json.NewEncoder(w).Encode(struct {
		Status  string   `json:"status"`
		Reasons []reason `json:"reasons"`
		Version string   `json:"version"`
	}{status, reasons, Version})
}
