package imap_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing/synctest"
)

// look compares what everybody sees with the model.
func (h *history) look() {
	synctest.Wait()
	for _, who := range h.model.people {
		want := map[string]string{}
		for name, r := range h.model.visible(who) {
			want[name] = r.String()
		}
		if got := h.list(who); !maps.Equal(got, want) {
			h.t.Errorf("%s lists\n%s\nbut the model has\n%s", who, describe(got), describe(want))
		}
		names := slices.Sorted(maps.Keys(want))
		if got := h.watchers[who].names(); !slices.Equal(got, names) {
			h.t.Errorf("%s, who idles, knows of\n%v\nbut there is\n%v", who, got, names)
		}
		h.read(who)
		h.readers[who].follow(h, who)
	}
}

func describe(list map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(list)) {
		out = append(out, name+" "+list[name])
	}
	return strings.Join(out, "; ")
}

var (
	listLine   = regexp.MustCompile(`^\* LIST \(([^)]*)\) "/" ("(?:[^"]*)"|\S+)(?: \("OLDNAME" \(([^)]*)\)\))?$`)
	rightsLine = regexp.MustCompile(`^\* MYRIGHTS ("(?:[^"]*)"|\S+) (\S+)$`)
	flagsLine  = regexp.MustCompile(`^\* \d+ FETCH \(UID \d+ FLAGS \(([^)]*)\)`)
)

// list returns what LIST shows to somebody, with the rights, without names that are only above
// others. Those must be above one.
func (h *history) list(who string) map[string]string {
	got := map[string]string{}
	var above []string
	for _, line := range h.actors[who].ok(`LIST "" * RETURN (MYRIGHTS)`).lines {
		if m := listLine.FindStringSubmatch(line); m != nil && strings.Contains(m[1], `\NonExistent`) {
			above = append(above, strings.Trim(m[2], `"`))
		}
		if m := rightsLine.FindStringSubmatch(line); m != nil {
			got[strings.Trim(m[1], `"`)] = m[2]
		}
	}
	for _, name := range above {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(n string) bool { return strings.HasPrefix(n, name+"/") }) {
			h.t.Errorf("%s is shown %s, and nothing beneath it", who, name)
		}
	}
	return got
}

// read compares the messages of one mailbox, as somebody sees them who may read
// it, and that somebody else may not.
func (h *history) read(who string) {
	b := pick(h, h.model.all(false))
	h.within(who, b, func() {
		var got, want []string
		for _, line := range h.actors[who].ok("UID FETCH 1:* (FLAGS)").lines {
			if m := flagsLine.FindStringSubmatch(line); m != nil {
				flags := slices.DeleteFunc(strings.Fields(m[1]), func(f string) bool { return f == `\Recent` })
				slices.Sort(flags)
				got = append(got, fmt.Sprint(flags))
			}
		}
		for _, msg := range b.messages {
			want = append(want, fmt.Sprint(msg.show(who)))
		}
		if !slices.Equal(got, want) {
			h.t.Errorf("%s sees in %s of %s the flags %v, and should see %v", who, b.path, b.owner, got, want)
		}
	})
}

// A nameView is a client in IDLE that knows the mailboxes from what it is told.
type nameView struct {
	*talker
	known map[string]bool
}

func (h *history) watchNames(who string) *nameView {
	v := &nameView{talker: h.talk(who), known: map[string]bool{}}
	for _, line := range v.ok(`LIST "" *`).lines {
		if m := listLine.FindStringSubmatch(line); m != nil && !strings.Contains(m[1], `\NonExistent`) && !strings.Contains(m[1], `\Noselect`) {
			v.known[strings.Trim(m[2], `"`)] = true
		}
	}
	fmt.Fprint(v.conn, "i IDLE\r\n")
	synctest.Wait()
	return v
}

// names returns what the client knows by now.
func (v *nameView) names() []string {
	for _, line := range v.take() {
		m := listLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name, old := strings.Trim(m[2], `"`), strings.Trim(m[3], `"`)
		if strings.Contains(m[1], `\NonExistent`) {
			delete(v.known, name)
			continue
		}
		moved := map[string]bool{}
		for known := range v.known {
			if rest, ok := strings.CutPrefix(known, old); ok && old != "" && (rest == "" || rest[0] == '/') {
				delete(v.known, known)
				moved[name+rest] = true
			}
		}
		maps.Copy(v.known, moved)
		v.known[name] = true
	}
	return slices.Sorted(maps.Keys(v.known))
}

// A boxView is a client in IDLE with a mailbox selected.
type boxView struct {
	*talker
	idling bool
	box    *modelBox // nil: none
}

// follow checks what the client was told: that its mailbox is closed when it may
// no longer be read, and nothing about messages afterwards.
func (v *boxView) follow(h *history, who string) {
	lines := v.take()
	closed := slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "* OK [CLOSED]") })
	readable := v.box != nil && h.model.boxes[boxKey(v.box.owner, v.box.path)] == v.box && h.model.rights(who, v.box)['r']
	switch {
	case v.box == nil:
	case closed == readable:
		h.t.Errorf("%s idles in %s of %s, may read it: %v, and was told %q", who, v.box.path, v.box.owner, readable, lines)
	case closed:
		v.box = nil
	}
	if v.box == nil {
		if last := slices.IndexFunc(lines, func(l string) bool {
			return strings.HasSuffix(l, " EXISTS") || strings.Contains(l, " FETCH (")
		}); last >= 0 && !closed {
			h.t.Errorf("%s has no mailbox selected and was told %q", who, lines)
		}
		v.choose(h, who)
	}
}

// choose selects a mailbox that may be read and idles in it.
func (v *boxView) choose(h *history, who string) {
	b := pick(h, h.model.all(false))
	if !h.model.rights(who, b)['r'] {
		return
	}
	if v.idling {
		fmt.Fprint(v.conn, "DONE\r\n")
		synctest.Wait()
		v.take()
	}
	v.idling = true
	v.ok(`SELECT "%s"`, h.model.name(who, b))
	fmt.Fprint(v.conn, "i IDLE\r\n")
	synctest.Wait()
	v.take()
	v.box = b
}
