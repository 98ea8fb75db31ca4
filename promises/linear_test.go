package promises

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"poststube/dialogue/house"
)

// TestLinear lets 8 sessions store flags, with UNCHANGEDSINCE and without, fetch,
// expunge and move at the same time, and looks for an order of all that happened
// to each message in which every answer is right, and which no session could have
// seen otherwise: an answer counts from when it is there. The sessions are of one
// user, or of two who share the mailboxes and have \Seen each for himself.
func TestLinear(t *testing.T) {
	for _, tt := range []struct {
		name  string
		users []string
	}{{"one user", []string{"anna"}}, {"two users", []string{"anna", "ben"}}} {
		t.Run(tt.name, func(t *testing.T) {
			begun := time.Now()
			var h *hall
			n, steps, slowest := rounds(t, 30), 0, time.Duration(0)
			for seed := range n {
				if seed%historiesPerHouse == 0 {
					if err := h.close(); err != nil {
						t.Fatal(err)
					}
					var err error
					if h, err = newHall(tt.users); err != nil {
						t.Fatal(err)
					}
				}
				lives, err := h.history(uint64(seed))
				if err != nil {
					t.Fatalf("history %d: %v", seed, err)
				}
				checked := time.Now()
				for name, ops := range lives {
					steps += len(ops)
					if result := porcupine.CheckOperationsTimeout(linear, ops, time.Minute); result != porcupine.Ok {
						t.Fatalf("history %d: %s is %s:\n%s", seed, name, result, tell(ops))
					}
				}
				slowest = max(slowest, time.Since(checked))
			}
			if err := h.close(); err != nil {
				t.Error(err)
			}
			tried(t, "%s: %d histories, %d steps, slowest check %v, %.0f s", tt.name, n, steps, slowest.Round(time.Millisecond), time.Since(begun).Seconds())
		})
	}
}

// historiesPerHouse keeps the number of mailboxes below its limit.
const historiesPerHouse = 1000

// close ends a hall, if there is one; the house checks itself.
func (h *hall) close() error {
	if h == nil {
		return nil
	}
	return h.house.Close()
}

func tell(ops []porcupine.Operation) string {
	var b strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&b, "%d-%d %v\n", o.Call, o.Return, o.Input)
	}
	return b.String()
}

// A hall is where the sessions are. Folders are new for each history.
type hall struct {
	house    *house.House
	sessions []*session
	clock    atomic.Int64
	names    atomic.Int64

	mu    sync.Mutex
	known map[string][]uint32 // UIDs that were ever told, by folder

	// deaf stands for a server that does not hear UNCHANGEDSINCE.
	deaf bool
}

// A session is one connection with one of two folders open.
type session struct {
	*wire
	*rand.Rand
	hall   *hall
	number int
	who    int
	owner  bool
	folder string
	modseq map[uint32]uint64 // the last that was told
	did    []did
}

// A did is a command with what was told meanwhile.
type did struct {
	call, ret int64
	steps     []step
}

func newHall(people []string) (*hall, error) {
	h := &hall{known: map[string][]uint32{}}
	var err error
	if h.house, err = house.New(); err != nil {
		return nil, err
	}
	for _, name := range people {
		if err := h.house.Set([]string{"user", name}, nil); err != nil {
			return nil, err
		}
	}
	for i := range 8 {
		conn, err := h.house.Dial("imap", netip.MustParseAddr("127.0.0.1"))
		if err != nil {
			return nil, err
		}
		w, err := newWire(conn)
		if err != nil {
			return nil, err
		}
		s := &session{wire: w, hall: h, number: i, who: i / 2 % len(people)}
		s.owner = s.who == 0
		if _, _, err := w.must("LOGIN %s secret", people[s.who]); err != nil {
			return nil, err
		}
		if _, _, err := w.must("ENABLE QRESYNC"); err != nil {
			return nil, err
		}
		h.sessions = append(h.sessions, s)
	}
	return h, nil
}

