package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const lines = `{"server":"machine","workload":"probe","extra":{"fsync_ms":0.25,"loopback_mb_per_s":3000,"cores":2}}
{"server":"poststube","workload":"select","params":{"mailbox":"Big","pass":"first"},"p50_ms":3,"extra":{}}
{"server":"dovecot","workload":"select","params":{"mailbox":"Big","pass":"first"},"p50_ms":30}
{"server":"cyrus","workload":"select","params":{"mailbox":"Big","pass":"first"},"p50_ms":20}
{"server":"poststube","workload":"append","params":{"conns":1},"ops_per_s":1000,"extra":{"fsync_ms":0.5,"load":"1"}}
{"server":"poststube","workload":"append","params":{"conns":1},"ops_per_s":1200,"extra":{"fsync_ms":0.5}}
{"server":"poststube","workload":"append","params":{"conns":1},"ops_per_s":9000,"extra":{"fsync_ms":0.5}}
{"server":"dovecot","workload":"append","params":{"conns":1},"ops_per_s":600}
{"server":"cyrus","workload":"append","params":{"conns":1},"ops_per_s":300}
{"server":"poststube","workload":"store","params":{"mailbox":"Big","set":"single"},"ops_per_s":5000}
{"server":"dovecot","workload":"store","params":{"mailbox":"Big","set":"single"},"ops_per_s":7000}
{"server":"dovecot-fsync","workload":"store","params":{"mailbox":"Big","set":"single"},"ops_per_s":4000}
{"server":"poststube","workload":"search","params":{"mailbox":"Big","pass":"first","query":"BODY word"},"p50_ms":1}
{"server":"cyrus","workload":"search","params":{"mailbox":"Big","pass":"first","query":"BODY word"},"p50_ms":0,"error":"timeout"}
{"server":"poststube","workload":"fetch_body","params":{"mailbox":"Big","pass":"first"},"seconds":2,"bytes":1e9,"extra":{"mb_per_s":450}}
{"server":"dovecot","workload":"fetch_body","params":{"mailbox":"Big","pass":"first"},"seconds":2,"bytes":6e8}
{"server":"poststube","workload":"append","params":{"conns":16},"ops":4000,"ops_per_s":3000,"client_cpu_s":0.5,"server_cpu_s":1}
{"server":"dovecot","workload":"append","params":{"conns":16},"ops":4000,"ops_per_s":1500,"client_cpu_s":0.5,"server_cpu_s":4}
{"server":"cyrus","workload":"append","params":{"conns":16},"ops":4000,"ops_per_s":1000,"client_cpu_s":0.5,"server_cpu_s":2}
{"server":"poststube","workload":"idle","params":{"conns":1000},"extra":{"kib_per_conn_rested":20.5}}
`

