package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A size is what poststube bench -f json printed for one size of mailbox.
type size struct {
	Messages int `json:"messages"`
	Rows     []struct {
		Workload string `json:"workload"`
		Unit     string `json:"unit"`
		Figures  []struct {
			Value float64 `json:"value"`
			Error string  `json:"error"`
		} `json:"figures"`
	} `json:"rows"`
}

// steady are the measurements that shall not grow with the mailbox.
var steady = []struct{ workload, title string }{
	{"select", "SELECT"}, {"noop", "NOOP"}, {"store", "STORE single"}, {"append_full", "APPEND"}, {"idle_push", "IDLE push"}, {"resync", "QRESYNC of 1,000 changes"},
}

// linear are those that may grow as the mailbox does: the rate a message is shown.
var linear = []struct{ workload, title string }{
	{"fetch_flags", "FETCH flags"}, {"fetch_envelopes", "FETCH envelopes"}, {"fetch_bodies", "FETCH bodies"}, {"search_unseen", "SEARCH UNSEEN"},
	{"search_subject", "SEARCH SUBJECT"}, {"search_body", "SEARCH BODY"}, {"store_all", "STORE 1:*"},
}

// maxGrowth is the goal for steady measurements.
const maxGrowth = 1.5

// growth returns the table of how figures grow.
func growth(files []string) ([]byte, error) {
	var sizes []size
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var s size
		if err := json.Unmarshal(text, &s); err != nil || s.Messages == 0 {
			return nil, fmt.Errorf("%s: this is no output of poststube bench -f json: %v", name, err)
		}
		sizes = append(sizes, s)
	}
	slices.SortFunc(sizes, func(a, b size) int { return a.Messages - b.Messages })
	var b bytes.Buffer
	fmt.Fprint(&b, "| messages |")
	for _, s := range sizes {
		fmt.Fprintf(&b, " %s |", digits(float64(s.Messages)))
	}
	fmt.Fprintf(&b, " slower by | goal | met |\n|---|%s---:|---|---|\n", strings.Repeat("---:|", len(sizes)))
	for _, w := range steady {
		growthRow(&b, sizes, w.workload, w.title, true)
	}
	for _, w := range linear {
		growthRow(&b, sizes, w.workload, w.title, false)
	}
	return b.Bytes(), nil
}

func growthRow(b *bytes.Buffer, sizes []size, workload, title string, isSteady bool) {
	fmt.Fprintf(b, "| %s |", title)
	var values []float64
	unit := ""
	for _, s := range sizes {
		var v float64
		v, unit = s.value(workload)
		values = append(values, v)
		fmt.Fprintf(b, " %s |", show(v, v > 0, map[string]string{"per_second": "/s", "milliseconds": " ms", "megabytes_per_second": " MB/s"}[unit]))
	}
	first, end := values[0], values[len(values)-1]
	if first <= 0 || end <= 0 {
		fmt.Fprint(b, " – | | |\n")
		return
	}
	slower := first / end
	if unit == "milliseconds" {
		slower = end / first
	}
	goal, met := "linear", ""
	if unit == "milliseconds" {
		met = yes(slower <= float64(sizes[len(sizes)-1].Messages)/float64(sizes[0].Messages))
	} else {
		met = yes(slower <= maxGrowth) // a rate a message
	}
	if isSteady {
		goal, met = fmt.Sprintf("≤ %v×", maxGrowth), yes(slower <= maxGrowth)
	}
	fmt.Fprintf(b, " %s× | %s | %s |\n", digits(slower), goal, met)
}

// value returns the figure of a measurement, 0 if there is none.
func (s *size) value(workload string) (v float64, unit string) {
	for _, r := range s.Rows {
		if r.Workload == workload && len(r.Figures) > 0 && r.Figures[0].Error == "" {
			return r.Figures[0].Value, r.Unit
		}
	}
	return 0, ""
}
