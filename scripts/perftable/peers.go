package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Names of servers in the results.
const (
	own     = "poststube"
	machine = "machine"       // lines of perftable probe
	fsynced = "dovecot-fsync" // Dovecot with mail_fsync = always; shares Dovecot's column
)

// peers returns the comparison as a Markdown table.
func peers(files []string) ([]byte, error) {
	all, err := readResults(files)
	if err != nil {
		return nil, err
	}
	if all[own] == nil {
		return nil, fmt.Errorf("nothing was measured of %s", own)
	}
	var others []string
	for _, name := range []string{"dovecot", "cyrus", "mox"} {
		if all[name] != nil {
			others = append(others, name)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "| row | %s | ratio | goal | met | CPU | limit |\n|---|%s---:|---|---|---:|---:|\n",
		strings.Join(append([]string{own}, others...), " | "), strings.Repeat("---:|", len(others)+1))
	var missed, unmeasured []string
	for _, g := range goals {
		row := all.row(g, others)
		fmt.Fprintln(&b, row.line)
		switch row.met {
		case "no":
			missed = append(missed, g.title)
		case "":
			unmeasured = append(unmeasured, g.title)
		}
	}
	fmt.Fprintf(&b, "\n%d of %d rows reach their goal.", len(goals)-len(missed)-len(unmeasured), len(goals))
	if len(missed) > 0 {
		fmt.Fprintf(&b, " Below it: %s.", strings.Join(missed, "; "))
	}
	if len(unmeasured) > 0 {
		fmt.Fprintf(&b, " Without a figure to compare: %s.", strings.Join(unmeasured, "; "))
	}
	fmt.Fprintf(&b, "\n\n%s\n", all.machine())
	return b.Bytes(), nil
}

// A row is a line of the table, and whether its goal is met: yes, no, or "" if that
// cannot be said.
type row struct{ line, met string }

func (all results) row(g goal, others []string) row {
	read := func(r *result) (float64, bool) { return r.value(g.read) }
	mine, measured := all.figure(own, g.key, read)
	cells := []string{g.title, show(mine, measured, g.read.unit())}
	var values []float64
	for _, name := range others {
		from := name
		if g.synced && name == "dovecot" {
			from = fsynced
		}
		v, ok := all.figure(from, g.key, read)
		cells = append(cells, show(v, ok, g.read.unit()))
		if ok {
			values = append(values, v)
		} else if from == fsynced {
			measured = false // against the others alone it would look better than it is
		}
	}
	ratio, met := "–", ""
	if measured && len(values) > 0 {
		best := slices.Max(values)
		if g.read.less() {
			best = slices.Min(values)
		}
		if best > 0 {
			factor := mine / best
			ratio = digits(factor) + "×"
			met = yes(g.read.less() && factor <= g.factor || !g.read.less() && factor >= g.factor)
		}
	}
	if g.limit > 0 {
		met = ""
		if measured {
			met = yes(g.read.less() && mine <= g.limit || !g.read.less() && mine >= g.limit)
		}
	}
	return row{"| " + strings.Join(append(cells, ratio, g.text(), met, all.effort(g, others), all.bound(g)), " | ") + " |", met}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// text writes a goal.
func (g goal) text() string {
	sign := "≥ "
	if g.read.less() {
		sign = "≤ "
	}
	if g.limit > 0 {
		return sign + digits(g.limit) + g.read.unit()
	}
	return sign + strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", g.factor), "0"), ".") + "×"
}

// effort writes the CPU time of the server for an operation, as a part of that of
// the peer that takes least. It is less noisy than speed.
func (all results) effort(g goal, others []string) string {
	mine, ok := all.figure(own, g.key, (*result).cpu)
	least := 0.0
	for _, name := range others {
		if v, measured := all.figure(name, g.key, (*result).cpu); measured && (least == 0 || v < least) {
			least = v
		}
	}
	if !ok || least == 0 {
		return ""
	}
	return digits(mine/least) + "×"
}

// bound writes what the machine could do at best when the row was measured.
func (all results) bound(g goal) string {
	switch g.bound {
	case synced:
		// Each measurement notes how long a sync took just before it.
		v, ok := all.figure(own, g.key, func(r *result) (float64, bool) {
			ms := r.Numbers["fsync_ms"]
			return 1000 / max(ms, 1e-6), ms > 0
		})
		return show(v, ok, " syncs/s")
	case loopback:
		v, ok := all.figure(machine, "probe", func(r *result) (float64, bool) {
			v := r.Numbers["loopback_mb_per_s"]
			return v, v > 0
		})
		return show(v, ok, " MB/s")
	case generator:
		cores, ok := all.figure(machine, "probe", func(r *result) (float64, bool) { v, ok := r.Numbers["cores"]; return v, ok })
		if !ok {
			return ""
		}
		v, ok := all.figure(own, g.key, func(r *result) (float64, bool) { return r.alone(cores) })
		return show(v, ok, "/s")
	}
	return ""
}

// machine says what the machine can do.
func (all results) machine() string {
	var parts []string
	for _, p := range []struct{ name, text string }{
		{"fsync_ms", "a synced write of 4 KiB takes %s ms"}, {"loopback_mb_per_s", "loopback carries %s MB/s"},
		{"memory_mb_per_s", "memory is copied at %s MB/s"}, {"argon2_ms", "a check by argon2id (19 MiB, 2 passes) takes %s ms"}, {"cores", "cores: %s"},
	} {
		v, ok := all.figure(machine, "probe", func(r *result) (float64, bool) { v, ok := r.Numbers[p.name]; return v, ok })
		if ok {
			parts = append(parts, fmt.Sprintf(p.text, digits(v)))
		}
	}
	if len(parts) == 0 {
		return "The machine was not measured."
	}
	return "The machine in the same run: " + strings.Join(parts, "; ") + "."
}

func show(v float64, ok bool, unit string) string {
	if !ok {
		return "–"
	}
	return digits(v) + unit
}

// digits writes three significant digits, thousands with commas.
func digits(v float64) string {
	switch {
	case v < 0.0995 && v > 0:
		return fmt.Sprintf("%.2g", v)
	case v < 9.995 && v != float64(int(v)):
		return fmt.Sprintf("%.2f", v)
	case v < 99.95 && v != float64(int(v)):
		return fmt.Sprintf("%.1f", v)
	}
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
