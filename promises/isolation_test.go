package promises

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/dialogue/house"
)

// TestNonInterference plays the same random IMAP commands of anna twice: once
// where ben has mail, mailboxes, annotations and shares among others, and once
// where ben has nothing. What anna is told must be the same, octet for octet;
// and nothing that is ben's may be in it. Time is virtual in both.
func TestNonInterference(t *testing.T) {
	commands, answers := 0, map[string]int{}
	n := rounds(t, 60)
	for seed := range n {
		script := commandsOf(rand.New(rand.NewPCG(uint64(seed), 31)))
		var with, without []string
		synctest.Test(t, func(t *testing.T) { with = play(t, script, true) })
		synctest.Test(t, func(t *testing.T) { without = play(t, script, false) })
		for i := range script {
			if with[i] != without[i] {
				t.Fatalf("seed %d: %s\nwith ben's data:\n%s\nwithout:\n%s", seed, script[i], with[i], without[i])
			}
			if strings.Contains(strings.ToLower(with[i]), canary) {
				t.Fatalf("seed %d: %s\ntells what is ben's:\n%s", seed, script[i], with[i])
			}
			for word := range strings.FieldsSeq(with[i][strings.LastIndex("\n"+with[i], "\n"):]) {
				answers[word]++
				break
			}
		}
		commands += len(script)
	}
	if answers["OK"] < commands/4 || answers["NO"] < commands/20 || answers["BAD"] > commands/10 {
		t.Errorf("the answers were %v: such commands prove little", answers)
	}
	tried(t, "%d commands, %d seeds, answered %v", commands, n, answers)
}

// canary is part of everything that is ben's and of no command.
const canary = "canary"

// furnish gives ben what anna must not notice.
func furnish(h *house.House) error {
	letter := []byte("From: " + canary + "@example.com\r\nSubject: " + canary + "\r\nMessage-ID: <one@example.com>\r\n\r\n" + canary + "\r\n")
	for _, words := range [][]string{
		{"mailbox", "ben", canary}, {"mailbox", "ben", "secret"}, {"mailbox", "ben", "secret/" + canary},
		{"deliver", "ben", "letter"}, {"deliver", "ben", "letter"},
		{"allow", "ben", "secret", "clara", "lrswi"}, {"allow", "ben", canary, "$friends", "lrs"},
		{"quota", "ben", "1000000", "100"},
	} {
		if err := h.Set(words, letter); err != nil {
			return fmt.Errorf("%v: %w", words, err)
		}
	}
	return nil
}

