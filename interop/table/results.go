package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A table has a row for each mail program and a column for each action, in the
// order in which they were run.
type table struct {
	rows    []*row
	columns []string
}

// A row is what one program did.
type row struct {
	name, version string
	results       map[string]string // of each action: "pass", "fail", "skip"
	cannot        map[string]string // why the program has no such action
	failed        bool              // the program as a whole, perhaps before any action
}

// An event is a line of go test -json.
type event struct {
	Action, Test, Output string
	Key, Value           string // of an attribute
}

// read reads the events of a run; what failing tests say goes to log.
func read(r io.Reader, log io.Writer) (*table, error) {
	t := &table{}
	output := map[string][]string{}
	for d := json.NewDecoder(r); ; {
		var e event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the events of go test: %w", err)
		}
		if e.Action == "output" {
			output[e.Test] = append(output[e.Test], e.Output)
		}
		if e.Action == "fail" {
			fmt.Fprint(log, strings.Join(output[e.Test], ""))
		}
		if parts := strings.Split(e.Test, "/"); parts[0] == "TestClients" && len(parts) > 1 {
			t.note(e, parts[1], strings.Join(parts[2:], "/"))
		}
	}
}

// note takes in an event of a program, or of one of its actions.
func (t *table) note(e event, program, action string) {
	i := slices.IndexFunc(t.rows, func(r *row) bool { return r.name == program })
	if i < 0 {
		i = len(t.rows)
		t.rows = append(t.rows, &row{name: program, results: map[string]string{}, cannot: map[string]string{}})
	}
	r := t.rows[i]
	why, isWhy := strings.CutPrefix(e.Key, "cannot-")
	switch {
	case e.Action == "attr" && e.Key == "version":
		r.version = e.Value
	case e.Action == "attr" && isWhy:
		t.column(why)
		r.cannot[why] = e.Value
	case e.Action == "fail" && action == "":
		r.failed = true
	case action != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		t.column(action)
		r.results[action] = e.Action
	}
}

func (t *table) column(name string) {
	if !slices.Contains(t.columns, name) {
		t.columns = append(t.columns, name)
	}
}

// markdown returns the table, and below it why a program cannot do something.
func (t *table) markdown() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "| program | version | %s |\n|---|---|%s\n", strings.Join(t.columns, " | "), strings.Repeat("---|", len(t.columns)))
	notes := map[string][]string{} // of a program and a reason: actions
	var order []string
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s | %s |", r.name, r.version)
		for _, c := range t.columns {
			fmt.Fprintf(&b, " %s |", r.cell(c))
			if why, ok := r.cannot[c]; ok {
				key := r.name + " " + why
				if notes[key] == nil {
					order = append(order, key)
				}
				notes[key] = append(notes[key], c)
			}
		}
		if r.failed && len(r.results) == 0 {
			fmt.Fprint(&b, " could not be run |")
		}
		b.WriteByte('\n')
	}
	if len(order) > 0 {
		b.WriteString("\nWhere a cell is empty the program has no such thing:\n\n")
	}
	for _, key := range order {
		fmt.Fprintf(&b, "- %s (%s)\n", key, strings.Join(notes[key], ", "))
	}
	return b.Bytes()
}

func (r *row) cell(column string) string {
	_, cannot := r.cannot[column]
	switch result := r.results[column]; {
	case result == "pass":
		return "✓"
	case cannot:
		return ""
	case result == "":
		return "?"
	default:
		return "**" + result + "**"
	}
}
