package imap

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"poststube/mail"
	"poststube/uidset"
)

// A follower is a client that keeps the result of a search up to date from what
// the server says about it (RFC 5267 section 4.3).
type follower struct {
	tag     string
	command string // the search, without its return options
	uid     bool
	sorted  bool
	results []uint32
}

var (
	followed = regexp.MustCompile(`^\* ESEARCH \(TAG "(\w+)"\)( UID)? (ADDTO|REMOVEFROM) \((.*)\)$`)
	expunged = regexp.MustCompile(`^\* (\d+) EXPUNGE$`)
)

// hear takes a response of the server.
func (f *follower) hear(line string) error {
	if m := expunged.FindStringSubmatch(line); m != nil && !f.uid {
		gone := number(m[1])
		for i, n := range f.results {
			if n == gone {
				return fmt.Errorf("%s removes a result that was not taken out before", line)
			}
			if n > gone {
				f.results[i]--
			}
		}
	}
	m := followed.FindStringSubmatch(line)
	if m == nil || m[1] != f.tag {
		return nil
	}
	if f.uid != (m[2] != "") {
		return fmt.Errorf("%s is in the wrong numbers", line)
	}
	words := strings.Fields(m[4])
	for i := 0; i < len(words); i += 2 {
		if err := f.change(m[3], int(number(words[i])), members(words[i+1])); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func (f *follower) change(what string, position int, list []uint32) error {
	switch {
	case position == 0 && f.sorted:
		return fmt.Errorf("no position in an order")
	case what == "ADDTO" && position == 0:
		f.results = append(f.results, list...)
		slices.Sort(f.results)
	case what == "ADDTO":
		if position > len(f.results)+1 {
			return fmt.Errorf("position %d of %d", position, len(f.results))
		}
		f.results = slices.Insert(f.results, position-1, list...)
	case position == 0:
		for _, n := range list {
			if !slices.Contains(f.results, n) {
				return fmt.Errorf("%d is no result", n)
			}
		}
		f.results = slices.DeleteFunc(f.results, func(n uint32) bool { return slices.Contains(list, n) })
	default:
		end := position - 1 + len(list)
		if end > len(f.results) || !slices.Equal(f.results[position-1:end], list) {
			return fmt.Errorf("at %d there are other results in %v", position, f.results)
		}
		f.results = slices.Delete(f.results, position-1, end)
	}
	return nil
}

func number(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

// members lists a sequence-set in its order.
func members(set string) (list []uint32) {
	for part := range strings.SplitSeq(set, ",") {
		first, last, isRange := strings.Cut(part, ":")
		list = append(list, number(first))
		for n := number(first) + 1; isRange && n <= number(last); n++ {
			list = append(list, n)
		}
	}
	return list
}

// TestFollowers changes a mailbox at random. Whoever follows the changes must
// have what the same search finds now.
func TestFollowers(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		srv := newTestServer(t)
		c := newTestClient(t, srv)
		anna, err := srv.directory.ByName(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		box, err := srv.engine.As(anna, mail.Origin{Protocol: "test"}).Open(t.Context(), inbox)
		if err != nil {
			t.Fatal(err)
		}
		var all []*follower
		for _, form := range []string{"SEARCH %s UNDELETED", "UID SEARCH %s FLAGGED", "SORT %s (SUBJECT) UTF-8 UNDELETED", "UID SORT %s (REVERSE SUBJECT DATE) UTF-8 OR FLAGGED SEEN"} {
			f := &follower{command: form, uid: strings.HasPrefix(form, "UID"), sorted: strings.Contains(form, "SORT")}
			f.tag = fmt.Sprintf("t%d", c.tag+1)
			f.results = found(c.do(form, "RETURN (UPDATE ALL)"))
			all = append(all, f)
		}
		for range 25 {
			act(t, rng, srv, anna.Name, box)
			command := "NOOP"
			if rng.IntN(3) == 0 {
				command = "SEARCH RETURN (COUNT) ALL" // during which nothing may be expunged
			}
			lines := c.do("%s", command)
			for _, f := range all {
				for _, line := range lines {
					if err := f.hear(string(line)); err != nil {
						t.Fatalf("history %d: %s: %v", seed, f.command, err)
					}
				}
			}
			if command != "NOOP" {
				continue
			}
			for _, f := range all {
				if now := found(c.do(f.command, "RETURN (ALL)")); !slices.Equal(f.results, now) {
					t.Fatalf("history %d: %s: %v, but the follower has %v", seed, f.command, now, f.results)
				}
			}
		}
	}
}

// found returns the results in an ESEARCH response with ALL.
func found(lines [][]byte) []uint32 {
	for _, line := range lines {
		if _, set, ok := strings.Cut(string(line), " ALL "); ok {
			return members(set)
		}
	}
	return nil
}

// act changes the mailbox behind the client's back.
func act(t *testing.T, rng *rand.Rand, srv *Server, owner string, box *mail.Mailbox) {
	t.Helper()
	ctx := t.Context()
	who, err := srv.directory.ByName(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	for range 1 + rng.IntN(3) {
		var uids uidset.Set
		for range 1 + rng.IntN(4) {
			uids.Add(1 + rng.Uint32N(40))
		}
		switch rng.IntN(4) {
		case 0:
			var msgs []mail.NewMessage
			for range 1 + rng.IntN(3) {
				text := fmt.Sprintf("Subject: %c\r\n\r\n", 'a'+rng.IntN(6))
				up, err := srv.engine.Upload(ctx, strings.NewReader(text), int64(len(text)))
				if err != nil {
					t.Fatal(err)
				}
				msgs = append(msgs, mail.NewMessage{Upload: up, Flags: mail.Flags{System: mail.SystemFlags(rng.IntN(int(mail.AllSystemFlags) + 1))}})
			}
			_, err = srv.engine.As(who, mail.Origin{Protocol: "test"}).Append(ctx, inbox, msgs)
		case 1:
			_, _, err = box.Expunge(ctx, uids)
		default:
			flags := []mail.SystemFlags{mail.Seen, mail.Flagged, mail.Deleted}[rng.IntN(3)]
			_, err = box.SetFlags(ctx, uids, mail.FlagChange{Op: []mail.FlagOp{mail.AddFlags, mail.RemoveFlags}[rng.IntN(2)], Flags: mail.Flags{System: flags}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
