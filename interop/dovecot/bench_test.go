package dovecot

import (
	"testing"
	"time"

	"poststube/bench"
)

// TestBench: poststube bench measures a real Dovecot, all that it can do, and
// leaves nothing behind.
func TestBench(t *testing.T) {
	addr := startDovecot(t)
	const user = "measured"
	rows, err := bench.Compare(t.Context(), []bench.Server{{Name: "dovecot", Addr: addr, User: user, Password: "secret"}},
		bench.Options{Messages: 100, Limit: 100 * time.Millisecond, Connections: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(bench.Workloads()) {
		t.Errorf("%d measurements of %d", len(rows), len(bench.Workloads()))
	}
	for _, r := range rows {
		f := r.Figures[0]
		switch {
		case r.Workload == "lmtp": // none was given
			if f.Skipped == "" {
				t.Errorf("%s: %+v", r.Workload, f)
			}
		case f.Error != "" || f.Skipped != "" || f.Value <= 0 || f.Ops == 0:
			t.Errorf("%s: %+v", r.Workload, f)
		}
	}
	c, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	if _, err := c.command(nil, "LOGIN %s secret", user); err != nil {
		t.Fatal(err)
	}
	if list, err := c.command(nil, `LIST "" "poststube-bench*"`); err != nil || len(list) > 0 {
		t.Errorf("left behind: %q %v", list, err)
	}
}
