package clients

import (
	"fmt"
	"regexp"
	"strings"
)

// alpine is driven by keys on a terminal.
func alpine() client {
	return client{
		name:     "alpine",
		packages: []string{"alpine", "tmux"},
		version: func(r *rig) string {
			return regexp.MustCompile(`Alpine ([\d.]+)`).FindStringSubmatch(r.run("alpine", "-v"))[1]
		},
		do: map[action]func(*rig){
			plain: alpinePlain, secure: alpineSecure, list: alpineList, read: alpineRead, flag: alpineFlag,
			upload: alpineUpload, move: alpineMove, remove: alpineRemove, follow: alpineFollow, share: alpineShare,
		},
	}
}

// alpine starts it on a folder of the account at where, such as
// "127.0.0.1:143/user=anna/notls", and types the password.
func (r *rig) alpine(where, folder, pass string, env ...string) *terminal {
	r.Helper()
	rc := r.write("pinerc", `personal-name=Anna
user-domain=example.org
last-version-used=7.00
inbox-path={%[1]s}INBOX
folder-collections="Mail" {%[1]s}[]
default-fcc=
postponed-folder=
feature-list=disable-password-file-saving,disable-password-caching,enable-aggregate-command-set,enable-unix-pipe-command,enable-full-header-cmd,enable-flag-cmd,enable-jump-shortcut,quit-without-confirm,expunge-without-confirm,expunge-without-confirm-everywhere
index-format=STATUS MSGNO SUBJECT
mail-check-interval=15
`, where)
	if !strings.HasPrefix(folder, "/") {
		folder = "{" + where + "}" + folder
	}
	args := append(append([]string{}, env...), "alpine", "-p", rc, "-i", "-f", folder)
	t := r.terminal(args[0], args[1:]...)
	if !strings.HasPrefix(folder, "/") {
		t.sees("ENTER PASSWORD")
		t.line(pass)
	}
	return t
}

// alpineIn starts it with TLS: without, it warns for three seconds.
func (r *rig) alpineIn(user, folder string) *terminal {
	r.Helper()
	return r.alpine(fmt.Sprintf("localhost:%s/user=%s/ssl", r.node.tls, user), folder, password, "SSL_CERT_FILE="+r.node.ca)
}

// pipe hands the current message as it is to a shell command of the client's
// home, and returns when that has ended.
func (t *terminal) alpinePipe(command string, i int) []byte {
	t.r.Helper()
	t.keys("|")
	if screen := t.sees("Pipe ", " to "); !strings.Contains(screen, "Pipe RAW") {
		t.keys("C-w")
		t.sees("Pipe RAW")
	}
	t.keys("C-a", "C-k") // the command before
	t.line(fmt.Sprintf("%s >%s/out%d && touch %[2]s/done%[3]d", command, t.r.home, i))
	return t.file(fmt.Sprintf("out%d", i), fmt.Sprintf("done%d", i))
}

func alpinePlain(r *rig) {
	r.fill("INBOX", note("one"))
	where := fmt.Sprintf("127.0.0.1:%s/user=anna/notls", r.node.imap)
	r.alpine(where, "INBOX", password).sees("1 one")
	r.alpine(where, "INBOX", "wrong").sees("User name or password is wrong")
}

func alpineSecure(r *rig) {
	r.fill("INBOX", note("one"))
	for _, where := range []string{
		fmt.Sprintf("localhost:%s/user=anna/ssl", r.node.tls),
		fmt.Sprintf("localhost:%s/user=anna/tls", r.node.imap),
	} {
		r.alpine(where, "INBOX", password, "SSL_CERT_FILE="+r.node.ca).sees("1 one")
	}
	rc := r.write("pinerc", "last-version-used=7.00\ninbox-path={localhost:%s/user=anna/ssl}INBOX\n", r.node.tls)
	r.terminal("SSL_CERT_FILE="+r.foreignCA(), "alpine", "-p", rc, "-i").sees("There was a failure validating the SSL/TLS certificate")
}

func alpineList(r *rig) {
	t := r.alpineIn("anna", "INBOX")
	t.sees("Folder: INBOX")
	t.keys("L")
	t.sees("Entwürfe & Ideen", "Projects", "Sent", "Trash")
}

