package moving

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"poststube/admin"
	"poststube/imapclient"
)

// fakeIMAP serves one connection after the other: each command is answered with
// what answers has for it, without the tag, or with OK.
func fakeIMAP(t *testing.T, capability string, answers map[string]string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serveFake(c, capability, answers)
			c.Close()
		}
	}()
	return l.Addr().String()
}

func serveFake(c net.Conn, capability string, answers map[string]string) {
	fmt.Fprint(c, "* OK hello\r\n")
	selected := ""
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		if name, ok := strings.CutPrefix(command, "EXAMINE "); ok {
			selected = name
		}
		if strings.HasPrefix(command, "UID FETCH") || strings.HasPrefix(command, "GETACL") {
			command = selected + " " + command
		}
		text, ok := answers[command]
		switch {
		case command == "CAPABILITY":
			fmt.Fprintf(c, "* CAPABILITY IMAP4rev1 %s\r\n", capability)
		case ok:
			for line := range strings.SplitSeq(text, "\n") {
				if strings.HasPrefix(line, "NO") {
					fmt.Fprintf(c, "%s %s\r\n", tag, line)
					ok = false
					break
				}
				fmt.Fprintf(c, "%s\r\n", line)
			}
			if !ok {
				continue
			}
		}
		fmt.Fprintf(c, "%s OK\r\n", tag)
	}
}

const items = " (UID FLAGS INTERNALDATE BODY.PEEK[])"

func fetched(uid int, body string) string {
	return fmt.Sprintf("* 1 FETCH (UID %d FLAGS (\\Seen \\Recent) INTERNALDATE \" 1-Feb-2020 10:00:00 +0000\" BODY[] {%d}\n%s)", uid, len(body), body)
}

// TestGmail: labels are mailboxes, "All Mail" brings only what has none, and
// what merely shows others is left out. A damaged message costs itself alone.
func TestGmail(t *testing.T) {
	addr := fakeIMAP(t, "AUTH=PLAIN SASL-IR X-GM-EXT-1 SPECIAL-USE LIST-EXTENDED ACL", map[string]string{
		`LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE)`: `* LIST (\Noselect) "/" "[Gmail]"` + "\n" + `* LIST (\All) "/" "[Gmail]/All Mail"` + "\n" +
			`* LIST (\Flagged) "/" "[Gmail]/Starred"` + "\n" + `* LIST (\Subscribed) "/" INBOX` + "\n" + `* LIST (\Sent) "/" "[Gmail]/Sent Mail"` + "\n" + `* LIST () "/" Shut`,
		`STATUS "INBOX" (MESSAGES)`:                          "* STATUS INBOX (MESSAGES 2)",
		`EXAMINE "INBOX"`:                                    "* 2 EXISTS\n* OK [UIDVALIDITY 5] x\n* OK [UIDNEXT 10] x",
		`"INBOX" UID FETCH 1:* (UID X-GM-MSGID)`:             "* 1 FETCH (X-GM-MSGID 100 UID 3)\n* 2 FETCH (X-GM-MSGID 101 UID 4)",
		`"INBOX" UID FETCH 3:4` + items:                      fetched(3, "one") + "\nNO damaged",
		`"INBOX" UID FETCH 4` + items:                        "NO damaged",
		`"INBOX" GETACL "INBOX"`:                             "* ACL INBOX ben lr anna@gmail.com lrswipkxtea",
		`EXAMINE "Shut"`:                                     "NO not yours",
		`EXAMINE "[Gmail]/Sent Mail"`:                        "* 1 EXISTS\n* OK [UIDVALIDITY 6] x",
		`"[Gmail]/Sent Mail" UID FETCH 1:* (UID X-GM-MSGID)`: "* 1 FETCH (X-GM-MSGID 100 UID 1)",
		`"[Gmail]/Sent Mail" UID FETCH 1` + items:            fetched(1, "one"),
		`EXAMINE "[Gmail]/All Mail"`:                         "* 3 EXISTS\n* OK [UIDVALIDITY 7] x",
		`"[Gmail]/All Mail" UID FETCH 1:* (UID X-GM-MSGID)`:  "* 1 FETCH (X-GM-MSGID 100 UID 1)\n* 2 FETCH (X-GM-MSGID 101 UID 2)\n* 3 FETCH (X-GM-MSGID 102 UID 9)",
		`"[Gmail]/All Mail" UID FETCH 9` + items:             fetched(9, "archived"),
	})
	s := newService(t)
	src, err := OpenIMAP(t.Context(), IMAPAccount{Host: addr, User: "anna@gmail.com", Password: "x", Security: imapclient.Plain})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Import(t.Context(), s, src, Options{Owner: "anna"})
	if err = errors.Join(err, src.Close()); err != nil {
		t.Fatal(err)
	}
	there := boxes(t, s)
	for name, messages := range map[string]uint32{"INBOX": 1, "[Gmail]/Sent Mail": 1, "[Gmail]/All Mail": 1} {
		if b, ok := there[name]; !ok || b.Messages != messages {
			t.Errorf("%s: %+v", name, b)
		}
	}
	if b := there["INBOX"]; b.UIDValidity != 5 || b.UIDNext != 10 || b.Unseen != 0 {
		t.Errorf("INBOX: %+v", b)
	}
	if uses := there["[Gmail]/Sent Mail"].SpecialUse; len(uses) != 1 || uses[0] != `\Sent` {
		t.Errorf("Sent Mail is for %q", uses)
	}
	for _, want := range []string{"INBOX/UID 4: the server refuses UID FETCH: damaged", "Starred/: left out", "Shut/: the server refuses EXAMINE: not yours"} {
		if !strings.Contains(problems(r), want) {
			t.Errorf("%q is not reported:\n%s", want, problems(r))
		}
	}
	if len(r.Problems) != 3 || r.Messages != 3 {
		t.Errorf("%d messages, problems:\n%s", r.Messages, problems(r))
	}
	acl, err := s.ACL(t.Context(), admin.Place{Owner: "anna", Path: "INBOX"})
	if err != nil || len(acl) == 0 || acl[0].Identifier != "ben" && acl[len(acl)-1].Identifier != "ben" {
		t.Errorf("rights %+v, %v", acl, err)
	}
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct {
		host     string
		security imapclient.Security
		want     string
	}{
		{"imap.example.org", imapclient.ImplicitTLS, "imap.example.org:993"},
		{"imap.example.org", imapclient.StartTLS, "imap.example.org:143"},
		{"imap.example.org:1143", imapclient.Plain, "imap.example.org:1143"},
		{"::1", imapclient.Plain, "[::1]:143"},
	} {
		if got := (&IMAPAccount{Host: tt.host, Security: tt.security}).Address(); got != tt.want {
			t.Errorf("%s: %s, wanted %s", tt.host, got, tt.want)
		}
	}
}
