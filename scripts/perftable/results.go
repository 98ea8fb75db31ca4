package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A result is a JSON line of imapbench.
type result struct {
	Server   string             `json:"server"`
	Workload string             `json:"workload"`
	Params   map[string]any     `json:"params"`
	Seconds  float64            `json:"seconds"`
	Ops      float64            `json:"ops"`
	OpsPerS  float64            `json:"ops_per_s"`
	P50      float64            `json:"p50_ms"`
	Bytes    float64            `json:"bytes"`
	Client   float64            `json:"client_cpu_s"` // CPU seconds of the load generator
	CPU      float64            `json:"server_cpu_s"` // and of the server
	Extra    map[string]any     `json:"extra"`
	Skipped  string             `json:"skipped"`
	Error    string             `json:"error"`
	Numbers  map[string]float64 `json:"-"` // of Extra
}

// key names a measurement, whatever its scale: sizes are left out, and of queries
// whose word depends on the generator only the criterion is kept.
func (r *result) key() string {
	var parts []string
	for name, value := range r.Params {
		s := fmt.Sprint(value)
		switch {
		case name == "messages" || name == "mailboxes" || name == "watchers":
			continue
		case name == "conns" && (r.Workload == "idle" || r.Workload == "mixed"):
			continue
		case name == "query" && r.Workload == "search":
			if words := strings.Fields(s); len(words) == 2 {
				s = words[0]
			}
		}
		parts = append(parts, name+"="+s)
	}
	slices.Sort(parts)
	return strings.TrimSpace(r.Workload + " " + strings.Join(parts, ", "))
}

// value reads a figure; ok is false if there is none.
func (r *result) value(read reading) (v float64, ok bool) {
	if r.Error != "" || r.Skipped != "" {
		return 0, false
	}
	switch read {
	case ops:
		v = r.OpsPerS
	case p50:
		v = r.P50
	case octets:
		if v, ok = r.Numbers["mb_per_s"]; !ok && r.Seconds > 0 {
			v = r.Bytes / 1e6 / r.Seconds
		}
	case resting:
		v, ok = r.Numbers["kib_per_conn_rested"]
		return v, ok
	case last:
		v = r.Numbers["last_p50_ms"]
	}
	return v, v > 0
}

// leastCPU is how many CPU seconds are worth dividing: they are counted in
// hundredths.
const leastCPU = 0.05

// cpu returns the microseconds of CPU that the server took for an operation.
func (r *result) cpu() (v float64, ok bool) {
	if r.Error != "" || r.Skipped != "" || r.Ops == 0 || r.CPU < leastCPU {
		return 0, false
	}
	return r.CPU / r.Ops * 1e6, true
}

// alone returns how many operations a second the load generator would make on so
// many cores if the server took no CPU at all.
func (r *result) alone(cores float64) (v float64, ok bool) {
	if r.Error != "" || r.Skipped != "" || r.Client < leastCPU {
		return 0, false
	}
	return cores * r.Ops / r.Client, true
}

// results are all lines, by server and key.
type results map[string]map[string][]result

func readResults(files []string) (results, error) {
	all := results{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			var r result
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Workload == "" {
				f.Close()
				return nil, fmt.Errorf("%s:%d: this is no measurement: %v", name, n, err)
			}
			r.Numbers = map[string]float64{}
			for k, v := range r.Extra {
				if x, ok := v.(float64); ok {
					r.Numbers[k] = x
				}
			}
			if all[r.Server] == nil {
				all[r.Server] = map[string][]result{}
			}
			all[r.Server][r.key()] = append(all[r.Server][r.key()], r)
		}
		f.Close()
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return all, nil
}

// figure returns the median of all runs of a measurement.
func (all results) figure(server, key string, value func(*result) (float64, bool)) (v float64, ok bool) {
	var values []float64
	for _, r := range all[server][key] {
		if v, ok := value(&r); ok {
			values = append(values, v)
		}
	}
	return median(values)
}

func median(values []float64) (float64, bool) {
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	return values[len(values)/2], true
}
