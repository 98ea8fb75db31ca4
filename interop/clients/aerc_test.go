package clients

import (
	"fmt"
	"os"
	"strings"
)

// aerc is driven by its commands on a terminal.
func aerc() client {
	return client{
		name:     "aerc",
		packages: []string{"aerc", "tmux"},
		version:  func(r *rig) string { return strings.Fields(r.run("aerc", "-v"))[1] },
		do: map[action]func(*rig){
			plain: aercPlain, secure: aercSecure, list: aercList, read: aercRead, flag: aercFlag,
			upload: aercUpload, move: aercMove, remove: aercRemove, follow: aercFollow, share: aercShare,
		},
	}
}

// aerc starts it on a mailbox of the account at a URL without its password.
func (r *rig) aerc(scheme, user, pass, at, mailbox string, env ...string) *terminal {
	r.Helper()
	r.write(".config/aerc/accounts.conf", `[Test]
source = %s://%s:%s@%s
from = Anna <anna@example.org>
default = %s
postpone = Drafts
connection-timeout = 10s
`, scheme, user, pass, at, mailbox)
	r.write(".config/aerc/aerc.conf", "[ui]\nindex-format = %%Z|%%s\ndirlist-delay = 0s\n[compose]\neditor = %s\n[filters]\ntext/plain = cat\n",
		r.write("editor", "#!/bin/sh\necho written in aerc >>\"$1\"\n"))
	r.must(os.Chmod(r.home+"/editor", 0o700))
	args := append(append([]string{}, env...), "aerc")
	return r.terminal(args[0], args[1:]...)
}

// aercIn starts it without TLS.
func (r *rig) aercIn(user, mailbox string) *terminal {
	r.Helper()
	return r.aerc("imap+insecure", user, password, "127.0.0.1:"+r.node.imap, mailbox)
}

// command gives commands to aerc.
func (t *terminal) aerc(commands ...string) {
	t.r.Helper()
	for _, c := range commands {
		t.keys(":")
		t.line(c)
	}
}

func aercPlain(r *rig) {
	r.fill("INBOX", note("one"))
	r.aercIn("anna", "INBOX").sees("|one")
	r.aerc("imap+insecure", "anna", "wrong", "127.0.0.1:"+r.node.imap, "INBOX").sees("User name or password is wrong")
}

func aercSecure(r *rig) {
	r.fill("INBOX", note("one"))
	for scheme, at := range map[string]string{"imaps": "localhost:" + r.node.tls, "imap": "localhost:" + r.node.imap} {
		r.aerc(scheme, "anna", password, at, "INBOX", "SSL_CERT_FILE="+r.node.ca).sees("|one")
		r.aerc(scheme, "anna", password, at, "INBOX", "SSL_CERT_FILE="+r.foreignCA()).sees("certificate")
	}
}

func aercList(r *rig) {
	r.aercIn("anna", "INBOX").sees("INBOX", "Entwürfe & Ideen", "Projects/2026", "Sent", "Trash")
}

func aercRead(r *rig) {
	all := samples()
	r.fill(ideas, all...)
	take := r.write("take", "#!/bin/sh\ncat >%s/out$1 && touch %[1]s/done$1\n", r.home)
	r.must(os.Chmod(take, 0o700))
	t := r.aercIn("anna", "Entwürfe & Ideen")
	t.sees("|plain", "|attached")
	for i, s := range all {
		t.aerc(fmt.Sprintf("select %d", len(all)-1-i), fmt.Sprintf("pipe -b -m %s %d", take, i)) // the newest is number 0
		r.same(t.file(fmt.Sprintf("out%d", i), fmt.Sprintf("done%d", i)), s)
	}
	t.aerc(fmt.Sprintf("select %d", len(all)-2), "view")
	t.sees("Grüße aus Köln, 100 € für Žofie.")
}

func aercFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	t := r.aercIn("anna", "INBOX")
	t.sees("|one", "|two")
	t.aerc("select 1", "flag", "read")
	r.anna.await("INBOX", "flagged and seen", func(l []message) bool { return l[0].has(`\Flagged`) && l[0].has(`\Seen`) })
	t.aerc("select 1", "unflag", "unread")
	r.anna.await("INBOX", "not flagged", func(l []message) bool { return len(l[0].flags) == 0 })
	r.flags("INBOX", note("two"))
}

// aercUpload postpones a message that it composed.
func aercUpload(r *rig) {
	r.fill("Drafts")
	t := r.aercIn("anna", "INBOX")
	t.sees("Connected")
	t.aerc("compose -H 'Subject: composed' -H 'To: ben@example.org'")
	t.sees("Send this email?")
	t.aerc("postpone")
	l := r.anna.await("Drafts", "the draft", func(l []message) bool { return len(l) == 1 })
	if !l[0].has(`\Seen`) || l[0].subject() != "composed" || !strings.Contains(string(l[0].raw), "\r\nwritten in aerc\r\n") {
		r.Errorf("the draft has the flags %v and is\n%s", l[0].flags, l[0].raw)
	}
}

func aercMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	t := r.aercIn("anna", "INBOX")
	t.sees("|one", "|two", "|three")
	t.aerc("select 1", "mv Projects/2026")
	r.anna.await("INBOX", "two moved away", func(l []message) bool { return len(l) == 2 })
	t.aerc("select 1", "cp Projects/2026")
	r.anna.await("Projects/2026", "one copied", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func aercRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	t := r.aercIn("anna", "INBOX")
	t.sees("|one", "|two", "|three")
	t.aerc("select 1", "delete")
	r.anna.await("INBOX", "two deleted", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
}

// aercFollow: aerc is told by IDLE.
func aercFollow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	t := r.aercIn("anna", "INBOX")
	t.sees("|one", "|two")
	r.anna.append("INBOX", "", note("three").raw)
	t.sees("|three")
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 1 +FLAGS (\Flagged)`)
	t.sees("!|one")
	r.anna.do(`STORE 2 +FLAGS.SILENT (\Deleted)`)
	r.anna.do("EXPUNGE")
	t.until("want two to disappear", func() bool { return !strings.Contains(t.screen(), "|two") })
}

func aercShare(r *rig) {
	s := notes("one", "two")
	r.fillTeam(s...)
	t := r.aercIn("ben", sharedTeam)
	t.sees("|one", "|two")
	t.aerc("select 1", "flag")
	r.anna.await(team, "flagged", func(l []message) bool { return l[0].has(`\Flagged`) })
	t.aerc("select 0", "delete")
	t.sees("You lack the right t")
	t.aerc("cp " + sharedTeam)
	t.sees("You lack the right i")
	r.holds(team, s...)
	r.flags(team, s[0], `\Flagged`)
}
