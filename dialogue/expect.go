package dialogue

import (
	"fmt"
	"strconv"
	"strings"
)

func unquote(text string) (string, error) {
	s, err := strconv.Unquote(text)
	if err != nil {
		return "", fmt.Errorf("C> needs one string in Go syntax, not %s", text)
	}
	return s, nil
}

// expect compares what the clients have received after an action with the
// expectations that follow it. Every response must be expected.
func (r *runner) expect(after step, steps []step) error {
	if r.update {
		return r.rewrite(steps)
	}
	for _, st := range steps {
		if err := r.expectStep(st); err != nil {
			return fmt.Errorf("%s:%d: %w", r.path, st.line, err)
		}
	}
	for _, name := range r.names() {
		if rest := r.clients[name].peek(); len(rest) > 0 {
			return fmt.Errorf("%s:%d: after %q %s received more than the script says:\n\t%s", r.path, after.line, after.raw, name,
				strings.Join(r.renderAll(rest), "\n\t"))
		}
	}
	return nil
}

func (r *runner) renderAll(responses []string) []string {
	out := make([]string, len(responses))
	for i, resp := range responses {
		out[i] = r.render(resp)
	}
	return out
}

// expectStep checks one expectation.
func (r *runner) expectStep(st step) error {
	if st.verb == comment {
		return nil
	}
	c := r.clients[st.client]
	if c == nil {
		return fmt.Errorf("there is no client %q at this point", st.client)
	}
	switch st.verb {
	case skip:
		for _, ok := c.next(); ok; _, ok = c.next() {
		}
	case silence:
		if got, ok := c.next(); ok {
			return fmt.Errorf("%s should have received nothing, but got\n\t%s", st.client, r.render(got))
		}
	case closed:
		if yes, partial := c.isClosed(); !yes {
			return fmt.Errorf("the connection of %s should be closed by now", st.client)
		} else if partial != "" {
			return fmt.Errorf("the connection of %s was closed in the middle of %q", st.client, partial)
		}
	case receive:
		got, ok := c.next()
		if !ok {
			_, partial := c.isClosed()
			return fmt.Errorf("%s received nothing (more) %q, but should have\n\t%s", st.client, partial, st.text)
		}
		good, err := r.match(st.text, got, r.bound)
		if err != nil {
			return err
		}
		if !good {
			return fmt.Errorf("%s received\n\t%s\nbut should have\n\t%s%s", st.client, r.render(got), st.text, r.later(c, st.text))
		}
	}
	return nil
}

// later helps to read a failure: it says whether the expected line comes later,
// and shows what else has come.
func (r *runner) later(c *client, want string) string {
	var b strings.Builder
	for _, got := range c.peek() {
		note := ""
		if good, _ := r.match(want, got, map[string]string{}); good {
			note = "   <- this would have been it"
		}
		fmt.Fprintf(&b, "\n  then came\n\t%s%s", r.render(got), note)
	}
	return b.String()
}

// rewrite is expect under -update: it keeps the expectations if they hold, and
// otherwise writes down what was received, keeping the lines that match.
// Comments before the first expectation stay there, those behind the last too,
// since they belong to what follows.
func (r *runner) rewrite(steps []step) error {
	var lines []string
	first, last := len(steps), 0
	for i, st := range steps {
		if st.verb != comment {
			first, last = min(first, i), i+1
		}
	}
	if first == len(steps) {
		first = 0
	}
	head, tail := steps[:first], steps[max(first, last):]
	steps = steps[first:max(first, last)]
	for _, st := range head {
		lines = append(lines, st.raw)
	}
	start := len(lines)
	wanted := map[string][]step{}
	var order []string
	for _, st := range steps {
		if st.verb == comment {
			continue
		}
		if _, known := wanted[st.client]; !known {
			order = append(order, st.client)
		}
		wanted[st.client] = append(wanted[st.client], st)
	}
	for _, name := range r.names() {
		if _, known := wanted[name]; !known {
			order = append(order, name)
		}
	}
	for _, name := range order {
		lines = append(lines, r.rewriteClient(name, wanted[name])...)
	}
	if sameSteps(steps, lines[start:]) {
		lines = lines[:start]
		for _, st := range steps {
			lines = append(lines, st.raw)
		}
	} else {
		r.changed = true
	}
	for _, st := range tail {
		lines = append(lines, st.raw)
	}
	r.out = append(r.out, lines...)
	return nil
}

// sameSteps tells whether lines are the expectations of steps, in whatever
// order the clients come.
func sameSteps(steps []step, lines []string) bool {
	count := map[string]int{}
	for _, st := range steps {
		if st.verb != comment {
			count[st.raw]++
		}
	}
	for _, l := range lines {
		count[l]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// rewriteClient returns the expectations of one client as they should be.
func (r *runner) rewriteClient(name string, wanted []step) []string {
	c := r.clients[name]
	if c == nil {
		return nil
	}
	prefix := name + " "
	if name == defaultClient {
		prefix = ""
	}
	var lines []string
	for _, st := range wanted {
		if st.verb == skip {
			for _, ok := c.next(); ok; _, ok = c.next() {
			}
			lines = append(lines, st.raw)
		}
	}
	got := c.peek()
	for i := range got {
		line := prefix + "S: " + r.render(got[i])
		for len(wanted) > 0 {
			st := wanted[0]
			wanted = wanted[1:]
			if st.verb != receive {
				continue
			}
			if good, _ := r.match(st.text, got[i], r.bound); good {
				line = st.raw
			}
			break
		}
		lines = append(lines, line)
		c.next()
	}
	for _, st := range wanted {
		if st.verb == silence && len(got) == 0 {
			lines = append(lines, st.raw)
		}
	}
	if yes, _ := c.isClosed(); yes && !c.told {
		c.told = true
		lines = append(lines, prefix+"(closed)")
	}
	return lines
}
