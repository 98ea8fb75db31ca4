package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"poststube/kv/pebblekv"
)

// checks reads an answer.
func checks(t *testing.T, text string) (status string, reasons []string) {
	t.Helper()
	var a struct {
		Status  string
		Reasons []reason
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, r := range a.Reasons {
		if r.Text == "" {
			t.Errorf("%s has no text", r.Check)
		}
		reasons = append(reasons, r.Check)
	}
	return a.Status, reasons
}

func TestHealth(t *testing.T) {
	s, get := startWithMetrics(t, nil)
	expect := func(path string, wantCode int, wantStatus, wantReasons string) {
		t.Helper()
		code, text := get(path)
		if code == 0 {
			t.Fatalf("%s: %s", path, text)
		}
		if status, reasons := checks(t, text); code != wantCode || status != wantStatus || strings.Join(reasons, " ") != wantReasons {
			t.Errorf("%s is %d %s", path, code, text)
		}
	}
	expect("/health", http.StatusOK, "healthy", "")
	expect("/ready", http.StatusOK, "ready", "")

	s.probe.mu.Lock()
	s.probe.write, s.probe.began = func() error { return errors.New("made up") }, time.Time{}
	s.probe.mu.Unlock()
	expect("/ready", http.StatusServiceUnavailable, "not ready", "store")
	s.memory.over.Store(true)
	s.memory.looked.Store(time.Now().Add(time.Hour).UnixNano())
	expect("/ready", http.StatusServiceUnavailable, "not ready", "store memory")
	expect("/health", http.StatusOK, "healthy", "")
	s.memory.over.Store(false)

	// While a stop waits for a client inside a message, it can be asked how it goes.
	c, r := dial(t, s, 2)
	fmt.Fprint(c, "LHLO x\r\nMAIL FROM:<>\r\n")
	for line := ""; !strings.HasPrefix(line, "250 2.1.0"); {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	stopped := make(chan error)
	go func() { stopped <- s.Stop() }()
	for !s.stopping.Load() {
		get("/health") // which takes a moment
	}
	expect("/ready", http.StatusServiceUnavailable, "not ready", "stopping")
	fmt.Fprint(c, "QUIT\r\n")
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if code, text := get("/health"); code != 0 {
		t.Errorf("after the stop: %d %s", code, text)
	}
}

// TestReadyFullDisk: a server starts on a disk without room, since there is mail to
// read and to delete. It is not ready then, but healthy: a restart makes no room.
func TestReadyFullDisk(t *testing.T) {
	s, get := startWithMetrics(t, nil)
	if err := s.Stop(); err != nil { // there is a store now
		t.Fatal(err)
	}
	s = start(t, s.store.dir, func(c *Config) {
		c.Listen.Metrics = []string{"unix:" + s.store.dir + "/web"}
		c.Storage.MinFree = 1 << 60
	})
	defer s.Stop()
	code, text := get("/ready")
	if _, reasons := checks(t, text); code != http.StatusServiceUnavailable || len(reasons) != 1 || reasons[0] != "disk" {
		t.Errorf("%d %s", code, text)
	}
	if code, text := get("/health"); code != http.StatusOK {
		t.Errorf("%d %s", code, text)
	}
	if _, text := get("/metrics"); !strings.Contains(text, "\npoststube_store_takes_mail 0\n") {
		t.Error("the metrics say that mail is taken")
	}
}

func TestUnhealthy(t *testing.T) {
	if r := unhealthy(&pebblekv.Metrics{Failed: true}); len(r) != 1 || r[0].Check != "store" {
		t.Errorf("a failed store: %v", r)
	}
	if r := unhealthy(&pebblekv.Metrics{}); len(r) != 0 {
		t.Errorf("a good store: %v", r)
	}
}

// TestProbe: however many ask, there is one write a second, and a disk that hangs
// holds up nobody for longer than two.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes := 0
		var hang chan struct{}
		bad := errors.New("made up")
		var result error
		p := &probe{now: time.Now, write: func() error {
			writes++
			if hang != nil {
				<-hang
			}
			return result
		}}
		for range 100 {
			if err := p.check(); err != nil {
				t.Fatal(err)
			}
		}
		if writes != 1 {
			t.Errorf("%d writes at once", writes)
		}
		result = bad
		time.Sleep(probeEvery)
		if err := p.check(); err != bad || writes != 2 {
			t.Errorf("a second later: %v, %d writes", err, writes)
		}
		hang, result = make(chan struct{}), nil
		time.Sleep(probeEvery)
		for _, want := range []string{"2s", "4s"} {
			began := time.Now()
			err := p.check()
			if err == nil || !strings.HasSuffix(err.Error(), want) || time.Since(began) != probeTime {
				t.Errorf("a disk that hangs: %v after %v", err, time.Since(began))
			}
		}
		close(hang)
		synctest.Wait()
		if err := p.check(); err != nil || writes != 4 {
			t.Errorf("when it is back: %v, %d writes", err, writes)
		}
	})
}