// history runs one and returns what happened to each message.
func (h *hall) history(seed uint64) (map[string][]porcupine.Operation, error) {
	n := h.names.Add(1)
	folders := []string{fmt.Sprintf("a%d", n), fmt.Sprintf("b%d", n)}
	for _, f := range folders {
		if err := h.house.Set([]string{"mailbox", "anna", f}, nil); err != nil {
			return nil, err
		}
		if len(h.sessions) > 2 && h.sessions[2].who != 0 {
			if err := h.house.Set([]string{"allow", "anna", f, "ben", "lrswite"}, nil); err != nil {
				return nil, err
			}
		}
	}
	h.known = map[string][]uint32{}
	for i, s := range h.sessions {
		s.Rand, s.folder, s.modseq, s.did = rand.New(rand.NewPCG(seed, uint64(i))), folders[i%2], map[uint32]uint64{}, nil
		if _, _, err := s.must("SELECT %s", s.name(s.folder)); err != nil {
			return nil, err
		}
	}
	first := h.sessions[0]
	for range 3 {
		if err := first.append(); err != nil {
			return nil, err
		}
	}
	var work sync.WaitGroup
	errs := make(chan error, len(h.sessions))
	for _, s := range h.sessions {
		work.Go(func() {
			var err error
			for range 7 {
				if err == nil {
					err = s.act(folders)
				}
			}
			errs <- err
		})
	}
	work.Wait()
	for range h.sessions {
		if err := <-errs; err != nil {
			return nil, err
		}
	}
	return h.lives()
}

// lives sorts the steps of all sessions by message: a message that is moved
// lives on under another UID.
func (h *hall) lives() (map[string][]porcupine.Operation, error) {
	at := func(folder string, uid uint32) string { return fmt.Sprint(folder, " ", uid) }
	born := map[string]string{} // by where it is, where it was first
	moves := map[string]string{}
	for _, s := range h.sessions {
		for _, d := range s.did {
			for _, st := range d.steps {
				here := at(st.folder, st.newUID)
				switch {
				case st.kind == "append":
				case st.kind == "move" && st.done:
					here = at(st.to, st.newUID)
					moves[here] = at(st.folder, st.uid)
				default:
					continue
				}
				if _, twice := born[here]; twice {
					return nil, fmt.Errorf("%s was given twice", here)
				}
				born[here] = here
			}
		}
	}
	for here := range born {
		for from, ok := moves[here]; ok; from, ok = moves[from] {
			born[here] = from
		}
	}
	lives := map[string][]porcupine.Operation{}
	for _, s := range h.sessions {
		for _, d := range s.did {
			for _, st := range d.steps {
				here := at(st.folder, st.uid)
				if st.kind == "append" {
					here = at(st.folder, st.newUID)
				}
				first, ok := born[here]
				if !ok {
					return nil, fmt.Errorf("%v: nobody has put it there", st)
				}
				lives[first] = append(lives[first], porcupine.Operation{ClientId: s.number, Input: st, Call: d.call, Return: d.ret})
			}
		}
	}
	return lives, nil
}

// name is a folder's in the session's view.
func (s *session) name(folder string) string {
	if s.owner {
		return folder
	}
	return "Users/anna/" + folder
}

var anyFlag = []string{`\Flagged`, `\Deleted`, `\Seen`, "todo"}

// act does one thing to a message that was ever in the session's folder.
func (s *session) act(folders []string) error {
	s.hall.mu.Lock()
	known := append([]uint32(nil), s.hall.known[s.folder]...)
	s.hall.mu.Unlock()
	if len(known) == 0 || s.IntN(20) == 0 {
		return s.append()
	}
	st := step{who: s.who, folder: s.folder, uid: known[s.IntN(len(known))], flag: anyFlag[s.IntN(len(anyFlag))], add: s.IntN(3) > 0}
	switch k := s.IntN(12); {
	case k < 3:
		st.kind = "read"
		return s.run(st, known, "UID FETCH 1:* (FLAGS MODSEQ)")
	case k < 6, k < 10 && s.modseq[st.uid] == 0:
		st.kind = "store"
		return s.run(st, known, fmt.Sprintf("UID STORE %d %cFLAGS (%s)", st.uid, sign(st.add), st.flag))
	case k < 10:
		st.kind, st.since = "store", s.modseq[st.uid]
		if s.hall.deaf {
			return s.run(st, known, fmt.Sprintf("UID STORE %d %cFLAGS (%s)", st.uid, sign(st.add), st.flag))
		}
		return s.run(st, known, fmt.Sprintf("UID STORE %d (UNCHANGEDSINCE %d) %cFLAGS (%s)", st.uid, st.since, sign(st.add), st.flag))
	case k < 11:
		st.kind = "expunge"
		return s.run(st, known, fmt.Sprintf("UID EXPUNGE %d", st.uid))
	}
	st.kind, st.to = "move", folders[0]
	if st.to == s.folder {
		st.to = folders[1]
	}
	return s.run(st, known, fmt.Sprintf("UID MOVE %d %s", st.uid, s.name(st.to)))
}