// TestPeers: the figure of several runs is their median, a ratio is against the
// better peer whichever way better goes, and what failed is no figure.
func TestPeers(t *testing.T) {
	table, err := peers([]string{write(t, "lines", lines)})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| row | poststube | dovecot | cyrus | ratio | goal | met | CPU | limit |\n",
		"| SELECT, cold | 3 ms | 30 ms | 20 ms | 0.15× | ≤ 0.3× | yes |  |  |\n",
		"| APPEND, 1 connection | 1,200/s | 600/s | 300/s | 2× | ≥ 3× | no |  | 2,000 syncs/s |\n",
		"| APPEND, 16 connections | 3,000/s | 1,500/s | 1,000/s | 2× | ≥ 6× | no | 0.50× | 16,000/s |\n",
		"| STORE single, 1 connection | 5,000/s | 4,000/s | – | 1.25× | ≥ 1× | yes |  | – |\n",
		"| SEARCH BODY, rare word | 1 ms | – | – | – | ≤ 0.001× |  |  |  |\n",
		"| FETCH bodies, first | 450 MB/s | 300 MB/s | – | 1.50× | ≥ 1.5× | yes |  | 3,000 MB/s |\n",
		"| memory of an idle connection | 20.5 KiB | – | – | – | ≤ 24 KiB | yes |  |  |\n",
		"4 of 38 rows reach their goal. Below it: APPEND, 1 connection; APPEND, 16 connections. Without a figure to compare: ",
		"a synced write of 4 KiB takes 0.25 ms; loopback carries 3,000 MB/s; cores: 2.",
	} {
		if !bytes.Contains(table, []byte(want)) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func TestPeersRefuses(t *testing.T) {
	for name, text := range map[string]string{"not JSON": "hello\n", "no measurement": "{}\n", "nothing of ours": `{"server":"cyrus","workload":"copy"}` + "\n"} {
		if _, err := peers([]string{write(t, "lines", text)}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestSyncedPeer: without a Dovecot that syncs flags there is nothing to compare.
func TestSyncedPeer(t *testing.T) {
	table, err := peers([]string{write(t, "lines", strings.ReplaceAll(lines, "dovecot-fsync", "other"))})
	if want := "| STORE single, 1 connection | 5,000/s | – | – | – | ≥ 1× |  |  | – |\n"; err != nil || !bytes.Contains(table, []byte(want)) {
		t.Errorf("the table lacks %q (%v):\n%s", want, err, table)
	}
}

// TestGoals: no two rows show the same measurement, and each has one goal.
func TestGoals(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range goals {
		if seen[g.key] || seen[g.title] {
			t.Errorf("%s is there twice", g.title)
		}
		seen[g.key], seen[g.title] = true, true
		if (g.factor > 0) == (g.limit > 0) {
			t.Errorf("%s must have a factor or a limit", g.title)
		}
	}
}

func TestGrowth(t *testing.T) {
	at := func(n, ms, rate string) string {
		return `{"messages":` + n + `,"rows":[{"workload":"select","unit":"milliseconds","figures":[{"value":` + ms + `}]},` +
			`{"workload":"fetch_flags","unit":"per_second","figures":[{"value":` + rate + `}]},` +
			`{"workload":"noop","unit":"milliseconds","figures":[{"value":1,"error":"lost"}]}]}`
	}
	large, small := write(t, "large", at("100000", "0.08", "2000000")), write(t, "small", at("1000", "0.04", "3000000"))
	table, err := growth([]string{large, small})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| messages | 1,000 | 100,000 | slower by | goal | met |\n",
		"| SELECT | 0.04 ms | 0.08 ms | 2× | ≤ 1.5× | no |\n",
		"| NOOP | – | – | – | | |\n",
		"| FETCH flags | 3,000,000/s | 2,000,000/s | 1.50× | linear | yes |\n",
	} {
		if !bytes.Contains(table, []byte(want)) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if _, err := growth([]string{write(t, "empty", "{}")}); err == nil {
		t.Error("no error for a file without measurements")
	}
}

// TestGroups: figures are medians, ratios are between benchmarks or measured, and a
// row without a figure is an error, not a gap.
func TestGroups(t *testing.T) {
	var text strings.Builder
	text.WriteString("goos: linux\n\nPASS\n")
	for i, r := range groupRows {
		v := strconv.FormatFloat(r.goal, 'f', -1, 64)
		if i == 0 {
			v = "7"
		}
		if r.against == "" {
			text.WriteString("Benchmark" + r.bench + "-2\t10\t5 ns/op\t" + v + " " + r.metric + "\n")
			continue
		}
		text.WriteString("Benchmark" + r.bench + "-2 10 3 ns/op\nBenchmark" + r.against + "-2 10 2 ns/op\n")
	}
	text.WriteString("BenchmarkGrant/1000_with_0_folders-2 10 5 ns/op 300 ms-last\nBenchmarkGrant/1000_with_0_folders-2 10 5 ns/op 2 ms-last\n")
	table, err := groups([]string{write(t, "bench", text.String())})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| what | figure | goal | met |\n",
		"| grant to a group of 10,000, against a group of one | 7× | ≤ 1.2× | no |\n",
		"| grant: the last of 1,000 idle members is told | 100 ms | ≤ 100 ms | yes |\n",
		"| LIST of 5,000 mailboxes shared one by one, against own | 1.50× | ≤ 1.5× | yes |\n",
	} {
		if !bytes.Contains(table, []byte(want)) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if _, err := groups([]string{write(t, "bench", strings.ReplaceAll(text.String(), "List/names/ella", "x"))}); err == nil {
		t.Error("no error without a figure to compare with")
	}
}

func TestReplace(t *testing.T) {
	doc := "a\n<!-- peers: begin -->\nold\n<!-- peers: end -->\nb\n"
	got, err := replace([]byte(doc), "peers", []byte("new\n"))
	if want := strings.Replace(doc, "old", "new", 1); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := replace([]byte(doc), "growth", nil); err == nil {
		t.Error("no error where there are no markers")
	}
	real, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"peers", "growth", "groups"} {
		if _, err := replace(real, name, nil); err != nil {
			t.Errorf("docs/performance.md: %v", err)
		}
	}
}

// TestProbe measures the machine for real, which takes a second.
func TestProbe(t *testing.T) {
	var b bytes.Buffer
	if err := probe(&b, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	all, err := readResults([]string{write(t, "probe", b.String())})
	if err != nil {
		t.Fatal(err)
	}
	if text := all.machine(); strings.Count(text, ";") != 4 || strings.Contains(text, " 0 ") {
		t.Errorf("%s", text)
	}
}
