package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"poststube/dialogue/house"
)

// listen lets the servers of a house be reached over TCP.
func listen(t *testing.T, h *house.House, protocol string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := h.Dial(protocol, netip.MustParseAddr("127.0.0.1"))
			if err != nil {
				client.Close()
				return
			}
			go func() { io.Copy(server, client); server.Close() }()
			go func() { io.Copy(client, server); client.Close() }()
		}
	}()
	return l.Addr().String()
}

// newServer starts a server in memory with a person on it.
func newServer(t *testing.T) Server {
	t.Helper()
	h, err := house.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	if err := h.Set([]string{"user", "anna", "secret"}, nil); err != nil {
		t.Fatal(err)
	}
	return Server{Name: "here", Addr: listen(t, h, "imap"), LMTP: listen(t, h, "lmtp"), User: "anna", Password: "secret", Recipient: "anna"}
}

// left returns the mailboxes of a run that are still there, and what INBOX has.
func left(t *testing.T, s Server) (names []string, inbox int) {
	t.Helper()
	c, err := login(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.logout()
	err = c.do("LIST", ` "" "*"`, func(line []byte) error {
		if bytes.Contains(line, []byte("poststube-bench")) {
			names = append(names, string(line))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	inbox, _, err = c.selectMailbox("INBOX")
	if err != nil {
		t.Fatal(err)
	}
	return names, inbox
}

// small is a load for tests.
func small() Options {
	return Options{Messages: 100, Limit: 300 * time.Millisecond, Connections: 2}
}

// TestCompare: all measurements succeed, what was in INBOX stays, and nothing else is left.
func TestCompare(t *testing.T) {
	s := newServer(t)
	c, err := login(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.append("INBOX", 0, []byte("Subject: stays\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	c.logout()
	rows, err := Compare(t.Context(), []Server{s, s}, small())
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(Workloads()) {
		t.Errorf("%d rows of %d", len(rows), len(Workloads()))
	}
	for _, r := range rows {
		for _, f := range r.Figures {
			if f.Error != "" || f.Skipped != "" || f.Value <= 0 || f.Ratio <= 0 || f.Ops == 0 {
				t.Errorf("%s: %+v", r.Workload, f)
			}
		}
		if r.Figures[0].Ratio != 1 {
			t.Errorf("%s: the first server is %v times as fast as itself", r.Workload, r.Figures[0].Ratio)
		}
	}
	if names, inbox := left(t, s); len(names) > 0 || inbox != 1 {
		t.Errorf("left: %v, %d messages in INBOX", names, inbox)
	}
}

// TestInterrupted: whoever stops a run finds nothing left of it.
func TestInterrupted(t *testing.T) {
	for _, at := range []string{"append_many", "create", "lmtp"} {
		t.Run(at, func(t *testing.T) {
			s := newServer(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := small()
			o.Limit = 100 * time.Millisecond
			o.Progress = func(_, workload string) {
				if workload == at {
					cancel()
				}
			}
			rows, err := Compare(ctx, []Server{s}, o)
			if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
				t.Errorf("%v", err)
			}
			if i := slices.Index(Workloads(), at); len(rows) != i {
				t.Errorf("%d rows, not %d", len(rows), i)
			}
			if names, inbox := left(t, s); len(names) > 0 || inbox != 0 {
				t.Errorf("left: %v, %d messages in INBOX", names, inbox)
			}
		})
	}
}

func TestCompareRefuses(t *testing.T) {
	s := newServer(t)
	wrong := s
	wrong.Password = "nonsense"
	if _, err := Compare(t.Context(), []Server{s, wrong}, small()); err == nil || !strings.Contains(err.Error(), "here: AUTHENTICATE") {
		t.Errorf("a wrong password: %v", err)
	}
	if names, _ := left(t, s); len(names) > 0 {
		t.Errorf("left on the first server: %v", names)
	}
	o := small()
	o.Messages = 1
	if _, err := Compare(t.Context(), []Server{s}, o); err == nil {
		t.Error("one message is enough?")
	}
}

// TestRatio: of milliseconds less is better.
func TestRatio(t *testing.T) {
	for _, tt := range []struct {
		unit   Unit
		values []float64
		want   string
	}{
		{PerSecond, []float64{10, 30}, "[1 3]"},
		{Megabytes, []float64{10, 5}, "[1 0.5]"},
		{Milliseconds, []float64{10, 5}, "[1 2]"},
		{Milliseconds, []float64{0, 5}, "[0 0]"}, // the first failed
		{PerSecond, []float64{10, 0}, "[1 0]"},
	} {
		r := Row{Unit: tt.unit}
		for _, v := range tt.values {
			r.Figures = append(r.Figures, Figure{Value: v})
		}
		r.compare()
		var got []float64
		for _, f := range r.Figures {
			got = append(got, f.Ratio)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s %v: %v, want %s", tt.unit, tt.values, got, tt.want)
		}
	}
}
