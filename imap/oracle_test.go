package imap_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"poststube/dialogue/house"
	"poststube/mail"
)

var oracleTime = flag.Bool("oracle-time", false, "measure, too, whether the time of an answer tells which mailboxes there are")

// TestOracle: for every command that names a mailbox, one that is there and may
// not be seen costs as many operations of the store as one that is not, and one
// of a person who is there and shares nothing as many as one of nobody. What is
// answered is the same, too; TestMatrix holds it to that with other rights.
//
// Operations are counted, since time can't be measured well beside other tests;
// TestOracleTime does that when it is asked to.
func TestOracle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTeam(t, "user anna", "user ben", "user clara", "user dora", "mailbox anna Open", "mailbox anna Open/here",
			"allow anna Open ben lrswikxte", "mailbox anna There", "allow anna There clara lr", "mailbox anna There/beneath")
		for range 20 {
			w.put("anna", "There", mail.Flags{})
		}
		ben := w.talk("ben")
		w.put("ben", "INBOX", mail.Flags{})
		w.talk("dora").ok("STATUS INBOX (MESSAGES)") // has been here
		cases := 0
		for _, pair := range [][2]string{
			{"Users/anna/There", "Users/anna/Where"},
			{"Users/anna/There/beneath", "Users/anna/Where/beneath"},
			{"Users/dora/INBOX", "Users/nora/INBOX"},
			{"Users/dora/There", "Users/nora/There"},
		} {
			for _, row := range matrix {
				if row.selected || !strings.Contains(row.line, "@") {
					continue
				}
				cases++
				var costs [2][3]int64
				var answers [2]string
				for round := range costs[0] {
					for i, name := range pair {
						costs[i][round], answers[i] = oracleCost(w, ben, &row, name)
						answers[i] = strings.ReplaceAll(answers[i], name, "NAME")
					}
				}
				// Once everything that is kept in memory is there.
				if there, missing := costs[0][1:], costs[1][1:]; !slices.Equal(there, missing) {
					t.Errorf("%s %s: %s costs %v operations, %s %v", row.command, row.about, pair[0], there, pair[1], missing)
				}
				if answers[0] != answers[1] {
					t.Errorf("%s %s: %s is answered with\n%s\n%s with\n%s", row.command, row.about, pair[0], answers[0], pair[1], answers[1])
				}
			}
		}
		if cases < 100 {
			t.Errorf("only %d cases", cases)
		}
	})
}

// oracleCost sends a row's command about a name, in a mailbox of ben's own where
// it needs one.
func oracleCost(w *team, ben *talker, row *matrixRow, name string) (operations int64, answer string) {
	if strings.Contains(row.about, "there") {
		ben.ok("SELECT INBOX")
	}
	line := strings.ReplaceAll(strings.ReplaceAll(row.line, "@", name), "#", "1")
	synctest.Wait()
	before := w.Operations()
	r := ben.do("%s", line)
	operations = w.Operations() - before
	if strings.Contains(row.about, "there") {
		ben.ok("UNSELECT")
	}
	ben.ok("NOTIFY NONE")
	ben.ok("UNSUBSCRIBE %s", name)
	return operations, r.text()
}

// TestOracleLogin: names of people are not told by what is answered, nor by how
// long it takes: see also TestEnumeration in package directory.
func TestOracleLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTeam(t, "user anna", "user ben", "group sales ben")
		var first string
		for i, name := range []string{"anna", "anne", "sales", `"a b"`} {
			conn, err := w.Dial("imap", netip.AddrFrom4([4]byte{192, 0, byte(i), 1}))
			if err != nil {
				t.Fatal(err)
			}
			c := &lineClient{t: t, conn: conn, in: bufio.NewReader(conn)}
			c.line()
			start := time.Now()
			answer := c.do("LOGIN " + name + " guess")
			answer = fmt.Sprint(answer, " after ", time.Since(start))
			if first == "" {
				first = answer
			}
			if answer != first {
				t.Errorf("LOGIN %s is answered with %q, not %q", name, answer, first)
			}
			conn.Close()
		}
	})
}

// A lineClient is a client outside of bubbles.
type lineClient struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (c *lineClient) line() string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	return line
}

// do sends a command and returns the tagged answer.
func (c *lineClient) do(command string) string {
	c.t.Helper()
	if _, err := c.conn.Write([]byte("a " + command + "\r\n")); err != nil {
		c.t.Fatal(err)
	}
	for {
		if line := c.line(); strings.HasPrefix(line, "a ") {
			return line
		}
	}
}

// TestOracleTime measures what TestOracle counts: the medians of the times of
// answers, taken in turns, differ by less than a tenth. A machine that is busy
// gets five tries.
func TestOracleTime(t *testing.T) {
	if !*oracleTime {
		t.Skip("not asked for: go test ./imap -run OracleTime -oracle-time")
	}
	h, err := house.New()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	w := &team{House: h, t: t, ctx: context.Background()}
	for _, s := range []string{"user anna", "user ben", "user dora", "mailbox anna Open", "mailbox anna Open/here", "allow anna Open ben lrswikxte", "mailbox anna There"} {
		w.set("%s", s)
	}
	for range 1000 {
		w.put("anna", "There", mail.Flags{})
	}
	w.put("ben", "INBOX", mail.Flags{})
	conn, err := h.Dial("imap", netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &lineClient{t: t, conn: conn, in: bufio.NewReader(conn)}
	c.line()
	c.do("LOGIN ben secret")
	for _, pair := range [][2]string{{"Users/anna/There", "Users/anna/Where"}, {"Users/dora/INBOX", "Users/nora/INBOX"}} {
		for _, row := range matrix {
			if row.selected || !strings.Contains(row.line, "@") {
				continue
			}
			if strings.Contains(row.about, "there") {
				c.do("SELECT INBOX")
			}
			ratio := 0.0
			for range 5 {
				there, missing := c.medians(&row, pair)
				if ratio = float64(there) / float64(missing); ratio > 0.9 && ratio < 1.1 {
					break
				}
			}
			if t.Logf("%-12s %-20s %s %.3f", row.command, row.about, pair[0], ratio); ratio <= 0.9 || ratio >= 1.1 {
				t.Errorf("%s %s: the time tells %s from %s: %.3f", row.command, row.about, pair[0], pair[1], ratio)
			}
		}
	}
}

// medians sends a row's command about both names of a pair in turns.
func (c *lineClient) medians(row *matrixRow, pair [2]string) (there, missing time.Duration) {
	const samples = 300
	var times [2][]time.Duration
	for n := range samples {
		for i := range pair {
			i = (i + n) % 2
			line := strings.ReplaceAll(strings.ReplaceAll(row.line, "@", pair[i]), "#", "1")
			start := time.Now()
			c.do(line)
			times[i] = append(times[i], time.Since(start))
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	return times[0][samples/2], times[1][samples/2]
}
