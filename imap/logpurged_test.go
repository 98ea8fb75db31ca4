package imap_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"poststube/mail"
)

// TestLogPurgedUnderSession: a session that has not looked for so long that
// neither memory nor the change log reach back hears the same as one that has.
// testdata/log-purged.txt is about clients that come back.
func TestLogPurgedUnderSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTeam(t, "user anna")
		for range 5 {
			w.put("anna", "INBOX", mail.Flags{})
		}
		qresync, plain, other := w.talk("anna"), w.talk("anna"), w.talk("anna")
		qresync.ok("ENABLE QRESYNC")
		for _, c := range []*talker{qresync, plain, other} {
			c.ok("SELECT INBOX")
		}
		other.ok(`STORE 2,4 +FLAGS.SILENT (\Deleted)`)
		other.ok("EXPUNGE")
		other.ok(`STORE 1 +FLAGS.SILENT (\Flagged)`)
		w.put("anna", "INBOX", mail.Flags{})
		w.put("anna", "INBOX", mail.Flags{})
		other.ok("NOOP")
		other.ok(`UID STORE 7 +FLAGS.SILENT (\Deleted)`)
		other.ok("EXPUNGE")
		for range 100 { // more than is kept in memory
			other.ok(`UID STORE 5 FLAGS.SILENT (\Answered)`)
			other.ok(`UID STORE 5 FLAGS.SILENT (\Draft)`)
		}
		<-time.After(time.Second)
		w.set("purge")
		expected := map[*talker][]string{
			qresync: {"* VANISHED 2,4", "* 4 EXISTS", "* 1 FETCH (UID 1 FLAGS (\\Flagged", "* 3 FETCH (UID 5 FLAGS (\\Draft"},
			plain:   {"* 4 EXPUNGE", "* 2 EXPUNGE", "* 4 EXISTS", "* 1 FETCH (FLAGS (\\Flagged", "* 3 FETCH (FLAGS (\\Draft"},
		}
		for c, lines := range expected {
			got := c.ok("NOOP")
			for _, line := range lines {
				if !slices.ContainsFunc(got.lines, func(s string) bool { return strings.HasPrefix(s, line) }) {
					t.Errorf("no %q among\n%s", line, strings.Join(got.lines, "\n"))
				}
			}
			if again := c.ok("NOOP"); len(again.lines) > 0 {
				t.Errorf("told twice: %s", strings.Join(again.lines, "\n"))
			}
			if got := c.ok("UID SEARCH ALL").lines; !slices.Contains(got, "* SEARCH 1 3 5 6") {
				t.Errorf("there is %v", got)
			}
		}
	})
}