func alpineRead(r *rig) {
	r.fill(ideas, samples()...)
	t := r.alpineIn("anna", "Entwürfe & Ideen")
	t.sees("1 plain", "7 attached")
	for i, s := range samples() {
		t.keys(fmt.Sprint(i+1), "Enter")
		r.same(t.alpinePipe("cat", i), sample{s.subject, s.lf()})
	}
	t.keys("2", "Enter", "Enter")
	t.sees("Grüße aus Köln, 100 € für Žofie.")
}

func alpineFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	t := r.alpineIn("anna", "INBOX")
	t.sees("1 one", "2 two")
	t.keys("1", "Enter", "*", "*", "Enter")
	r.anna.await("INBOX", "flagged", func(l []message) bool { return l[0].has(`\Flagged`) })
	t.keys("*", "!", "*", "Enter")
	r.anna.await("INBOX", "not flagged", func(l []message) bool { return !l[0].has(`\Flagged`) })
	t.keys("*", "a", "Enter")
	r.anna.await("INBOX", "answered", func(l []message) bool { return l[0].has(`\Answered`) })
	r.flags("INBOX", note("two"))
}

// alpineUpload saves all messages of a local mbox.
func alpineUpload(r *rig) {
	r.fill("Projects/2026")
	var mbox strings.Builder
	for _, s := range samples() {
		fmt.Fprintf(&mbox, "From ben@example.org Mon Nov  2 10:11:12 2026\n%s\n", strings.ReplaceAll(string(s.lf()), "\nFrom ", "\n>From "))
	}
	t := r.alpine(fmt.Sprintf("127.0.0.1:%s/user=anna/notls", r.node.imap), r.write("local", "%s", mbox.String()), password)
	t.sees("1 plain", "7 attached")
	t.keys(";", "a")
	t.keys("A", "s")
	t.sees("SAVE")
	t.keys("C-u")
	t.line("Projects/2026")
	t.sees("ENTER PASSWORD")
	t.line(password)
	r.anna.await("Projects/2026", "all messages", func(l []message) bool { return len(l) == len(samples()) })
	r.holdsBut("Projects/2026", boxed, samples()...)
}

func alpineMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	t := r.alpineIn("anna", "INBOX")
	t.sees("1 one", "2 two", "3 three")
	t.keys("2", "Enter", "S")
	t.sees("SAVE Msg #2")
	t.keys("C-u")
	t.line("Projects/2026")
	r.anna.await("Projects/2026", "two saved", func(l []message) bool { return len(l) == 1 })
	t.keys("X") // saving has marked it as deleted
	r.anna.await("INBOX", "two moved away", func(l []message) bool { return len(l) == 2 })
	t.keys("1", "Enter", "S")
	t.sees("SAVE Msg #1", "No Delete")
	t.keys("C-u", "C-r")
	t.line("Projects/2026")
	r.anna.await("Projects/2026", "one copied", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func alpineRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	t := r.alpineIn("anna", "INBOX")
	t.sees("1 one", "2 two", "3 three")
	t.keys("2", "Enter", "D", "X")
	r.anna.await("INBOX", "two deleted", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
}

// alpineFollow: C-l makes it look for new mail at once.
func alpineFollow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	t := r.alpineIn("anna", "INBOX")
	t.sees("1 one", "2 two")
	r.anna.append("INBOX", "", note("three").raw)
	t.keys("C-l")
	t.sees("3 three")
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 2 +FLAGS.SILENT (\Deleted)`)
	r.anna.do("EXPUNGE")
	t.keys("C-l")
	t.sees("1 one", "2 three")
}

func alpineShare(r *rig) {
	s := notes("one", "two")
	r.fillTeam(s...)
	t := r.alpineIn("ben", sharedTeam)
	t.sees("1 one", "2 two")
	t.keys("1", "Enter", "*", "*", "Enter")
	r.anna.await(team, "flagged", func(l []message) bool { return l[0].has(`\Flagged`) })
	t.keys("2", "Enter", "D", "X")
	t.sees("You lack the right")
	r.holds(team, s...)
	r.flags(team, s[0], `\Flagged`)
	r.flags(team, s[1])
}