func sign(add bool) byte {
	if add {
		return '+'
	}
	return '-'
}

// append puts a message into the session's folder.
func (s *session) append() error {
	d := did{call: s.hall.clock.Add(1)}
	_, tagged, err := s.must("APPEND %s (todo) {14+}\r\nSubject: x\r\n\r\n", s.name(s.folder))
	d.ret = s.hall.clock.Add(1)
	if err != nil {
		return err
	}
	uids, err := uidsIn(codeAppend, tagged)
	if err != nil {
		return err
	}
	d.steps = []step{{kind: "append", who: s.who, folder: s.folder, newUID: uids[0], flag: "todo"}}
	s.did = append(s.did, d)
	s.hall.learn(s.folder, uids[0])
	return nil
}

func (h *hall) learn(folder string, uid uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known[folder] = append(h.known[folder], uid)
}

// run gives a command, behind a NOOP, so that the session knows what is there. The
// two are one: what the session does not know of was not there at the NOOP.
func (s *session) run(st step, known []uint32, command string) error {
	call := s.hall.clock.Add(1)
	before, _, err := s.must("NOOP")
	if err != nil {
		return err
	}
	told := s.hear(before)
	s.did = append(s.did, did{call, s.hall.clock.Add(1), told})
	lines, tagged, err := s.say(command)
	ret := s.hall.clock.Add(1)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(tagged, "OK") && !strings.Contains(tagged, "[EXPUNGEISSUED]") {
		return fmt.Errorf("%w: %s: %s", errRefused, command, tagged)
	}
	told = s.hear(lines)
	answers := []step{st}
	switch {
	case st.kind == "read":
		answers = s.fetched(st, told, known)
	case st.kind == "move":
		if uids, err := uidsIn(codeCopy, strings.Join(lines, "\n")+tagged); err == nil {
			answers[0].done, answers[0].newUID = true, uids[0]
			s.hall.learn(st.to, uids[0])
		}
	case st.kind == "store":
		answers[0].modified = strings.Contains(tagged, "[MODIFIED ")
		answers[0].missing = strings.Contains(tagged, "[EXPUNGEISSUED]")
		for _, other := range told {
			answers[0].done = answers[0].done || other.done && other.uid == st.uid && !answers[0].modified
		}
	}
	s.did = append(s.did, did{call, ret, append(answers, told...)})
	return nil
}

// fetched are the messages of a FETCH that it has not told of: they are not there.
func (s *session) fetched(st step, told []step, known []uint32) (missing []step) {
	there := map[uint32]bool{}
	for _, other := range told {
		there[other.uid] = true
	}
	for _, uid := range known {
		if !there[uid] {
			missing = append(missing, step{kind: "read", who: s.who, folder: s.folder, uid: uid})
		}
	}
	return missing
}

// hear turns what was told into steps.
func (s *session) hear(lines []string) (told []step) {
	for _, line := range lines {
		if uid, modseq := uint32(number(itemUID, line)), number(itemModseq, line); uid != 0 && modseq != 0 {
			if flags := itemFlags.FindStringSubmatch(line); flags != nil {
				words := sortWords(strings.Fields(strings.ReplaceAll(flags[1], `\Recent`, "")))
				told = append(told, step{kind: "read", who: s.who, folder: s.folder, uid: uid, done: true, flags: words, modseq: modseq})
				s.modseq[uid] = modseq
			}
		}
		if rest, ok := strings.CutPrefix(line, "* VANISHED "); ok {
			uids, err := parseSet(rest)
			for _, uid := range uids {
				if err == nil {
					told = append(told, step{kind: "read", who: s.who, folder: s.folder, uid: uid})
				}
			}
		}
	}
	return told
}
