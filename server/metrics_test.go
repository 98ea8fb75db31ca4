package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"poststube/admin"
	"poststube/imap"
)

// startWithMetrics runs a server that can be asked, and returns how to ask.
func startWithMetrics(t *testing.T, change func(*Config)) (s *Server, get func(path string) (int, string)) {
	t.Helper()
	dir := shortDir(t)
	s = start(t, dir, func(c *Config) {
		c.Listen.Metrics = []string{"unix:" + dir + "/web"}
		if change != nil {
			change(c)
		}
	})
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", dir+"/web")
		},
	}}
	return s, func(path string) (int, string) {
		t.Helper()
		r, err := client.Get("http://metrics" + path)
		if err != nil {
			return 0, err.Error()
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
}

// TestMetrics: what people and their mail programs do is counted, each thing once.
func TestMetrics(t *testing.T) {
	s, get := startWithMetrics(t, nil)
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := s.store.Admin().AddUsers(t.Context(), []admin.NewUser{{Name: "anna", Password: "secret"}}, nil); err != nil {
		t.Fatal(err)
	}
	lmtp, r := dial(t, s, 3)
	fmt.Fprint(lmtp, "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<anna>\r\nRCPT TO:<nobody>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n")
	readAll(t, r)
	client, r := dial(t, s, 0)
	fmt.Fprint(client, "a LOGIN anna secret\r\nb SELECT INBOX\r\nc FETCH 1 (FLAGS)\r\nd FETCH\r\ne HOCUS\r\nf SELECT none\r\ng FETCH 1 (UID)\r\nh SELECT INBOX\r\ni IDLE\r\n")
	for line := ""; !strings.HasPrefix(line, "+ "); {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	sasl, r := dialAddress(t, s.Addresses()[4].Addr)
	fmt.Fprint(sasl, "VERSION\t1\t1\nAUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=AGFubmEAd3Jvbmc=\nAUTH\t2\tPLAIN\tservice=made-up-17\tsecured\tresp=AGJlbgB3cm9uZw==\n")
	for failed := 0; failed < 2; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "FAIL") {
			failed++
		}
	}
	code, text := get("/metrics")
	// IDLE says "+" a moment before it waits.
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(text, "imap_waiting_sessions 1\n") && time.Now().Before(deadline); {
		code, text = get("/metrics")
	}
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	for _, want := range []string{
		`connections{protocol="imap"} 1`, `connections_total{protocol="imap"} 1`,
		`connections_total{protocol="lmtp"} 1`, `connections{protocol="sasl"} 1`,
		`imap_sessions{state="selected"} 1`, `imap_sessions{state="authenticated"} 0`, `imap_waiting_sessions 1`,
		`imap_commands_total{command="LOGIN",result="ok"} 1`,
		`imap_commands_total{command="FETCH",result="ok"} 1`,
		`imap_commands_total{command="FETCH",result="bad"} 1`,
		`imap_commands_total{command="SELECT",result="no"} 1`, `imap_commands_total{command="SELECT",result="ok"} 2`,
		`imap_commands_total{command="unknown",result="bad"} 2`, // e, and g, for which nothing is selected
		`imap_command_duration_seconds_count{command="SELECT"} 3`,
		`logins_total{protocol="imap",result="ok"} 1`, `logins_total{protocol="smtp",result="failed"} 1`, `logins_total{protocol="other",result="failed"} 1`,
		`lmtp_recipients_total{result="accepted"} 1`, `lmtp_recipients_total{result="refused"} 1`, `lmtp_deliveries_total{result="delivered"} 1`,
		`lmtp_delivery_duration_seconds_count 1`, `lmtp_message_bytes_total 14`,
		`search_index_waiting_accounts 1`, `store_takes_mail 1`,
	} {
		if !strings.Contains(text, "\npoststube_"+want+"\n") {
			name, _, _ := strings.Cut(want, " ")
			t.Errorf("not %s but %s", want, regexp.MustCompile(`\n`+regexp.QuoteMeta("poststube_"+name)+` .*`).FindString(text))
		}
	}
	for _, some := range []string{`received_bytes_total{protocol="imap"}`, `sent_bytes_total{protocol="lmtp"}`, "store_commit_duration_seconds_count", "disk_size_bytes"} {
		if !regexp.MustCompile(`\npoststube_` + regexp.QuoteMeta(some) + ` [1-9]`).MatchString(text) {
			t.Errorf("%s is not there, or 0", some)
		}
	}
	if strings.Contains(text, "anna") || strings.Contains(text, "made-up") || strings.Contains(text, `command="IDLE"}`) {
		t.Error("there is something that does not belong there")
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Error(err)
	}
	if n := strings.Count(text, "\n"); n > 3000 {
		t.Errorf("%d lines: there is a label without a bound", n)
	}
	if code, _ := get("/"); code != http.StatusNotFound {
		t.Errorf("/ answers %d", code)
	}
}

// own returns the descriptions of our own metrics, sorted by name, as docs/metrics.md
// has them.
func own(t *testing.T) (table string, names []string) {
	t.Helper()
	s, _ := startWithMetrics(t, nil)
	defer s.Stop()
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| metric | kind | labels | |\n|---|---|---|---|\n")
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), namespace+"_") {
			continue
		}
		labels := map[string]bool{}
		var list []string
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !labels[l.GetName()] {
					labels[l.GetName()] = true
					list = append(list, "`"+l.GetName()+"`")
				}
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(list, ", "), f.GetHelp())
		names = append(names, f.GetName())
		if f.GetType().String() == "HISTOGRAM" {
			names = append(names, f.GetName()+"_bucket", f.GetName()+"_count", f.GetName()+"_sum")
		}
	}
	return b.String(), names
}

// TestMetricsPage fails when docs/metrics.md is older than the metrics, and when
// the alerts and the dashboard ask for one that there is not.
func TestMetricsPage(t *testing.T) {
	table, names := own(t)
	const file = "../docs/metrics.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- Made from the metrics; go test ./server -update writes it. -->\n", "<!-- end -->\n"
	before, rest, ok1 := strings.Cut(string(b), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		old = table
	}
	if old != table {
		t.Errorf("%s is stale: go test ./server -update", file)
	}
	for _, file := range []string{file, "../dist/prometheus/alerts.yml", "../dist/prometheus/dashboard.json"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		used := regexp.MustCompile(`\bpoststube_[a-z_]+`).FindAllString(string(b), -1)
		if len(used) < 8 {
			t.Errorf("%s uses %d metrics only", file, len(used))
		}
		for _, name := range used {
			if !slices.Contains(names, name) {
				t.Errorf("%s uses %s, which there is not", file, name)
			}
		}
	}
}

// BenchmarkCount is what counting costs a command, beside two looks at the clock.
func BenchmarkCount(b *testing.B) {
	m := newTelemetry()
	b.Run("command", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.command("UID FETCH", imap.OK, 130*time.Microsecond)
		}
	})
	b.Run("octets", func(b *testing.B) {
		b.ReportAllocs()
		c := &countedConn{nowhere{}, m.received.WithLabelValues("imap"), m.sent.WithLabelValues("imap")}
		buf := make([]byte, 512)
		for b.Loop() {
			if _, err := c.Write(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// nowhere is a connection that takes everything.
type nowhere struct{ net.Conn }

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
