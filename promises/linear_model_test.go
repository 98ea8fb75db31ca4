package promises

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// A step is one thing that a session did to a message, or was told of it.
type step struct {
	kind   string // append, store, move, expunge, read
	who    int    // whose session
	folder string
	uid    uint32 // in folder, or 0: whichever
	to     string // of move
	newUID uint32 // of append and move
	flag   string // of append and store
	add    bool
	since  uint64 // of store with UNCHANGEDSINCE, or 0

	// What was answered: that it was done, that the message was MODIFIED or is
	// missing, or nothing of that. For a read, done says that it is there, with
	// these flags and this modseq.
	done, modified, missing bool
	flags                   string
	modseq                  uint64
}

func (s step) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%c %s %s %d %s %d %s %v since %d: done %v modified %v missing %v (%s) %d",
		'A'+rune(s.who), s.kind, s.folder, s.uid, s.to, s.newUID, s.flag, s.add, s.since, s.done, s.modified, s.missing, s.flags, s.modseq)), " ")
}

// users is how many people look at the messages; each has \Seen for himself.
const users = 2

// A life is what a message is at one moment. Of a modseq that nobody has told yet
// only a bound is known.
type life struct {
	folder string // "" before it is there, and when it is gone
	uid    uint32
	shared string // flags but \Seen, sorted
	seen   [users]bool
	modseq [users]uint64 // as each sees it, or 0
	above  [users]uint64 // less than it is
}

// there tells whether a step is about the message where it is.
func (l life) there(s step) bool { return l.folder == s.folder && (s.uid == 0 || s.uid == l.uid) }

func (l life) flags(who int) string {
	words := strings.Fields(l.shared)
	if l.seen[who] {
		words = append(words, `\Seen`)
	}
	return sortWords(words)
}

// touch gives the message a new modseq for somebody.
func (l *life) touch(who int) {
	l.above[who] = max(l.above[who], l.modseq[who])
	l.modseq[who] = 0
}

func (l *life) set(who int, flag string, add bool) {
	if flag == `\Seen` {
		if l.seen[who] != add {
			l.seen[who] = add
			l.touch(who)
		}
		return
	}
	words := strings.Fields(l.shared)
	if slices.Contains(words, flag) == add {
		return
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == flag })
	if add {
		words = append(words, flag)
	}
	l.shared = sortWords(words)
	for who := range users {
		l.touch(who)
	}
}

// next is the sequential specification: what becomes of a message by a step, and
// whether the server can have answered so.
func (l life) next(s step) (bool, life) {
	switch s.kind {
	case "append":
		if l.uid != 0 {
			return false, l
		}
		l.folder, l.uid = s.folder, s.newUID
		for _, word := range strings.Fields(s.flag) {
			l.set(s.who, word, true)
		}
		return true, l
	case "read":
		return l.read(s)
	case "expunge":
		if l.there(s) && strings.Contains(l.shared, `\Deleted`) {
			l.folder = ""
		}
		return true, l
	}
	if s.missing || !l.there(s) {
		return !l.there(s) && !s.done && !s.modified, l
	}
	if s.kind == "move" {
		if !s.done {
			return false, l
		}
		seen := l.seen[s.who]
		l.folder, l.uid, l.seen = s.to, s.newUID, [users]bool{}
		l.seen[s.who] = seen
		for who := range users {
			l.touch(who)
		}
		return true, l
	}
	if s.since != 0 {
		switch known := l.modseq[s.who]; {
		case s.modified && known != 0:
			return known > s.since, l
		case s.modified:
			l.above[s.who] = max(l.above[s.who], s.since)
			return true, l
		case known > s.since, known == 0 && l.above[s.who] >= s.since:
			return false, l
		}
	}
	l.set(s.who, s.flag, s.add)
	return !s.modified, l
}

func (l life) read(s step) (bool, life) {
	if !s.done {
		return !l.there(s), l
	}
	if !l.there(s) || l.flags(s.who) != s.flags {
		return false, l
	}
	if l.modseq[s.who] == 0 && s.modseq > l.above[s.who] {
		l.modseq[s.who] = s.modseq
	}
	return l.modseq[s.who] == s.modseq, l
}

// linear is the specification for the checker: the input is a step, answers and
// all.
var linear = porcupine.Model{
	Init: func() any { return life{} },
	Step: func(state, input, _ any) (bool, any) {
		ok, next := state.(life).next(input.(step))
		return ok, next
	},
	DescribeOperation: func(input, _ any) string { return input.(step).String() },
}
