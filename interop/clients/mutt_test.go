package clients

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// mutt is driven by keys on a terminal.
func mutt() client {
	return client{
		name:     "mutt",
		packages: []string{"mutt", "tmux"},
		version:  func(r *rig) string { return strings.Fields(r.run("mutt", "-v"))[1] },
		do: map[action]func(*rig){
			plain: muttPlain, secure: muttSecure, list: muttList, read: muttRead, flag: muttFlag,
			upload: muttUpload, move: muttMove, remove: muttRemove, follow: muttFollow, share: muttShare,
		},
	}
}

// mutt starts it on a mailbox of a user's, with settings over the usual ones.
func (r *rig) mutt(user, mailbox string, settings ...string) *terminal {
	r.Helper()
	rc := r.write("muttrc", `set folder = "imap://127.0.0.1:%s/"
set imap_user = %s imap_pass = %s imap_check_subscribed = no
set ssl_starttls = no ssl_force_tls = no header_cache = ""
set sleep_time = 0 confirmappend = no delete = yes move = no quit = yes wait_key = no mark_old = no
set resolve = no index_format = "%%Z %%s" pipe_decode = no timeout = 1 mail_check = 1
set charset = utf-8
%s
`, r.node.imap, user, password, strings.Join(settings, "\n"))
	return r.terminal("mutt", "-n", "-F", rc, "-f", mailbox)
}

func muttPlain(r *rig) {
	r.fill("INBOX", note("one"))
	r.mutt("anna", "=INBOX").sees("one")
	r.mutt("anna", "=INBOX", "set imap_pass = wrong").sees("failed")
}

func muttSecure(r *rig) {
	r.fill("INBOX", note("one"))
	trust := "set ssl_force_tls = yes certificate_file = " + r.node.ca
	r.mutt("anna", fmt.Sprintf("imaps://localhost:%s/INBOX", r.node.tls), trust).sees("one")
	r.mutt("anna", fmt.Sprintf("imap://localhost:%s/INBOX", r.node.imap), trust, "set ssl_starttls = yes").sees("one")
	foreign := "set ssl_force_tls = yes certificate_file = " + r.foreignCA()
	r.mutt("anna", fmt.Sprintf("imaps://localhost:%s/INBOX", r.node.tls), foreign).sees("(r)eject")
}

func muttList(r *rig) {
	t := r.mutt("anna", "=INBOX")
	t.sees("Mutt: =INBOX")
	t.keys("c", "?")
	t.sees("INBOX", "Entwürfe & Ideen", "Projects", "Sent", "Trash")
}

func muttRead(r *rig) {
	r.fill(ideas, samples()...)
	t := r.mutt("anna", "=Entwürfe & Ideen")
	t.sees("plain", "attached")
	for i, s := range samples() {
		t.keys(fmt.Sprint(i+1), "Enter")
		t.keys("|")
		t.line(fmt.Sprintf("cat >%s/out%d && touch %[1]s/done%[2]d", r.home, i))
		r.same(t.file(fmt.Sprintf("out%d", i), fmt.Sprintf("done%d", i)), sample{s.subject, s.lf()})
	}
	t.keys("2", "Enter", "Enter")
	t.sees("Grüße aus Köln, 100 € für Žofie.")
}

func muttFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	t := r.mutt("anna", "=INBOX")
	t.sees("one", "two")
	t.keys("1", "Enter", "F", "N", "$")
	r.anna.await("INBOX", "flagged and seen", func(l []message) bool { return l[0].has(`\Flagged`) && l[0].has(`\Seen`) })
	t.keys("1", "Enter", "F", "N", "$")
	r.anna.await("INBOX", "not flagged", func(l []message) bool { return len(l[0].flags) == 0 })
	r.flags("INBOX", note("two"))
}

// muttUpload copies from a Maildir.
func muttUpload(r *rig) {
	r.fill(ideas)
	dir := maildir(filepath.Join(r.home, "local"))
	for _, sub := range []string{"cur", "new", "tmp"} {
		r.mkdir(filepath.Join("local", sub))
	}
	for _, s := range samples() {
		dir.add(r, s)
	}
	t := r.mutt("anna", string(dir))
	t.sees("plain", "attached")
	t.keys("T")
	t.line("~A")
	t.keys(";", "C")
	t.keys("C-u")
	t.line("=Entwürfe\x16 &\x16 Ideen") // a space alone would complete the name
	r.anna.await(ideas, "all messages", func(l []message) bool { return len(l) == len(samples()) })
	counts := regexp.MustCompile(`(?m)^(?:Content-Length|Lines): \d+\r\n`) // that mutt puts in
	r.holdsBut(ideas, func(raw []byte) []byte { return counts.ReplaceAll(raw, nil) }, samples()...)
}

func muttMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	t := r.mutt("anna", "=INBOX")
	t.sees("one", "two", "three")
	t.keys("2", "Enter", "s", "C-u")
	t.line("=Projects/2026")
	t.keys("$")
	r.anna.await("INBOX", "two moved away", func(l []message) bool { return len(l) == 2 })
	t.keys("1", "Enter", "C", "C-u")
	t.line("=Projects/2026")
	r.anna.await("Projects/2026", "one copied", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func muttRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	t := r.mutt("anna", "=INBOX")
	t.sees("one", "two", "three")
	t.keys("2", "Enter", "d", "$")
	r.anna.await("INBOX", "two deleted", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
}

// muttFollow: the mailbox stays open, and mutt is told by IDLE.
func muttFollow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	t := r.mutt("anna", "=INBOX", "set imap_idle = yes")
	t.sees("one", "two")
	r.anna.append("INBOX", "", note("three").raw)
	t.sees("three")
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 1 +FLAGS (\Flagged)`)
	t.sees("! one")
	r.anna.do(`STORE 2 +FLAGS.SILENT (\Deleted)`)
	r.anna.do("EXPUNGE")
	t.until("want two to disappear", func() bool { return !strings.Contains(t.screen(), "two") })
}

// muttShare: mutt reads MYRIGHTS and does not try what it may not; a mailbox in
// which it may change nothing it opens read-only.
func muttShare(r *rig) {
	s := notes("one", "two")
	r.fillTeam(s...)
	t := r.mutt("ben", "="+sharedTeam)
	t.sees("one", "two")
	t.keys("1", "Enter", "d")
	t.sees("Cannot delete message")
	t.keys("1", "Enter", "F", "N", "$")
	r.anna.await(team, "flagged", func(l []message) bool { return l[0].has(`\Flagged`) })
	t.keys("2", "Enter", "C", "C-u")
	t.line("=" + sharedTeam)
	t.sees("You lack the right i")
	r.holds(team, s...)
	r.flags(team, s[0], `\Flagged`)

	r.anna.do("SETACL %q group:sales lr", team)
	t.keys("c", "C-u")
	t.line("=INBOX")
	t.sees("Mutt: =INBOX")
	t.keys("c", "C-u")
	t.line("=" + sharedTeam)
	t.sees("-%-Mutt: =" + sharedTeam)
	t.keys("2", "Enter", "F")
	t.sees("Mailbox is read-only")
	r.flags(team, s[1])
}
