package promises

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestLinearFinds proves TestLinear: it must refuse what no server may answer.
func TestLinearFinds(t *testing.T) {
	t.Run("a server that ignores UNCHANGEDSINCE", func(t *testing.T) {
		h, err := newHall([]string{"anna"})
		if err != nil {
			t.Fatal(err)
		}
		defer h.close()
		h.deaf = true
		found := -1
		for seed := 0; seed < 50 && found < 0; seed++ {
			lives, err := h.history(uint64(seed))
			if err != nil {
				t.Fatal(err)
			}
			for _, ops := range lives {
				if porcupine.CheckOperationsTimeout(linear, ops, time.Minute) == porcupine.Illegal {
					found = seed
				}
			}
		}
		if found < 0 {
			t.Error("not noticed in 50 histories")
		}
		tried(t, "a server without UNCHANGEDSINCE noticed in history %d", found)
	})
	// Each history begins with a message 1 in a with modseq 5, without flags.
	begun := []porcupine.Operation{
		{Input: step{kind: "append", folder: "a", newUID: 1}, Call: 1, Return: 2},
		{Input: step{kind: "read", folder: "a", uid: 1, done: true, modseq: 5}, Call: 3, Return: 4},
	}
	at := func(call, ret int64, s step) porcupine.Operation {
		if s.folder == "" {
			s.folder = "a"
		}
		s.uid = max(s.uid, 1)
		return porcupine.Operation{Input: s, Call: call, Return: ret}
	}
	flagged := step{kind: "store", flag: `\Flagged`, add: true, since: 5, done: true}
	for _, tt := range []struct {
		name string
		want porcupine.CheckResult
		ops  []porcupine.Operation
	}{
		{"one of two wins", porcupine.Ok, []porcupine.Operation{
			at(10, 20, flagged), at(10, 20, step{kind: "store", flag: "todo", add: true, since: 5, modified: true}),
		}},
		{"two win", porcupine.Illegal, []porcupine.Operation{
			at(10, 20, flagged), at(10, 20, step{kind: "store", flag: "todo", add: true, since: 5, done: true}),
		}},
		{"nobody wins", porcupine.Illegal, []porcupine.Operation{at(10, 20, step{kind: "store", flag: "todo", add: true, since: 5, modified: true})}},
		{"a read during the change may miss it", porcupine.Ok, []porcupine.Operation{at(10, 20, flagged), at(11, 12, step{kind: "read", done: true, modseq: 5})}},
		{"a read after the change misses it", porcupine.Illegal, []porcupine.Operation{at(10, 20, flagged), at(21, 22, step{kind: "read", done: true, modseq: 5})}},
		{"a change without a new modseq", porcupine.Illegal, []porcupine.Operation{at(10, 20, flagged), at(21, 22, step{kind: "read", done: true, flags: `\Flagged`, modseq: 5})}},
		{"a modseq without a change", porcupine.Illegal, []porcupine.Operation{at(21, 22, step{kind: "read", done: true, modseq: 6})}},
		{"a lost flag", porcupine.Illegal, []porcupine.Operation{at(10, 20, flagged), at(21, 22, step{kind: "read", done: true, modseq: 6})}},
		{"expunged without being deleted", porcupine.Illegal, []porcupine.Operation{at(10, 20, step{kind: "expunge"}), at(21, 22, step{kind: "read"})}},
		{"back from the dead", porcupine.Illegal, []porcupine.Operation{
			at(10, 11, step{kind: "store", flag: `\Deleted`, add: true, done: true}), at(12, 13, step{kind: "expunge"}), at(14, 15, step{kind: "read"}),
			at(16, 17, step{kind: "read", done: true, flags: `\Deleted`, modseq: 6}),
		}},
		{"moved twice", porcupine.Illegal, []porcupine.Operation{
			at(10, 20, step{kind: "move", to: "b", newUID: 1, done: true}), at(10, 20, step{kind: "move", to: "b", newUID: 2, done: true}),
		}},
		{"moved and still there", porcupine.Illegal, []porcupine.Operation{
			at(10, 20, step{kind: "move", to: "b", newUID: 1, done: true}), at(21, 22, step{kind: "read", done: true, modseq: 5}),
		}},
		{"moved and nowhere", porcupine.Illegal, []porcupine.Operation{
			at(10, 20, step{kind: "move", to: "b", newUID: 1, done: true}), at(21, 22, step{kind: "read", folder: "b"}),
		}},
		{"what one has seen the other has not", porcupine.Ok, []porcupine.Operation{
			at(10, 20, step{kind: "store", flag: `\Seen`, add: true, done: true}), at(21, 22, step{kind: "read", who: 1, done: true, modseq: 5}),
		}},
		{"what one has seen the other has too", porcupine.Illegal, []porcupine.Operation{
			at(10, 20, step{kind: "store", flag: `\Seen`, add: true, done: true}), at(21, 22, step{kind: "read", who: 1, done: true, flags: `\Seen`, modseq: 6}),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := porcupine.CheckOperationsTimeout(linear, append(begun[:len(begun):len(begun)], tt.ops...), time.Minute); got != tt.want {
				t.Errorf("the checker says %s, want %s", got, tt.want)
			}
		})
	}
}
