package imap_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/mail"
)

// TestNotifyOverflow: 500 mailboxes of a session are watched for messages, and no
// more (RFC 5465 sections 3.1 and 5.8).
func TestNotifyOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTeam(t, "user anna")
		create := func(n int) {
			if _, err := w.owner("anna").Create(w.ctx, fmt.Sprintf("Many/%03d", n), nil); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 501 {
			create(n)
		}
		c := w.talk("anna")
		const subtree = "NOTIFY SET (subtree Many (MessageNew MessageExpunge MailboxName))"
		if r := c.do(subtree); r.code() != "NO [NOTIFICATIONOVERFLOW]" {
			t.Errorf("501 mailboxes and their parent: %s", r.text())
		}
		if err := w.owner("anna").Rename(w.ctx, "Many/500", "Other"); err != nil {
			t.Fatal(err)
		}
		c.ok("DELETE Many/499")
		c.ok(subtree)
		w.put("anna", "Many/007", mail.Flags{})
		synctest.Wait()
		if lines := c.take(); len(lines) != 1 || !strings.HasPrefix(lines[0], "* STATUS Many/007 ") {
			t.Errorf("a message: %q", lines)
		}
		create(499)
		synctest.Wait()
		lines := c.take()
		if n := len(lines); n == 0 || !strings.HasPrefix(lines[n-1], "* OK [NOTIFICATIONOVERFLOW] ") {
			t.Errorf("one mailbox too many: %q", lines)
		}
		w.put("anna", "Many/008", mail.Flags{})
		create(600)
		if r := c.ok("NOOP"); len(r.lines) > 0 {
			t.Errorf("told after the overflow: %q", r.lines)
		}
		names := strings.Repeat("X ", 500) + "X"
		if r := c.do("NOTIFY SET (mailboxes (%s) (MailboxName))", names); r.code() != "NO [NOTIFICATIONOVERFLOW]" {
			t.Errorf("501 names: %s", r.text())
		}
	})
}

// TestMetadataTooLarge: RFC 5464 section 4.3.
func TestMetadataTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTeam(t, "user anna")
		c := w.talk("anna")
		set := func(octets int) reply {
			return c.do("SETMETADATA INBOX (/private/vendor/x/y {%d+}\r\n%s)", octets, strings.Repeat("x", octets))
		}
		if r := set(mail.MaxMetadataValue); r.code() != "OK" {
			t.Errorf("the largest: %s", r.text())
		}
		if r := set(mail.MaxMetadataValue + 1); !strings.HasPrefix(r.end, "NO [METADATA MAXSIZE 65536] ") {
			t.Errorf("too large: %s", r.text())
		}
		r := c.ok("GETMETADATA (MAXSIZE 100) INBOX /private/vendor/x/y")
		if !strings.HasPrefix(r.end, "OK [METADATA LONGENTRIES 65536] ") {
			t.Errorf("the old one is gone: %s", r.text())
		}
	})
}