// play returns the answers to each command, with the names of objects, which
// are enciphered with a key of each store, replaced by their order.
func play(t *testing.T, script []string, furnished bool) (out []string) {
	h, err := house.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"user", "anna"}, {"user", "ben"}, {"user", "clara"}, {"group", "friends", "ben", "clara"}} {
		if err := h.Set(words, nil); err != nil {
			t.Fatal(err)
		}
	}
	if furnished {
		if err := furnish(h); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := h.Dial("imap", netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWire(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.must("LOGIN anna secret"); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, command := range script {
		lines, tagged, err := w.say(command)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		text := strings.Join(append(lines, tagged), "\n")
		out = append(out, objectName.ReplaceAllStringFunc(text, func(name string) string {
			if names[name] == "" {
				names[name] = fmt.Sprintf("<%c%d>", name[0], len(names))
			}
			return names[name]
		}))
		synctest.Wait()
	}
	conn.Close()
	synctest.Wait()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// objectName is how Engine.ObjectID writes: a letter and 16 enciphered octets.
var objectName = regexp.MustCompile(`\b[EMT][A-Za-z0-9_-]{22}(?:[A-Za-z0-9_-]|=)*`)

// commandsOf makes up commands, most of them about what is ben's.
func commandsOf(r *rand.Rand) (script []string) {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	place := func() string {
		return pick("INBOX", "own", "Users/ben", "Users/ben/INBOX", "Users/ben/secret", "Users/ben/secret/deep", "Users/ben/absent", "Users/nobody/INBOX",
			"Shared/friends", "Shared/friends/x", "Users/clara/INBOX", "Users", "Shared", `"Users/ben/*"`)
	}
	octets := "Subject: one\r\nMessage-ID: <one@example.com>\r\n\r\none\r\n"
	commands := []func() string{
		func() string { return "SELECT " + place() },
		func() string { return "EXAMINE " + place() + pick("", " (CONDSTORE)") },
		func() string {
			return "STATUS " + place() + " (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE MAILBOXID HIGHESTMODSEQ)"
		},
		func() string {
			return `LIST "" ` + pick("*", "%", "Users/*", "Users/%", "Users/ben/*", "Shared/*", "Shared/%", `"Users/b%"`)
		},
		func() string { return `LIST (SUBSCRIBED) "" * RETURN (CHILDREN STATUS (MESSAGES))` },
		func() string { return `LSUB "" *` },
		func() string { return "CREATE " + pick(place(), "own", "own/sub", "Users/ben/secret/mine") },
		func() string { return "DELETE " + pick(place(), "own/sub") },
		func() string { return "RENAME " + place() + " " + place() },
		func() string { return pick("SUBSCRIBE ", "UNSUBSCRIBE ") + place() },
		func() string { return pick("MYRIGHTS ", "GETACL ", "GETQUOTAROOT ") + place() },
		func() string { return "LISTRIGHTS " + place() + " " + pick("ben", "anna", "nobody", "$friends") },
		func() string {
			return "SETACL " + place() + " " + pick("ben", "nobody", "$friends", "$others", "anyone") + " " + pick("lr", "+s", "-l")
		},
		func() string { return "DELETEACL " + place() + " " + pick("ben", "nobody", "anna") },
		func() string { return "GETMETADATA " + place() + " (/private/comment /shared/comment)" },
		func() string { return "SETMETADATA " + place() + ` (/private/comment "x")` },
		func() string { return fmt.Sprintf("APPEND %s {%d+}\r\n%s", place(), len(octets), octets) },
		func() string { return pick("COPY", "MOVE", "UID COPY", "UID MOVE") + " 1:* " + place() },
		func() string { return "FETCH 1:* (UID FLAGS EMAILID THREADID ENVELOPE)" },
		func() string {
			return pick("SEARCH ", "UID SEARCH ") + pick("ALL", "TEXT one", "SUBJECT one", "UNSEEN", "LARGER 1")
		},
		func() string { return "STORE 1:* +FLAGS (\\Seen)" },
		func() string { return pick("NAMESPACE", "NOOP", "CLOSE", "UNSELECT", "CAPABILITY", "EXPUNGE") },
		func() string { return "GETQUOTA " + pick(`""`, "ben", `"user/ben"`, `"ben/secret"`) },
		func() string { return "THREAD REFERENCES UTF-8 ALL" },
	}
	script = []string{"CREATE own", fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(octets), octets), "SELECT INBOX"}
	for range 40 {
		command := commands[r.IntN(len(commands))]()
		script = append(script, command)
		if word, _, _ := strings.Cut(command, " "); word == "SELECT" || word == "CLOSE" || word == "UNSELECT" {
			script = append(script, "SELECT "+pick("INBOX", "own"))
		}
	}
	return script
}

// TestNonInterferenceFinds proves the rig: where ben lets anna see something, the
// transcripts must differ.
func TestNonInterferenceFinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := house.New()
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range [][]string{{"user", "anna"}, {"user", "ben"}, {"mailbox", "ben", canary}, {"allow", "ben", canary, "anna", "lr"}} {
			if err := h.Set(words, nil); err != nil {
				t.Fatal(err)
			}
		}
		conn, err := h.Dial("imap", netip.MustParseAddr("127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := newWire(conn)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.must("LOGIN anna secret"); err != nil {
			t.Fatal(err)
		}
		lines, _, err := w.must(`LIST "" *`)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains([]byte(strings.Join(lines, "\n")), []byte(canary)) {
			t.Errorf("a share is not seen: %q", lines)
		}
		conn.Close()
		synctest.Wait()
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
