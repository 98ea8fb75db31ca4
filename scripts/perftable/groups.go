package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A groupRow is a figure of a Go benchmark and the most that it may be.
type groupRow struct {
	title  string
	bench  string // without "Benchmark" and the number of processors
	metric string
	// against is the benchmark that the figure is divided by; "": none.
	against string
	goal    float64
}

var groupRows = []groupRow{
	{"grant to a group of 10,000, against a group of one", "Groups/grant_to_10000_members", "x", "", 1.2},
	{"grant on one of 10,000 shared mailboxes, and opening it", "Groups/10000_folders", "ms", "", 5},
	{"leaving a group with 10,000 grants, against one with a single grant", "Groups/leave_with_10000_grants", "x", "", 1.5},
	{"opening as a member of 200 groups, against one of one", "Groups/member_of_200_groups", "x", "", 1.5},
	{"opening by the tenth of groups in groups, against the first", "Groups/nested_10_deep", "x", "", 1.5},
	{"grant: the last of 1,000 idle members is told", "Grant/1000_with_0_folders", "ms-last", "", 100},
	{"the same where each sees 1,000 other shared folders", "Grant/1000_with_1000_folders", "ms-last", "", 100},
	{"delivery: the last of 200 sessions is told", "Push/own/200", "ms-last", "", 10},
	{"delivery: the last of 200 people is told, shared mailbox", "Push/shared/200", "ms-last", "", 10},
	{"delivery: the last of 2,000 sessions is told", "Push/own/2000", "ms-last", "", 50},
	{"delivery: the last of 2,000 people is told, shared mailbox", "Push/shared/2000", "ms-last", "", 50},
	{"LIST of 5,000 mailboxes shared one by one, against own", "List/names/each", "ns/op", "List/names/ella", 1.5},
	{"LIST of 5,000 mailboxes shared as a tree, against own", "List/names/tree", "ns/op", "List/names/ella", 1.5},
	{"the same with STATUS (MESSAGES UNSEEN), one by one", "List/status/each", "ns/op", "List/status/ella", 1.5},
	{"the same with STATUS (MESSAGES UNSEEN), a tree", "List/status/tree", "ns/op", "List/status/ella", 1.5},
	{"MYRIGHTS with 50 entries, against unshared", "Rights/MYRIGHTS", "x-owner", "", 1.05},
	{"SELECT with 50 entries, against unshared", "Rights/SELECT", "x-owner", "", 1.05},
	{"FETCH of flags with 50 entries, against unshared", "Rights/FETCH_1:*_(UID_FLAGS)", "x-owner", "", 1.05},
	{"FETCH of envelopes with 50 entries, against unshared", "Rights/FETCH_1:1000_(UID_FLAGS_ENVELOPE_BODYSTRUCTURE)", "x-owner", "", 1.05},
	{"MYRIGHTS by a member, through a group in a group", "Rights/MYRIGHTS", "x-rights", "", 1.05},
	{"SELECT by the member", "Rights/SELECT", "x-rights", "", 1.05},
	{"FETCH of flags by the member", "Rights/FETCH_1:*_(UID_FLAGS)", "x-rights", "", 1.05},
	{"FETCH of envelopes by the member", "Rights/FETCH_1:1000_(UID_FLAGS_ENVELOPE_BODYSTRUCTURE)", "x-rights", "", 1.05},
	{"SELECT by the member where \\Seen is everyone's own", "Rights/SELECT", "x-member", "", 1.2},
	{"FETCH of flags there", "Rights/FETCH_1:*_(UID_FLAGS)", "x-member", "", 1.2},
	{"FETCH of envelopes there", "Rights/FETCH_1:1000_(UID_FLAGS_ENVELOPE_BODYSTRUCTURE)", "x-member", "", 1.2},
	{"FETCH of the flags of one message there", "Rights/FETCH_7_(FLAGS)", "x-member", "", 1.2},
}

// processors is what go test puts behind the name of a benchmark.
var processors = regexp.MustCompile(`-\d+$`)

// figures are what benchmarks have reported, by "name metric".
type figures map[string][]float64

// read adds what go test has printed.
func (fs figures) read(text string) error {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		name, ok := strings.CutPrefix(processors.ReplaceAllString(f[0], ""), "Benchmark")
		for i := 2; ok && i+1 < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
			fs[name+" "+f[i+1]] = append(fs[name+" "+f[i+1]], v)
		}
	}
	return nil
}

// median returns the median of a metric.
func (fs figures) median(bench, metric string) (float64, error) {
	list := slices.Sorted(slices.Values(fs[bench+" "+metric]))
	if len(list) == 0 {
		return 0, fmt.Errorf("there is no %s of Benchmark%s in what go test has printed", metric, bench)
	}
	return list[len(list)/2], nil
}

// groups returns the table of what groups cost; of several runs it shows medians.
func groups(files []string) ([]byte, error) {
	fs := figures{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err == nil {
			err = fs.read(string(text))
		}
		if err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	fmt.Fprint(&b, "| what | figure | goal | met |\n|---|---:|---|---|\n")
	for _, r := range groupRows {
		v, err := fs.median(r.bench, r.metric)
		if err != nil {
			return nil, err
		}
		unit := "×"
		if strings.HasPrefix(r.metric, "ms") {
			unit = " ms"
		}
		if r.against != "" {
			base, err := fs.median(r.against, r.metric)
			if err != nil {
				return nil, err
			}
			v /= base
		}
		fmt.Fprintf(&b, "| %s | %s%s | ≤ %v%s | %s |\n", r.title, digits(v), unit, r.goal, unit, yes(v <= r.goal))
	}
	return b.Bytes(), nil
}
